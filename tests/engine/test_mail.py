"""Reading: what a mail says, whatever state it is in, in bounded time."""

import base64
import hashlib
import time
from datetime import datetime, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailflow.header import addresses, decode_words, message_ids, parameters
from mailflow.html import html_to_text, tame
from mailflow.mail import Address, Limits, Mail, Recipient, given_message_id, read

BASE = {
    "From": "Jane Doe <jane@Example.COM>",
    "To": "support@example.org",
    "Subject": "Printer",
    "Message-ID": "<1@example.com>",
    "Date": "Tue, 01 Sep 2026 10:00:00 +0200",
}


def build(body: bytes | str = "Hello\n", /, *, without=(), **fields) -> bytes:
    """A mail; `Content_Type` names Content-Type, None or `without` leaves a field out."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    header = {k: v for k, v in {**BASE, **named}.items() if v is not None and k not in without}
    lines = [
        f"{name}: ".encode() + (value if isinstance(value, bytes) else value.encode())
        for name, value in header.items()
    ]
    return b"\n".join(lines) + b"\n\n" + (body if isinstance(body, bytes) else body.encode())


def multipart(*parts: str | bytes, kind="mixed", **fields) -> bytes:
    """A multipart of parts that bring their own header."""
    raw = [part if isinstance(part, bytes) else part.encode() for part in parts]
    body = b"".join(b"--=_b\n" + part + b"\n" for part in raw) + b"--=_b--\n"
    return build(body, Content_Type=f'multipart/{kind}; boundary="=_b"', **fields)


def codes(mail: Mail) -> set[str]:
    return {note.code for note in mail.notes}


TEXT = "Content-Type: text/plain; charset=utf-8\n\nplain"
HTML = "Content-Type: text/html; charset=utf-8\n\n<p>rich</p>"
PNG = "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo="


class TestHeader:
    def test_an_ordinary_mail(self):
        mail = read(build())
        assert mail.from_ == Address("Jane Doe", "jane@example.com")
        assert mail.to == (Address("", "support@example.org"),)
        assert mail.subject == "Printer"
        assert mail.date == datetime(2026, 9, 1, 8, tzinfo=timezone.utc)
        assert mail.message_id == "<1@example.com>"
        assert mail.message_id_given
        assert mail.text == "Hello"
        assert mail.html is None
        assert mail.notes == ()

    def test_identity_is_message_id_from_and_date(self):
        one = read(build("a"))
        assert read(build("b", X_Other="1")).identity == one.identity
        assert read(build("a", From="x@example.com")).identity != one.identity
        assert read(build("a", Date="Tue, 01 Sep 2026 10:00:01 +0200")).identity != one.identity
        assert one.body_digest == hashlib.sha256(b"a").hexdigest()

    def test_without_a_date_subject_and_arrival_are_of_the_identity(self):
        alarm = {"Date": None, "Received": "from a by b; 1", "Subject": "Fire"}
        one = read(build(**alarm)).identity
        assert read(build(**alarm)).identity == one
        assert read(build(**{**alarm, "Subject": "Flood"})).identity != one
        assert read(build(**{**alarm, "Received": "from a by b; 2"})).identity != one

    @pytest.mark.parametrize(
        ("year", "read_as"), [(1969, None), (1970, 1970), (2100, 2100), (2101, None), (9999, None)]
    )
    def test_a_date_outside_of_the_years_of_mail_is_none(self, year, read_as):
        mail = read(build(Date=f"Tue, 01 Sep {year} 10:00:00 +0200"))
        assert (mail.date and mail.date.year) == read_as
        assert ("date_unreadable" in codes(mail)) == (read_as is None)

    def test_a_message_id_fits_an_index(self):
        mail = read(build(Message_ID="<" + "\u4f60" * 900 + "@b>"))
        assert not mail.message_id_given
        assert message_ids("\u4f60" * 900 + "@b") == ()

    @pytest.mark.parametrize(
        "given", [None, "", "<>", "no at sign <", "x" * 5000, "<" + "x" * 5000]
    )
    def test_a_message_id_is_made_up_from_the_content(self, given):
        mail = read(build(Message_ID=given))
        assert not mail.message_id_given
        assert mail.message_id == read(build(Message_ID=given)).message_id
        assert mail.message_id != read(build("other", Message_ID=given)).message_id
        assert mail.message_id.endswith("@missing-message-id.invalid>")
        assert given_message_id(build(Message_ID=given)) == ""

    @pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
    def test_a_message_id_is_told_by_the_header_alone(self, end):
        raw = build(b"Message-ID: <2@example.com>\n\nMessage-ID: <3@example.com>\n")
        raw = raw.replace(b"\r\n", b"\n").replace(b"\n", end)
        assert given_message_id(raw) == "<1@example.com>" == read(raw).message_id
        assert given_message_id(end * 2 + raw) == "<1@example.com>"

    @given(
        st.lists(st.sampled_from([b"Message-ID:", b" <1@a>", b"\r", b"\n", b"\r\n", b"x", b": "]))
    )
    def test_the_header_alone_tells_the_same_message_id(self, pieces):
        raw = b"".join(pieces)
        mail = read(raw)
        assert given_message_id(raw) == (mail.message_id if mail.message_id_given else "")

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ("<a@b> (added by postmaster)", "<a@b>"),
            ("a@b", "<a@b>"),
            ("<a\n @b>", "<a@b>"),
            ("<a\x07\x00b@c>", "<ab@c>"),
        ],
    )
    def test_a_message_id_is_one_clean_word(self, given, expected):
        message_id = read(build(Message_ID=given)).message_id
        assert message_id == expected

    def test_recipients_come_in_the_documented_order_once_each(self):
        mail = read(
            build(
                Cc="c@x.org",
                Resent_To="r@x.org",
                Envelope_To="e@x.org",
                X_Forwarded_To="f@x.org",
                X_Original_To="O@X.org",
                Delivered_To="support@EXAMPLE.org",
            )
        )
        assert mail.recipients == (
            Recipient("X-Original-To", "o@x.org"),
            Recipient("X-Forwarded-To", "f@x.org"),
            Recipient("Envelope-To", "e@x.org"),
            Recipient("Resent-To", "r@x.org"),
            Recipient("Delivered-To", "support@example.org"),
            Recipient("Cc", "c@x.org"),
        )

    @pytest.mark.parametrize(
        ("field", "value", "expected"),
        [
            # Gmail: from which mailbox, and to which address
            (
                "X-Forwarded-For",
                "Sam@Example.com desk@odoo.example",
                "sam@example.com desk@odoo.example",
            ),
            ("X-Forwarded-To", "desk@odoo.example", "desk@odoo.example"),
            ("X-Gm-Original-To", "support@example.com", "support@example.com"),
            # a web proxy's
            ("X-Forwarded-For", "203.0.113.9, 198.51.100.7", ""),
            # Exchange: the mailbox, and its tenant
            (
                "X-MS-Exchange-ForwardingLoop",
                "support@example.com;5a6dee4f-0a3c-4f5e-9d53-6b0c3a3a4f11",
                "support@example.com",
            ),
            ("X-MS-Exchange-Inbox-Rules-Loop", "support@example.com", "support@example.com"),
            (
                "X-Apparently-To",
                "support@yahoo.com; Tue, 03 Mar 2026 09:30:00 +0000",
                "support@yahoo.com",
            ),
            ("X-Delivered-to", "support@fastmail.example", "support@fastmail.example"),
        ],
    )
    def test_what_forwarders_note_is_a_recipient(self, field, value, expected):
        mail = read(f"{field}: {value}\nFrom: a@b.org\n\nx".encode())
        assert " ".join(each.email for each in mail.recipients) == expected

    @pytest.mark.parametrize(("value", "expected"), [("<>", ""), ("<A@B.org>", "A@b.org")])
    def test_return_path(self, value, expected):
        assert read(build(Return_Path=value)).return_path == expected

    def test_an_absent_return_path_is_not_a_null_one(self):
        assert read(build()).return_path is None

    @pytest.mark.parametrize(
        "value", ["yesterday", "Tue, 99 Foo 2026 99:99:99", "31 Dec 9999 23:00 -1400", "\x00", "1"]
    )
    def test_an_unreadable_date_is_noted(self, value):
        mail = read(build(Date=value))
        assert mail.date is None
        assert codes(mail) & {"date_unreadable", "date_missing"}

    def test_an_empty_mail(self):
        mail = read(b"")
        assert (mail.size, mail.text, mail.from_) == (0, "", Address("", ""))
        assert {"message_id_missing", "from_missing", "date_missing"} <= codes(mail)

    def test_raw_utf8_and_latin1_in_the_header(self):
        assert read(build(Subject="Grüße".encode())).subject == "Grüße"
        assert read(build(Subject="Grüße aus München".encode("cp1252"))).subject == (
            "Grüße aus München"
        )

    def test_no_blank_line_before_the_body(self):
        mail = read(b"From: a@b.org\nSubject: x\nDear support,\nit is broken\n")
        assert mail.subject == "x"
        assert mail.text == "Dear support,\nit is broken"
        assert "header_line_unreadable" in codes(mail)

    def test_what_follows_a_header_of_a_megabyte_is_read(self):
        raw = b"X-Long: " + b"a" * 1_000_000 + b"\n" + build()
        mail = read(raw)
        assert mail.from_.email == "jane@example.com"
        assert mail.subject == "Printer"
        assert "header_too_long" in codes(mail)
        assert sum(len(n) + len(v) for n, v in mail.headers) < 2 * Limits().header_bytes

    def test_references_keep_the_first_and_the_last(self):
        ids = [f"<{n}@x.org>" for n in range(500)]
        mail = read(build(References="\n ".join(ids), In_Reply_To="<499@x.org>"))
        assert mail.references[0] == ids[0]
        assert mail.references[-1] == ids[-1]
        assert len(mail.references) == Limits().references
        assert mail.in_reply_to == ("<499@x.org>",)

    def test_message_ids_without_brackets(self):
        assert message_ids("a@b c@d") == ("<a@b>", "<c@d>")


class TestEncodedWords:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
            ("=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"),
            ("=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=", "Grüße"),  # a character split in two
            ("=?utf-8?B?R3LD?=\t=?utf-8?B?vMOfZQ?=", "Grüße"),  # and without padding
            ("=?utf-8?Q?Hello world?=", "Hello world"),
            ("=?utf-8?Q?why?_because?=", "why? because"),
            ("Re: =?iso-8859-1?q?Gr=FC=DFe?= [1]", "Re: Grüße [1]"),
            ("=?gb2312?B?1tC5+rTzw/c=?=", "中国大明"),
            ("=?ks_c_5601-1987?B?vsiz58fPvLy/5A==?=", "안녕하세요"),
            ("=?iso-2022-jp?B?GyRCRnxLXDhsGyhC?=", "日本語"),
            ("=?x-unknown?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
            ("=?us-ascii?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
            ("=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
            ("=?utf-8?Q?a?= =?iso-8859-1?Q?=FC?=", "aü"),
            ("=?utf-8?Q?open", "=?utf-8?Q?open"),
            ("a =?= b", "a =?= b"),
        ],
    )
    def test_decoding(self, value, expected):
        assert decode_words(value) == expected


class TestAddresses:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("a@b.org", [("", "a@b.org")]),
            ("Jane <a@B.ORG>", [("Jane", "a@b.org")]),
            ('"Doe, Jane" <a@b.org>, c@d.org', [("Doe, Jane", "a@b.org"), ("", "c@d.org")]),
            ("Doe, Jane <a@b.org>", [("Doe, Jane", "a@b.org")]),
            ("a@b.org (Jane)", [("Jane", "a@b.org")]),
            ("=?utf-8?Q?Doe=2C_J=C3=B6?= <a@b.org>", [("Doe, Jö", "a@b.org")]),
            ('"=?utf-8?Q?J=C3=B6?=" <a@b.org>', [("Jö", "a@b.org")]),
            ("a@b.org; c@d.org", [("", "a@b.org"), ("", "c@d.org")]),
            ("Team: a@b.org, C <c@d.org>;", [("", "a@b.org"), ("C", "c@d.org")]),
            ("undisclosed-recipients:;", []),
            ("Jane a@b.org", [("Jane", "a@b.org")]),
            ("<mailto:a@b.org>", [("", "a@b.org")]),
            ('"a@b.org" <a@b.org>', [("", "a@b.org")]),
            ("<<a@b.org>>", [("", "a@b.org")]),
            ('"say \\"hi\\"" <a@b.org>', [('say "hi"', "a@b.org")]),
            ('"never closed <a@b.org>', [("never closed", "a@b.org")]),
            ("<a@b.org> <c@d.org>", [("", "a@b.org"), ("", "c@d.org")]),
            ("'Jane' <a@b.org>", [("Jane", "a@b.org")]),
            ("", []),
            (",,,;", []),
            ("x" * 600 + "@b.org", []),
            ("\u4f60" * 300 + "@b.org", [("\u4f60" * 300 + "@b.org", "")]),
            ("Vic <v@x.org,a@evil.org>", [("Vic", "v@x.org")]),
            ("Vic <v@x.org;a@evil.org>", [("Vic", "v@x.org")]),
            ("=?utf-8?Q?v=40x.org=2Ca=40evil.org?=", [("", "v@x.org")]),
            ("<,@b.org>", []),
            ('"john"@b.org', [("", "john@b.org")]),
            ('<"john"@b.org>', [("", "john@b.org")]),
            ('"john doe"@b.org', [("", '"john doe"@b.org')]),
            ("john @b.org", [("", "john@b.org")]),
            ("<john . doe @b.org>", [("", "john.doe@b.org")]),
        ],
    )
    def test_reading(self, value, expected):
        assert [(a.name, a.email) for a in addresses(value)] == expected

    def test_parts_of_an_address(self):
        address = Address('Jane "J" Doe', "Jane@b.org")
        assert address.normalized == "jane@b.org"
        assert address.domain == "b.org"
        assert address.formatted == '"Jane \\"J\\" Doe" <Jane@b.org>'


class TestBody:
    def test_alternative(self):
        mail = read(multipart(TEXT, HTML, kind="alternative"))
        assert (mail.text, mail.html) == ("plain", "<p>rich</p>")
        assert (mail.text_parts, mail.html_parts, mail.attachments) == (1, 1, ())

    def test_html_only_has_its_text(self):
        mail = read(build("<p>Hello</p><p>there &amp; here<br>x</p>", Content_Type="text/html"))
        assert mail.text == "Hello\n\nthere & here\nx"
        assert mail.text_parts == 0

    def test_text_image_text_is_joined_in_order(self):
        mail = read(multipart(TEXT, PNG, TEXT + " again"))
        assert mail.text == "plain\n\nplain again"
        assert mail.text_parts == 2
        assert [a.name for a in mail.attachments] == ["a.png"]

    def test_text_and_html_in_a_mixed_are_both_shown(self):
        mail = read(multipart(HTML, TEXT))
        assert mail.text == "rich\n\nplain"
        assert mail.html == "<p>rich</p>\n<p>plain</p>"

    def test_related_image_is_inline(self):
        image = PNG.replace("\n\n", "\nContent-ID: <i@x>\n\n", 1)
        mail = read(multipart(HTML, image, kind="related"))
        (attachment,) = mail.attachments
        assert (attachment.cid, attachment.inline) == ("i@x", True)
        assert attachment.content == base64.b64decode("iVBORw0KGgo=")

    def test_a_text_with_disposition_attachment_is_one(self):
        part = "Content-Type: text/plain\nContent-Disposition: attachment; filename=log.txt\n\nx"
        mail = read(multipart(TEXT, part))
        assert mail.text == "plain"
        assert [(a.name, a.content) for a in mail.attachments] == [("log.txt", b"x")]

    def test_an_attached_mail_is_kept_raw(self):
        inner = build("inner", Subject="inside").decode()
        mail = read(multipart(TEXT, f"Content-Type: message/rfc822\n\n{inner}"))
        (attachment,) = mail.attachments
        assert attachment.name == "attachment-1.eml"
        assert attachment.content == inner.encode()
        assert mail.subject == "Printer"

    def test_calendar_is_kept_as_a_file(self):
        ics = "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST"
        mail = read(multipart(TEXT, HTML, ics, kind="alternative"))
        assert [a.name for a in mail.attachments] == ["invitation.ics"]
        assert mail.delivery.calendar_methods == ("REQUEST",)

    @pytest.mark.parametrize(
        ("declared", "encoding", "text"),
        [
            ("utf-8", "utf-8", "Grüße"),
            ("iso-8859-1", "cp1252", "10 € „ja“"),
            ("iso-2022-jp", "iso2022_jp_ext", "日本語のメール"),
            ("gb2312", "gb18030", "中国镕"),
            ("ks_c_5601-1987", "cp949", "똠방각하"),
            ("shift_jis", "cp932", "①髙橋"),
            ("x-foo", "utf-8", "Grüße"),
            ("us-ascii", "utf-8", "Grüße"),
            ("utf-8", "cp1251", "Привет, у меня не работает принтер, помогите"),
            ("", "koi8-r", "Привет, у меня не работает принтер, помогите"),
            ("", "iso2022_jp_ext", "日本語のメール"),
            ("rot13", "utf-8", "Grüße"),
            ("utf-7", "utf-7", "Grüße"),
        ],
    )
    def test_charsets(self, declared, encoding, text):
        kind = f"text/plain; charset={declared}" if declared else "text/plain"
        assert read(build(text.encode(encoding), Content_Type=kind)).text == text

    def test_an_unknown_charset_is_noted(self):
        mail = read(build("Grüße", Content_Type="text/plain; charset=x-foo"))
        (note,) = mail.notes
        assert (note.code, dict(note.values)) == (
            "charset_unknown",
            {"charset": "x-foo", "used": "utf-8"},
        )

    def test_the_charset_of_html_from_its_meta(self):
        body = '<meta charset="koi8-r"><p>Привет</p>'.encode("koi8-r")
        assert read(build(body, Content_Type="text/html")).text == "Привет"

    def test_nul_and_surrogates_are_dropped(self):
        mail = read(
            build(b"a\x00b +2AA- \xed\xa0\x80", Subject=b"x\x00y", Content_Type="text/plain")
        )
        for value in (mail.text, mail.subject, mail.body_html):
            value.encode()
            assert "\0" not in value
        assert "nul_removed" in codes(mail)

    @pytest.mark.parametrize(
        ("data", "content"),
        [
            (b"QUJD\nREVG", b"ABCDEF"),
            (b"QUI=\nQUI=", b"ABAB"),
            (b"QUJDR", b"ABC"),
            (b"QU*J!D", b"ABC"),
            (b"====", b""),
        ],
    )
    def test_bad_base64(self, data, content):
        part = b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + data
        assert read(multipart(part)).attachments[0].content == content

    def test_text_that_is_not_base64_after_all(self):
        mail = read(build("Hello, this is my plain text", Content_Transfer_Encoding="base64"))
        assert mail.text == "Hello, this is my plain text"

    def test_uuencoded_file_in_the_text(self):
        mail = read(build("before\nbegin 644 a.txt\n#0V%T\n`\nend\nafter\n"))
        assert mail.text == "before\nafter"
        assert [(a.name, a.content) for a in mail.attachments] == [("a.txt", b"Cat")]

    def test_begin_in_a_sentence_is_no_file(self):
        text = "We\nbegin 100 people\nwith it"
        assert read(build(text)).text == text

    def test_format_flowed(self):
        body = "one \ntwo\n> quoted \n> more\n-- \nJane"
        mail = read(build(body, Content_Type="text/plain; format=flowed"))
        assert mail.text == "one two\n> quoted\n> more\n-- \nJane"

    def test_body_html_of_a_text_mail(self):
        mail = read(build("a < b\n  indented\n\nnext"))
        assert mail.html is None
        assert mail.body_html == "<p>a &lt; b<br/>&nbsp;&nbsp;indented</p>\n<p>next</p>"

    def test_html_to_text_keeps_what_is_no_tag(self):
        assert html_to_text("<style>p{}</style>1 < 2<!-- no --> &amp; <b>yes") == "1 < 2 & yes"
        assert html_to_text("<!-- never closed <p>text</p>") == "text"


class TestTame:
    @pytest.mark.parametrize(
        "markup",
        [
            "<P CLASS='a'>a &lt; b &amp; c<BR/></P>",
            "<!--[if mso]><table><tr><td><![endif]-->x<!--[if !mso]><!--> y <!--<![endif]-->",
            "<![if !supportLists]>1.<![endif]>",
            "<style>\n<!-- p > a {color:red} -->\n</style><script>if (a > b) {}</script>",
            '<a title="a > b" href=x?a=1&b=2>x</a>',
            "<![CDATA[x <b>y</b>]]><?xml:namespace prefix = o /><o:p></o:p>",
            "<!DOCTYPE html><html><body><p>never closed<td>a</b></i>",
            "<p>cut off</p></htm",
            "<img src='data:image/png;base64," + "QUJD" * 100_000 + "'>",
            "a < b > c",
            "",
        ],
    )
    def test_ordinary_html_stays_as_it_is(self, markup):
        assert tame(markup) == markup

    @pytest.mark.parametrize(
        ("markup", "expected"),
        [
            ("a <<b>x</b>", "a &lt;<b>x</b>"),
            ("1 < 2 < <p>", "1 &lt; 2 &lt; <p>"),
            ("<a encoding=b <p>", "&lt;a encoding=b <p>"),
            ('<a title="a < b">x', '<a title="a &lt; b">x'),
            ("<!-- a < b < c -->", "<!-- a &lt; b < c -->"),
            ("<!-- never closed <b>x</b>", "&lt;!-- never closed <b>x</b>"),
            ("<script>a < b</script>", "<script>a &lt; b</script>"),
            ("<" * 3, "&lt;&lt;<"),
        ],
    )
    def test_what_opens_nothing_is_escaped(self, markup, expected):
        assert tame(markup) == expected

    def test_a_hundred_attributes_stay(self):
        assert tame("<p" + " a=1" * 100_000 + ">") == "<p" + " a=1" * 100 + ">"

    def test_html_with_too_many_siblings_becomes_its_text(self):
        shown = tame("<div>-- <br></div>" + "<b>x</b>" * 10_000)
        assert shown.startswith("<p>--<br/>xxx")
        table = "<table>" + "<tr><td>x</td></tr>" * 2000 + "</table>"
        assert tame(table) == table

    def test_a_text_of_many_paragraphs_becomes_a_single_one(self):
        body = read(build("-- \nx\n\n" + "a\n\n" * 100_000)).body_html
        assert body.count("<p>") == 1
        assert "a<br/><br/>a" in body


class TestMalformed:
    def test_the_boundary_is_missing(self):
        raw = multipart(TEXT, PNG).replace(b'; boundary="=_b"', b"")
        mail = read(raw)
        assert mail.text == "plain"
        assert len(mail.attachments) == 1
        assert "boundary_missing" in codes(mail)

    def test_a_multipart_without_parts_is_text(self):
        mail = read(build("just text", Content_Type="multipart/mixed; boundary=x"))
        assert mail.text == "just text"

    def test_a_mail_cut_off(self):
        raw = multipart(TEXT, PNG)
        mail = read(raw[: raw.index(b"iVBO") + 6])
        assert mail.text == "plain"
        assert len(mail.attachments) == 1
        assert "boundary_unclosed" in codes(mail)

    def test_an_inner_multipart_that_does_not_end(self):
        inner = f'Content-Type: multipart/alternative; boundary="in"\n\n--in\n{TEXT}\n--in\n{HTML}'
        mail = read(multipart(inner, PNG))
        assert (mail.text, mail.html) == ("plain", "<p>rich</p>")
        assert len(mail.attachments) == 1

    def test_a_boundary_that_begins_like_another(self):
        inner = f'Content-Type: multipart/mixed; boundary="=_bb"\n\n--=_bb\n{TEXT}\n--=_bb--'
        mail = read(multipart(inner, PNG))
        assert mail.text == "plain"
        assert len(mail.attachments) == 1

    def test_a_text_that_begins_with_hyphens_is_no_defect(self):
        for text in ("-----BEGIN PGP MESSAGE-----\n\nhQEM\n", "-- \nJane\n", ""):
            mail = read(multipart(f"Content-Type: text/plain\n\n{text}", PNG))
            assert codes(mail) == set()
            assert mail.text.strip() == text.strip()

    def test_a_header_that_does_not_end_is_told(self):
        mail = read(multipart("Content-Type: text/plain", PNG))
        assert "header_end_missing" in codes(mail)

    def test_both_levels_use_the_same_boundary(self):
        inner = f'Content-Type: multipart/mixed; boundary="=_b"\n\n--=_b\n{TEXT}\n--=_b--'
        mail = read(multipart(inner, PNG))
        assert mail.text == "plain"
        assert len(mail.attachments) == 1

    @pytest.mark.parametrize(
        "kind", ["", "text", "foo", "text/plain/x", ";", "=?x?=", '"text/plain"']
    )
    def test_an_odd_content_type_is_text(self, kind):
        assert read(build("Hello", Content_Type=kind)).text == "Hello"

    @pytest.mark.parametrize("ends", [b"\r\n", b"\n", b"\r"])
    def test_line_ends(self, ends):
        raw = multipart(TEXT.replace("\n\nplain", "\n\none\ntwo"), HTML, kind="alternative")
        mail = read(raw.replace(b"\n", ends))
        assert mail.text.endswith("two")
        assert mail.html == "<p>rich</p>"


class TestFileNames:
    @pytest.mark.parametrize(
        ("field", "name"),
        [
            ('filename="a b.pdf"', "a b.pdf"),
            ("filename=a b.pdf", "a b.pdf"),
            ("filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
            ("filename*0*=utf-8''Gr%C3; filename*1*=%BC%C3%9Fe; filename*2=.pdf", "Grüße.pdf"),
            ("filename*0=lo; filename*1=ng.pdf", "long.pdf"),
            ("filename*1=ng.pdf; filename*0=lo", "long.pdf"),
            ("filename*=x-foo''Gr%C3%BC.pdf", "Grü.pdf"),
            ("filename*=plain.pdf", "plain.pdf"),
            ('filename="=?utf-8?B?R3LDvMOfZQ==?=.pdf"', "Grüße.pdf"),
            ("filename==?utf-8?Q?Gr=C3=BC=C3=9Fe.pdf?=", "Grüße.pdf"),
            ('filename="../../etc/passwd"', "passwd"),
            ('filename="C:\\temp\\a.pdf"', "a.pdf"),
            ('filename="a\x00\x1b\n b.pdf"', "a b.pdf"),
            ('filename="fdp\u202egpj.exe"', "fdpgpj.exe"),
            ('filename=".."', "attachment-1.pdf"),
            ('filename=""', "attachment-1.pdf"),
            ("", "attachment-1.pdf"),
        ],
    )
    def test_names(self, field, name):
        part = f"Content-Type: application/pdf\nContent-Disposition: attachment; {field}\n\nx"
        assert read(multipart(part)).attachments[0].name == name

    def test_a_long_name_keeps_its_extension(self):
        part = f"Content-Type: image/png; name={'a' * 5000}.png\n\nx"
        name = read(multipart(part)).attachments[0].name
        assert name.endswith("a.png")
        assert len(name) <= 120

    def test_parameters_with_semicolons_in_quotes(self):
        assert parameters('text/plain; name="a;b"; charset=utf-8') == (
            "text/plain",
            {"name": "a;b", "charset": "utf-8"},
        )


def _nested(levels: int) -> bytes:
    opening = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(levels)
    )
    return (opening + TEXT + "\n").encode()


HOSTILE = {
    "10,000 parts": multipart(*["Content-Type: text/plain\n\nhi"] * 10_000),
    "100,000 parts without header": multipart(*["x: y"] * 100_000),
    "5,000 levels": _nested(5000),
    "5,000 levels, one boundary": _nested(5000).replace(b"b1", b"b"),
    "5,000 attached mails in each other": b"Content-Type: message/rfc822\n\n" * 5000 + build(),
    "20,000 multiparts without boundary": b"Content-Type: multipart/mixed\n\n--b\n" * 20_000,
    "a header of 10 MB": b"X: " + b"a" * 10_000_000 + b"\n" + build(),
    "a million header fields": b"a:\n" * 1_000_000,
    "a million folded lines": build(X="a" + "\n b" * 1_000_000),
    "addresses": build(To="a@b.c, " * 100_000),
    "quotes": build(To='"\\' * 120_000),
    "angles": build(To="<" * 250_000),
    "parentheses": build(To="(" * 250_000),
    "nested comments": build(To="(a" * 60_000 + ")" * 60_000),
    "colons": build(To="a@b" + ":a" * 120_000),
    "one long word": build(To="a" * 250_000),
    "at signs": build(To="a@" * 120_000),
    "references": build(References="<a@b> " * 100_000),
    "open references": build(References="<" * 250_000),
    "open encoded words": build(Subject="=?utf-8?Q?" * 25_000),
    "charsets": build(Subject=" ".join(f"=?x{n}?Q?=C3?=" for n in range(20_000))),
    "parameters": build(Content_Type="text/plain" + ';a="\\' * 50_000),
    "segments": build(Content_Type="text/plain" + "".join(f";a*{n}*=%41" for n in range(9999))),
    "tags": build("<" * 2_000_000, Content_Type="text/html"),
    "open comments": build("<!--" * 500_000, Content_Type="text/html"),
    "nested elements": build("<div>" * 400_000, Content_Type="text/html"),
    "no-break spaces": build("<p>a" + "&nbsp;" * 160_000 + "b</p>", Content_Type="text/html"),
    "cells": build("<td>" * 375_000, Content_Type="text/html"),
    "tags in quotes": build('<a x="' + '<a" x="' * 250_000, Content_Type="text/html"),
    "meta": build(b"\xff<meta " * 300_000, Content_Type="text/html"),
    "begin": build("begin 644 a\nM\n" * 140_000 + "end\n"),
    "dashes": multipart("\n" + "--\n" * 700_000),
    "soft breaks": build("a \n" * 700_000, Content_Type="text/plain; format=flowed"),
    "padding": build("QQ==\n" * 500_000, Content_Transfer_Encoding="base64"),
    "eight bit": build(b"\xe4 \xf6\xfc" * 700_000),
    "NUL": b"\0" * 2_000_000,
    "line breaks": b"\n" * 3_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_is_read_in_bounded_time(name):
    start = time.process_time()
    mail = read(HOSTILE[name])
    assert mail.body_html is not None
    assert time.process_time() - start < 5  # seconds; most take milliseconds
    assert "reading_failed" not in codes(mail)


def test_an_attachment_of_50_megabytes():
    content = bytes(range(256)) * 200_000
    part = b"Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\n"
    start = time.process_time()
    mail = read(multipart(TEXT, part + base64.encodebytes(content)))
    assert time.process_time() - start < 10
    assert mail.attachments[0].content == content


class TestLimits:
    def test_parts(self):
        mail = read(HOSTILE["10,000 parts"])
        assert mail.text_parts == 999  # and the root
        assert "parts_limit" in codes(mail)

    def test_depth(self):
        mail = read(_nested(100))
        assert "depth_limit" in codes(mail)
        assert b"plain" in mail.attachments[0].content

    def test_attachments(self):
        mail = read(multipart(*[PNG] * 12), Limits(attachments=10))
        assert len(mail.attachments) == 10
        (note,) = [n for n in mail.notes if n.code == "attachments_limit"]
        assert dict(note.values) == {"limit": 10, "count": 2}

    def test_text(self):
        mail = read(build("a" * 100), Limits(text_bytes=10))
        assert mail.text == "a" * 10
        assert "text_limit" in codes(mail)


def test_a_small_mail_is_read_quickly():
    raw = multipart(TEXT * 20, HTML * 20, kind="alternative", Received="from x by y; z\n\tz")
    read(raw)
    start = time.process_time()
    for _ in range(50):
        read(raw)
    assert (time.process_time() - start) / 50 < 0.0015


_PIECES = st.sampled_from(
    [b"\n", b"\r\n", b"--=_b", b"--", b"From: ", b"To: ", b"Content-Type: ", b"multipart/mixed",
     b"; boundary==_b", b"text/html", b"message/rfc822", b"; charset=", b"utf-16", b"hz", b"utf-7",
     b"iso-2022-jp", b"base64", b"Content-Transfer-Encoding: ", b"quoted-printable", b"uuencode",
     b"=?utf-8?Q?", b"?=", b"=?utf-16?B?", b"<", b">", b'"', b"\x1b$B", b"+2AA-", b"filename*0*=",
     b"Content-Disposition: attachment", b"begin 644 a\n", b"end\n", b"<!--", b"<head>", b"Date: ",
     b"Message-ID: ", b"References: ", b"Mon, 1 Jan 9999 23:59:59 -9999",
     b"message/delivery-status",
     b"text/calendar", b"\0", b"\xff", b";", b"=", b"'", b"%"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(_PIECES | st.binary(max_size=8), max_size=60).map(b"".join))
def test_no_input_makes_it_fail(raw):
    mail = read(raw)
    assert "reading_failed" not in codes(mail)
    texts = [mail.text, mail.body_html, mail.subject, mail.message_id, mail.content_type]
    texts += [part for pair in mail.headers for part in pair]
    texts += [part for a in (*mail.from_all, *mail.to, *mail.cc) for part in (a.name, a.email)]
    texts += [part for a in mail.attachments for part in (a.name, a.content_type, a.cid)]
    texts += [*mail.references, *mail.in_reply_to, mail.return_path or ""]
    texts += [*mail.delivery.statuses, *mail.delivery.calendar_methods]
    texts += [str(value) for note in mail.notes for value in note.values.values()]
    for text in texts:
        text.encode()  # no lone surrogates
        assert "\0" not in text
    assert mail.message_id == "".join(mail.message_id.split())
    assert mail.message_id.isprintable()
    assert all(a.name and "/" not in a.name for a in mail.attachments)
    if mail.date:
        assert mail.date.tzinfo is timezone.utc


def test_a_defect_of_our_own_loses_no_mail(monkeypatch, caplog):
    monkeypatch.setattr("mailflow.mail.mime.parse", lambda *a, **k: 1 / 0)
    mail = read(build())
    assert codes(mail) == {"reading_failed"}
    assert [each.content_type for each in mail.attachments] == ["message/rfc822"]
    assert mail.size == len(build())
    assert "cannot read a mail" in caplog.text
