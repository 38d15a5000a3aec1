# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import ast
import re
from pathlib import Path

from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..mailflow import errors
from ..mailflow.errors import MailboxError
from ..mailflow.mail import Limits, read
from ..models import domain_check_sentences, mailbox_errors, trace

ADDON = Path(__file__).parents[1]
#: Their codes are those of errors, which have sentences of their own.
ERRORS = ("errors.py", "wire.py", "oauth_refusal.py", "mailbox_errors.py")
#: The notes of the set-up check are about a domain; models/domain_check_sentences.py.
DOMAIN_CHECK = ("dns_lookup.py", "spf_advice.py", "dkim.py", "dmarc.py", "domain_check.py")
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def literal(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def sources(*names):
    """The sources of the engine and the models: these, or all but those with other sentences."""
    paths = sorted([*ADDON.glob("mailflow/*.py"), *ADDON.glob("models/*.py")])
    if names:
        return [path for path in paths if path.name in names]
    return [path for path in paths if path.name not in ERRORS + DOMAIN_CHECK]


def notes_in_source(paths):
    """Each note that sources leave: (code, names of its values or None, where)."""
    for path in paths:
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            where = f"{path.name}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
                owner = getattr(getattr(node.func, "value", None), "id", None)
                if name not in ("note", "odd") and (owner, name) != ("odd", "add"):
                    continue
                choice = node.args[0]
                either = (
                    (choice.body, choice.orelse) if isinstance(choice, ast.IfExp) else (choice,)
                )
                for code in filter(None, map(literal, either)):
                    whole = name == "note" and all(word.arg for word in node.keywords)
                    yield code, {word.arg for word in node.keywords} if whole else None, where
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "code":
                for each in ast.walk(node.value):
                    if literal(each):
                        yield literal(each), None, where
            elif isinstance(node, ast.Tuple) and len(node.elts) == 2:
                code, values = literal(node.elts[0]), node.elts[1]
                if code and code.startswith("stored_") and isinstance(values, ast.Dict):
                    # the doors add the size
                    yield code, {literal(key) for key in values.keys} | {"size"}, where


@tagged("post_install", "-at_install")
class TestTrace(TransactionCase):
    """Each code has its sentence, and each sentence its values."""

    def test_every_note_has_a_sentence_that_fits_its_values(self):
        for table, paths, least in (
            (trace.SENTENCES, sources(), 80),
            (domain_check_sentences.SENTENCES, sources(*DOMAIN_CHECK), 50),
        ):
            found = list(notes_in_source(paths))
            self.assertGreater(len(found), least)
            for code, values, where in found:
                with self.subTest(code=code, where=where):
                    self.assertIn(code, table)
                    if values is not None:
                        wanted = set(PLACEHOLDER.findall(table[code]._source))
                        self.assertLessEqual(wanted, values)

    def test_every_sentence_is_used(self):
        text = "".join(
            path.read_text()
            for path in [*ADDON.glob("mailflow/*.py"), *ADDON.glob("models/*.py")]
            if path.name not in ("trace.py", "domain_check_sentences.py")
        )
        codes = [*trace.SENTENCES, *domain_check_sentences.SENTENCES]
        unused = [code for code in codes if f'"{code}"' not in text]
        self.assertEqual(unused, [])

    def test_every_sentence_can_be_said(self):
        for code, text in trace.SENTENCES.items():
            with self.subTest(code=code):
                values = dict.fromkeys(PLACEHOLDER.findall(text._source), "x")
                said = trace.sentence(self.env, code, values)
                self.assertNotIn("%(", said)
                self.assertRegex(said[-1], r"[.:”)x]")

    def test_what_reading_notes_can_be_said(self):
        part = b"--b\nContent-Type: text/plain; charset=nonsense\n\nx\xff\n"
        raws = (
            b"",
            b"\x00\xff",
            b"Subject: " + b"x" * 5000 + b"\n\nx",
            b"Date: yesterday\nMessage-ID: bad id\nFrom: \n\n\x00",
            b"Content-Type: multipart/mixed\n\nx",
            b'Content-Type: multipart/mixed; boundary="b"\n\n' + part * 9,
            b"Content-Transfer-Encoding: base64\nContent-Type: image/png\n\n=!=x",
            b"Content-Transfer-Encoding: odd\n\nx",
            b"X-Long: " + b"y" * 300000 + b"\n\nx",
        )
        codes = set()
        for raw in raws:
            for note in read(raw, Limits(parts=5, attachments=2)).notes:
                codes.add(note.code)
                with self.subTest(note=note):
                    said = trace.sentence(self.env, note.code, dict(note.values))
                    self.assertNotRegex(said, r"%\(|\{|=")
        self.assertGreater(len(codes), 8, codes)

    @mute_logger("odoo.addons.helpdesk_mailflow.models.trace")
    def test_an_unknown_code_is_shown_as_it_is(self):
        said = trace.sentence(self.env, "from_a_newer_version", {"what": "x"})
        self.assertEqual(said, "from_a_newer_version what=x")
        self.assertIn("{'other': 'x'}", trace.sentence(self.env, "decide_reply", {"other": "x"}))

    def test_steps_have_titles(self):
        self.assertEqual(
            set(trace.STEPS), {"store", "read", "judge", "decide", "act", "mailbox", "person"}
        )

    def test_errors_of_a_mailbox_are_the_engine_s(self):
        self.assertEqual(set(mailbox_errors.SENTENCES), set(errors.SENTENCES))
        for code, english in errors.SENTENCES.items():
            with self.subTest(code=code):
                translatable = mailbox_errors.SENTENCES[code]._source
                self.assertEqual(PLACEHOLDER.sub(r"{\1}", translatable), english)

    def test_an_error_of_a_mailbox_is_said_in_the_user_s_words(self):
        error = errors.NameNotFound(host="imap.nowhere.example")
        self.assertIsInstance(error, MailboxError)
        self.assertEqual(mailbox_errors.sentence(self.env, error), str(error))
        self.assertIn("“imap.nowhere.example” was not found", str(error))
