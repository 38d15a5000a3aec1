# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import re
from pathlib import Path

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools.translate import LazyGettext

from ..models import mailbox_errors, trace

I18N = Path(__file__).parents[1] / "i18n"
TEMPLATE = I18N / "helpdesk_mailflow.pot"
LANGUAGES = sorted(I18N.glob("*.po"))
#: %(name)s, %s and %%; and the tags of a view, which a translation keeps as they are.
PLACEHOLDER = re.compile(r"%\(\w+\)[a-zA-Z]|%[a-zA-Z%]")
TAG = re.compile(r"</?([\w-]+)")
#: What is for the reader to fill in, like <selector>: words to translate, no tag.
FILL_IN = re.compile(r"<[^<>]+>")
ABSOLUTE_PATH = re.compile(r"(?<![\w<./])/(?:\w[\w.-]*/)+\w")


def entries(path):
    return [entry for entry in polib.pofile(str(path)) if not entry.obsolete]


def sentences(module):
    """The texts of each table of translatable sentences of a module."""
    tables = [each for each in vars(module).values() if isinstance(each, dict)]
    return [
        text._source for table in tables for text in table.values() if isinstance(text, LazyGettext)
    ]


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    """The template has what is said, and each language says the same."""

    def test_each_language_keeps_placeholders_and_tags(self):
        self.assertTrue(LANGUAGES)
        for path in LANGUAGES:
            for entry in entries(path):
                if not entry.msgstr:
                    continue
                fill_in = FILL_IN.fullmatch(entry.msgid) and FILL_IN.fullmatch(entry.msgstr)
                with self.subTest(language=path.stem, msgid=entry.msgid):
                    for pattern in (PLACEHOLDER,) if fill_in else (PLACEHOLDER, TAG):
                        self.assertEqual(
                            sorted(pattern.findall(entry.msgstr)),
                            sorted(pattern.findall(entry.msgid)),
                        )

    def test_each_language_is_written_for_this_template(self):
        known = {entry.msgid for entry in entries(TEMPLATE)}
        for path in LANGUAGES:
            with self.subTest(language=path.stem):
                self.assertEqual({entry.msgid for entry in entries(path)} - known, set())

    def test_german_is_complete(self):
        german = {entry.msgid: entry for entry in entries(I18N / "de.po")}
        for entry in entries(TEMPLATE):
            with self.subTest(msgid=entry.msgid):
                self.assertIn(entry.msgid, german)
                self.assertTrue(german[entry.msgid].msgstr)
                self.assertFalse(german[entry.msgid].fuzzy)

    def test_each_sentence_is_in_the_template(self):
        known = {entry.msgid for entry in entries(TEMPLATE)}
        for module, fewest in ((trace, 80), (mailbox_errors, 30)):
            found = sentences(module)
            self.assertGreater(len(found), fewest)
            with self.subTest(module=module.__name__):
                self.assertEqual([text for text in found if text not in known], [])

    def test_the_words_of_the_web_client_are_in_the_template(self):
        known = {
            entry.msgid
            for entry in entries(TEMPLATE)
            if any("/static/src/" in where for where, _line in entry.occurrences)
        }
        source = "".join(path.read_text() for path in I18N.parent.glob("static/src/**/*.js"))
        found = re.findall(r'_t\(\s*"((?:[^"\\]|\\.)*)"', source)
        self.assertTrue(found)
        self.assertEqual([text for text in found if text.replace("\\n", "\n") not in known], [])

    def test_no_file_names_a_place_outside_of_the_addon(self):
        for path in [TEMPLATE, *LANGUAGES]:
            with self.subTest(file=path.name):
                places = {
                    where.removeprefix("code:")
                    for entry in entries(path)
                    for where, _line in entry.occurrences
                    if where.startswith("code:")
                }
                self.assertTrue(places)
                outside = [
                    each for each in places if not each.startswith("addons/helpdesk_mailflow/")
                ]
                self.assertEqual(outside, [])
                comments = "".join(re.findall(r"^#.*$", path.read_text(), re.MULTILINE))
                self.assertIsNone(ABSOLUTE_PATH.search(comments))

    def test_a_trace_reads_in_german(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.env["ir.module.module"]._load_module_terms(["helpdesk_mailflow"], ["de_DE"])
        mail = self.env["helpdesk.incoming.mail"].new(
            {
                "trace": [
                    {"step": "decide", "code": "decide_ticket", "values": {}},
                    {"step": "act", "code": "act_ticket", "values": {"ticket": "HT00042"}},
                ]
            }
        )
        german = mail.with_context(lang="de_DE")
        self.assertEqual(german.why, "Die Mail eröffnet ein Ticket. Ticket HT00042 wurde angelegt.")
        self.assertIn("Entschieden", german.trace_html)
        self.assertEqual(
            mail.with_context(lang="en_US").why, "It opens a ticket. Ticket HT00042 was made."
        )
        view = (
            self.env["helpdesk.support.alias"].with_context(lang="de_DE").get_view(view_type="form")
        )
        self.assertIn("Annahme ausschalten", view["arch"])
