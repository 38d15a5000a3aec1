# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Mails that go into other mails."""

import email
import email.policy
from datetime import datetime, timezone
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest

from mailflow.mail import read
from mailflow.rebuild import File, is_attachable, rebuild

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
DATE = datetime(2026, 3, 3, 9, 30, tzinfo=timezone.utc)
HEADERS = [
    ("From", '"Märta, Lindqvist" <marta@acorn-tests.example>'),
    ("To", "support@mailflow.test"),
    ("Cc", ""),
    ("Subject", "Der Drücker brennt"),
    ("Message-ID", "<one@acorn-tests.example>"),
]


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def test_it_reads_as_what_it_was_made_of():
    raw = rebuild(HEADERS, DATE, "It smells.", "<p>It smells.</p>")
    found = read(raw)
    assert found.from_.email == "marta@acorn-tests.example"
    assert found.from_.name == "Märta, Lindqvist"
    assert found.subject == "Der Drücker brennt"
    assert found.message_id == "<one@acorn-tests.example>"
    assert found.date == DATE
    assert "Cc" not in parse(raw)
    assert "It smells." in found.text
    assert "<p>It smells.</p>" in parse(raw).get_body(("html",)).get_content()


def test_pictures_lie_beside_the_text_and_files_at_its_end():
    files = [
        File("shot.png", b"PNG", "image/png", "shot@mailflow"),
        File("plan.pdf", b"%PDF", "application/pdf"),
        File("odd", b"?", "no type"),
        File("inner.eml", b"Subject: x\n\nx", "message/rfc822"),
    ]
    found = parse(rebuild(HEADERS, DATE, "x", '<img src="cid:shot@mailflow">', files))
    (image,) = [part for part in found.walk() if part.get_content_type() == "image/png"]
    assert image["Content-ID"] == "<shot@mailflow>"
    assert image.get_content() == b"PNG"
    others = [(part.get_filename(), part.get_content_type()) for part in found.iter_attachments()]
    assert others == [
        ("plan.pdf", "application/pdf"),
        ("odd", "application/octet-stream"),
        ("inner.eml", "application/octet-stream"),
    ]


def test_without_html_pictures_are_files():
    found = parse(rebuild(HEADERS, None, "x", "", [File("a.png", b"PNG", "image/png", "a@b")]))
    assert [part.get_filename() for part in found.iter_attachments()] == ["a.png"]
    assert found["Date"] is None


@pytest.mark.parametrize("value", ["x\r\nBcc: eve@evil.example", "x\nBcc: eve@evil.example\x00"])
def test_a_line_break_begins_no_other_header(value):
    for name in ("Subject", "From", "Message-ID"):
        raw = rebuild([(name, value)], DATE, "x")
        assert parse(raw)["Bcc"] is None


def test_an_original_is_the_same_inside_of_another_mail():
    raw = (
        "From: Märta <marta@acorn-tests.example>\r\nSubject: =?utf-8?q?x?=\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        "Es riecht übel.\r\n.\r\nFrom here on\r\n"
    ).encode()
    assert is_attachable(raw)
    outer = EmailMessage(policy=email.policy.SMTP)
    outer.set_content("See below")
    outer.add_attachment(BytesParser().parsebytes(raw), filename="x.eml")
    assert raw.rstrip() in outer.as_bytes()


def test_what_python_cannot_write_is_told(monkeypatch):
    def broken(*_arguments, **_options):
        raise KeyError("content-transfer-encoding")

    monkeypatch.setattr(EmailMessage, "as_bytes", broken)
    assert not is_attachable(b"Subject: x\n\nx")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real mails is not here")
def test_real_mails_can_be_attached():
    paths = [path for path in sorted(CORPUS.rglob("*")) if path.is_file() and path.suffix != ".md"]
    assert len(paths) > 300
    assert [path.name for path in paths if not is_attachable(path.read_bytes())] == []
