# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The situations in ``situations/*.yaml``: each is a test of its own, under its own name.

How to add one is written in ``situations/README.md``.
"""

from collections import defaultdict

from odoo.tests import BaseCase, tagged

from .situation_check import SituationCase, method_name
from .situation_file import FOLDER, GIVEN, THEN, read_folder, read_text, vocabulary
from .situation_world import ORDER

SITUATIONS, PROBLEMS = read_folder()
MINIMUM = 150


def _test(situation):
    def test(self):
        self.run_situation(situation)

    test.__doc__ = situation.name
    return test


def _classes():
    """One class per file, with a method per situation."""
    by_file = defaultdict(dict)
    for each in SITUATIONS:
        by_file[each.file][f"test_{each.slug}"] = _test(each)
    for file, methods in by_file.items():
        name = "TestSituations" + "".join(part.capitalize() for part in file.split("_"))
        yield name, type(name, (SituationCase,), {"__module__": __name__, **methods})


globals().update(_classes())


@tagged("post_install", "-at_install")
class TestSituationFiles(BaseCase):
    """What is said to who writes a situation."""

    def wrong(self, text):
        situations, problems = read_text(text, "x.yaml")
        self.assertFalse(situations)
        return "\n".join(problems)

    def test_all_files_are_understood(self):
        self.assertEqual(PROBLEMS, [], "\n".join(PROBLEMS))

    def test_the_guide_knows_all_words(self):
        guide = (FOLDER / "README.md").read_text(encoding="utf-8")
        self.assertEqual([each for each in sorted(vocabulary()) if f"`{each}`" not in guide], [])

    def test_each_word_does_something(self):
        lost = [each for each in GIVEN.of if each not in ORDER]
        lost += [each for each in THEN.of if not hasattr(SituationCase, method_name(each))]
        self.assertEqual(lost, [])

    def test_there_are_enough(self):
        self.assertGreater(len(SITUATIONS), MINIMUM)

    def test_an_unknown_word_is_named_with_its_situation_and_the_known_ones(self):
        told = self.wrong("- {name: A, mail: {form: x}, then: {outcome: ticket}}")
        self.assertIn("x.yaml, “A” > mail: there is no word 'form' here, but ", told)
        self.assertIn("“from”", told)

    def test_a_word_that_stands_twice_is_told(self):
        told = self.wrong("- name: A\n  mail: {}\n  mail: {}\n  then: {outcome: ticket}\n")
        self.assertIn("line 3: 'mail' stands here twice", told)

    def test_an_unknown_value_is_told(self):
        told = self.wrong("- {name: A, mail: {}, then: {outcome: tickets}}")
        self.assertIn("“A” > then > outcome: 'tickets' is none of ", told)
        told = self.wrong("- {name: A, mail: {}, then: {outcome: reply, reopened: maybe}}")
        self.assertIn("“A” > then > reopened: has to be yes or no, not 'maybe'", told)
        told = self.wrong("- {name: A, mail: {}, then: {outcome: reply, tickets made: one}}")
        self.assertIn("“A” > then > tickets made: has to be a number, not 'one'", told)

    def test_what_is_missing_is_told(self):
        self.assertIn("“A”: 'then' is missing", self.wrong("- {name: A, mail: {}}"))
        self.assertIn("x.yaml, situation 1: 'name' is missing", self.wrong("- {mail: {}}"))

    def test_no_type_is_guessed(self):
        text = "- {name: A, mail: {subject: no, date: 2026-03-03}, then: {outcome: ticket}}"
        (situation,), problems = read_text(text, "x.yaml")
        self.assertEqual(problems, [])
        self.assertEqual(situation.mail, {"subject": "no", "date": "2026-03-03"})

    def test_a_mail_may_be_like_that_of_another_situation(self):
        text = "- {name: A, mail: {cc: x, to: y}, then: {outcome: ticket}}\n"
        text += "- {name: B, mail: {like: A, to: z}, then: {outcome: ticket}}\n"
        (_first, second), problems = read_text(text, "x.yaml")
        self.assertEqual(problems, [])
        self.assertEqual(second.mail, {"cc": "x", "to": "z"})
        told = self.wrong("- {name: A, mail: {like: B}, then: {outcome: ticket}}")
        self.assertIn("like: no situation of this file with a whole mail is called 'B'", told)

    def test_a_file_that_is_no_list_is_told(self):
        self.assertIn("x.yaml: has to be a list of situations", self.wrong("name: A"))
        self.assertIn("x.yaml: ", self.wrong("- {name: A"))
