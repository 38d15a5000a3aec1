"""winmail.dat is unpacked while a mail is read; a hostile one costs nothing."""

import base64
import struct
import time

import pytest
from test_mail import TEXT, codes, multipart

from mailflow import rtf, winmail
from mailflow.mail import Limits, read

STRING, UNICODE, OBJECT, BINARY, LONG = 0x001E, 0x001F, 0x000D, 0x0102, 0x0003


def attribute(name, data, level=1):
    head = bytes([level]) + struct.pack("<HHI", name, 6, len(data))
    return head + data + struct.pack("<H", sum(data) & 0xFFFF)


def properties(*each):
    """(identifier, type, value): bytes, or a number for ``LONG``."""
    data = struct.pack("<I", len(each))
    for name, kind, value in each:
        data += struct.pack("<HH", kind, name)
        if kind == LONG:
            data += struct.pack("<I", value)
        else:
            data += struct.pack("<II", 1, len(value)) + value + b"\0" * (-len(value) % 4)
    return data


def tnef(*attributes):
    return winmail.SIGNATURE + b"\1\0" + attribute(0x9006, b"\0\0\1\0") + b"".join(attributes)


def file(name, content, *more):
    return (
        attribute(0x9002, b"\0" * 14, 2)
        + attribute(0x8010, name.encode() + b"\0", 2)
        + attribute(0x800F, content, 2)
        + attribute(0x9005, properties(*more), 2)
    )


def message(*each):
    return attribute(0x9003, properties(*each))


def packed(text):
    """RTF as it is stored, without compression."""
    return struct.pack("<II4sI", len(text) + 12, len(text), b"MELA", 0) + text


def mail_with(data, *others, name="winmail.dat", limits=None, **more):
    part = (
        f"Content-Type: application/ms-tnef; name={name}\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(data).decode()
    )
    source = multipart(*others, part, **more)
    return read(source, limits) if limits else read(source)


def test_its_files_become_attachments():
    name = "report über.pdf\0".encode("utf-16-le")
    data = tnef(
        file("REPORT~1.PDF", b"%PDF-1\0\0", (0x3707, UNICODE, name)), file("notes.txt", b"hello")
    )
    mail = mail_with(data, TEXT)
    assert [(each.name, each.content_type, each.content) for each in mail.attachments] == [
        ("report über.pdf", "application/pdf", b"%PDF-1\0\0"),
        ("notes.txt", "text/plain", b"hello"),
    ]
    assert mail.text == "plain"
    assert codes(mail) == {"winmail_unpacked"}


def test_an_image_that_the_body_shows():
    html = b'<p>See <img src="cid:pic@1"></p>'
    data = tnef(
        message((0x1013, BINARY, html), (0x3FDE, LONG, 65001)),
        file("pic.png", b"x", (0x3712, STRING, b"pic@1\0"), (0x370E, STRING, b"image/png\0")),
    )
    mail = mail_with(data)
    assert mail.html == html.decode()
    assert [(each.cid, each.inline) for each in mail.attachments] == [("pic@1", True)]
    assert "winmail_body" in codes(mail)


def test_a_body_counts_only_where_the_mail_has_none():
    mail = mail_with(tnef(message((0x1000, STRING, b"Other\0"))), TEXT)
    assert mail.text == "plain"
    assert mail.attachments == () and mail.html is None


def test_a_body_of_rtf():
    body = (
        rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\pard Gr\'fc\'dfe\par "
        rb"\u8364?5 {\b now}\par}"
    )
    mail = mail_with(tnef(message((0x1009, BINARY, packed(body)))))
    assert mail.text == "Grüße\n€5 now"


def test_html_within_rtf_comes_out_as_it_was():
    body = (
        rb"{\rtf1\ansi\ansicpg1252\fromhtml1 {\fonttbl{\f0 Arial;}}"
        rb"{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Gr\'fc\'dfe{\*\htmltag84 &nbsp;}\htmlrtf }"
        rb"\htmlrtf0{\*\htmltag72 </p>}}"
    )
    mail = mail_with(tnef(message((0x1009, BINARY, packed(body)))))
    assert mail.html == "<p>Grüße&nbsp;</p>"


def test_compressed_rtf():
    # the example of MS-OXRTFCP section 4.1.1
    data = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af320"
        "68656c0900206277 05b06c647d0a800fa0"
    )
    assert rtf.decompress(data, 1000) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert len(rtf.decompress(data, 10)) == 10


def test_a_message_within():
    inner = tnef(
        message((0x0037, STRING, b"Older\0"), (0x1000, STRING, b"What was said\0")),
        file("old.txt", b"1"),
    )
    data = tnef(
        attribute(0x9002, b"\0" * 14, 2)
        + attribute(0x9005, properties((0x3701, OBJECT, winmail._IS_MESSAGE + inner)), 2)
    )
    found = winmail.unpack(data)
    assert [(each.name, each.content) for each in found.files] == [
        ("Older.txt", b"What was said"),
        ("old.txt", b"1"),
    ]


def test_one_that_cannot_be_read_is_kept():
    mail = mail_with(b"\x78\x9f\x3e\x22 no more", TEXT)
    assert [each.name for each in mail.attachments] == ["winmail.dat"]
    assert codes(mail) == {"winmail_unreadable"}


@pytest.mark.parametrize("inside", [(), (message((0x1000, STRING, b"the same text")),)])
def test_one_that_gives_nothing_is_told_of(inside):
    mail = mail_with(tnef(*inside), TEXT)
    assert mail.attachments == ()
    assert codes(mail) == {"winmail_left_out"}


def test_one_that_gives_the_body_gives_something():
    mail = mail_with(tnef(message((0x1000, STRING, b"what was written"))))
    assert mail.text == "what was written"
    assert codes(mail) == {"winmail_body"}


def test_one_that_is_cut_off_gives_what_it_has_and_is_kept():
    data = tnef(file("a.txt", b"1"), file("b.txt", b"2" * 100))
    mail = mail_with(data[:-60], TEXT)
    names = [each.name for each in mail.attachments]
    assert (names[0], names[-1]) == ("a.txt", "winmail.dat")
    assert "winmail_damaged" in codes(mail)


def test_the_limit_of_attachments_holds():
    data = tnef(*(file(f"{number}.txt", b"1") for number in range(20)))
    mail = mail_with(data, TEXT, limits=Limits(attachments=5))
    assert len(mail.attachments) == 5
    assert {"winmail_damaged", "attachments_limit"} <= codes(mail)


def test_one_by_its_name_alone():
    part = (
        "Content-Type: application/octet-stream\nContent-Disposition: attachment; "
        'filename="Winmail.dat"\nContent-Transfer-Encoding: base64\n\n'
        + base64.encodebytes(tnef(file("a.txt", b"1"))).decode()
    )
    assert [each.name for each in read(multipart(TEXT, part)).attachments] == ["a.txt"]


def nested(levels):
    data = tnef(file("a.txt", b"1"))
    for _level in range(levels):
        inner = properties((0x3701, OBJECT, winmail._IS_MESSAGE + data))
        data = tnef(attribute(0x9002, b"", 2) + attribute(0x9005, inner, 2))
    return data


def nested_by_name(levels):
    data = tnef(file("a.txt", b"1"))
    for _level in range(levels):
        data = tnef(file("winmail.dat", data))
    return data


LZFU_BOMB = struct.pack("<II4sI", 0, 0xFFFFFFFF, b"LZFu", 0) + (b"\xff" + b"\x00\x0f" * 8) * 500_000
HOSTILE = {
    "values": tnef(attribute(0x9003, struct.pack("<IHHI", 1, 0x1002, 0x1000, 0xFFFFFFFF))),
    "strings": tnef(attribute(0x9003, struct.pack("<IHHI", 1, 0x101E, 0x1000, 0xFFFFFFFF))),
    "properties": tnef(attribute(0x9003, struct.pack("<I", 0xFFFFFFFF))),
    "attributes": tnef(attribute(1, b"") * 1_000_000),
    "files": tnef(attribute(0x9002, b"", 2) * 19_000),
    "length": winmail.SIGNATURE + b"\1\0" + b"\1\x03\x90\6\0\xff\xff\xff\xff" + b"\0" * 20,
    "messages": nested(500),
    "names": nested_by_name(300),
    "compressed": tnef(message((0x1009, BINARY, LZFU_BOMB))),
    "groups": tnef(message((0x1009, BINARY, packed(b"{\\rtf1" + b"{\\a " * 500_000)))),
    "random": winmail.SIGNATURE + bytes(range(256)) * 1000,
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files(data):
    start = time.monotonic()
    mail = mail_with(data, TEXT)
    assert time.monotonic() - start < 4
    assert mail.text == "plain"
    assert "reading_failed" not in codes(mail)
