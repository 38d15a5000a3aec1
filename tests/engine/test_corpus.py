"""Real messages, compared with what the authors of another parser read.

`mime/*.json` counts the body as RFC 8621 (JMAP) section 4.1.4 does: `text_parts` and
`html_parts` are the lengths of `textBody` and `htmlBody`, where images and sounds between
the texts count, and a text stands in both lists when there is no HTML. Where our reading
differs, a rule below says when and why; none names a file.
"""

import json
import re

import pytest

from mailflow.kind import OPENS_TICKET, Kind, tell_kind
from mailflow.mail import read

# A part that never ends, or whose header does not: which part the rest belongs to is a
# guess, theirs and ours. Then nothing must be missing; how it is divided is not compared.
GUESSWORK = {"boundary_unclosed", "header_end_missing", "header_line_unreadable"}


@pytest.fixture
def reading(mime_file):
    """(raw, our reading, theirs)"""
    raw = mime_file.read_bytes()
    expected = mime_file.with_suffix(".json")
    if not expected.exists():
        pytest.skip("no independent reading of this message")
    return raw, read(raw), json.loads(expected.read_text("utf-8"))


def codes(mail):
    return {note.code for note in mail.notes}


def same(theirs, ours) -> bool:
    """Equal; where they gave up on a character (U+FFFD) we may have read one."""
    if theirs is None:
        return ours == ""
    pattern = "".join(".+" if c == "\ufffd" else re.escape(c) for c in theirs)
    return re.fullmatch(pattern, ours, re.DOTALL) is not None


@pytest.mark.parametrize("field", ["from", "to", "cc"])
def test_addresses(reading, field):
    _raw, mail, expected = reading
    ours = {"from": mail.from_all, "to": mail.to, "cc": mail.cc}[field]
    theirs = expected[field]
    assert len(ours) == len(theirs)
    for address, other in zip(ours, theirs, strict=True):
        assert same(other.get("name"), address.name)
        assert (other.get("address") or "").lower() == address.normalized


def test_subject(reading):
    _raw, mail, expected = reading
    assert same(expected["subject"], mail.subject)


def test_body(reading):
    _raw, mail, expected = reading
    if codes(mail) & GUESSWORK:
        pytest.skip("a part without an end: see test_nothing_is_missing")
    media = sum(a.content_type.startswith(("image/", "audio/", "video/")) for a in mail.attachments)
    ours_text = mail.text_parts or mail.html_parts
    ours_html = mail.html_parts or mail.text_parts
    # Between ours and ours with the media; a mixed of text and HTML shows both in either list.
    both = mail.text_parts + mail.html_parts
    assert min(ours_text, 1) <= max(expected["text_parts"], int(not mail.text))
    assert expected["text_parts"] <= both + media
    assert expected["html_parts"] <= both + media
    if not media:
        assert expected["text_parts"] >= ours_text or not mail.text
        assert expected["html_parts"] >= ours_html or not mail.text


def test_attachments(reading):
    _raw, mail, expected = reading
    if codes(mail) & GUESSWORK:
        pytest.skip("a part without an end: see test_nothing_is_missing")
    # We look into texts for uuencoded files, they do not.
    extracted = sum(n.values["count"] for n in mail.notes if n.code == "uuencode_extracted")
    ours = mail.attachments[: len(mail.attachments) - extracted]
    theirs = [attachment.get("filename") for attachment in expected["attachments"]]
    # They read on into attached messages: one that does not end swallows those behind it.
    if any(a.content_type == "message/rfc822" and codes(read(a.content)) & GUESSWORK for a in ours):
        ours = ours[: len(theirs)]
    assert len(ours) == len(theirs)
    for attachment, name in zip(ours, theirs, strict=True):
        if name is not None and not re.match(r"[A-Za-z]:", name):  # a Windows path: we keep its end
            assert same(name, attachment.name)
        elif name is not None:
            assert name.endswith(attachment.name)


def test_nothing_is_missing(reading):
    """Each line of plain text in the source is found in the text or an attachment."""
    raw, mail, _expected = reading
    if re.search(rb"multipart/alternative", raw, re.IGNORECASE):
        pytest.skip("one of several renderings is shown")
    _header, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    if re.search(rb'boundary="?[^"\n]*--"?$', raw, re.MULTILINE):
        pytest.skip("a boundary that ends in hyphens: whether a line opens or closes is a guess")
    if mail.content_type == "text/html" or mail.html is not None:
        pytest.skip("tags are not text")
    found = mail.text.encode() + b"\n".join(a.content for a in mail.attachments)
    found = re.sub(rb"\s+", b"", found)
    for line in body.split(b"\n"):
        # Not delimiters, header fields of parts, or anything encoded.
        if re.fullmatch(rb"[a-z0-9 .,]{1,60}", line) and mail.content_type.startswith("multipart/"):
            if re.match(rb"begin \d{3} ", line):  # of a uuencoded file
                continue
            assert re.sub(rb"\s+", b"", line) in found


def test_no_defect_of_ours(mime_file):
    assert "reading_failed" not in codes(read(mime_file.read_bytes()))


def test_ordinary_mail_opens_a_ticket(mime_file):
    result = tell_kind(read(mime_file.read_bytes()))
    assert result.kind in OPENS_TICKET
    assert result.kind is not Kind.FORWARDING


def test_no_bounce_is_a_defect(bounce_file):
    mail = read(bounce_file.read_bytes())
    assert "reading_failed" not in codes(mail)
    assert tell_kind(mail).note.code.startswith("kind_")


def test_reports_open_no_tickets(corpus):
    files = sorted((corpus / "bounces").glob("*.eml"))
    opened = [f.stem for f in files if tell_kind(read(f.read_bytes())).kind in OPENS_TICKET]
    assert len(files) > 100
    assert len(opened) <= 0.01 * len(files), opened


def test_complaints_and_vacations_are_told_from_bounces(corpus):
    """The published reason of a report and its kind agree."""
    kinds = {"feedback": Kind.FEEDBACK, "vacation": Kind.AUTO_REPLY}
    for path in sorted((corpus / "bounces").glob("*.json")):
        reasons = {entry["reason"] for entry in json.loads(path.read_text("utf-8"))}
        if len(reasons) == 1 and (reason := reasons.pop()) in kinds:
            result = tell_kind(read(path.with_suffix(".eml").read_bytes()))
            assert result.kind is kinds[reason], path.stem


def test_most_reports_name_the_message_that_we_sent(corpus):
    files = sorted((corpus / "bounces").glob("*.eml"))
    named = sum(bool(tell_kind(read(f.read_bytes())).original_message_ids) for f in files)
    assert named >= 0.75 * len(files)
