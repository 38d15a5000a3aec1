"""The original of a forwarded mail."""

import time

import pytest
from forwards import programs
from forwards.programs import CC, CUSTOMER, NOTE, PROGRAMS, TITLE, TO
from forwards.wordings import LANGUAGES

from mailflow import forward_words
from mailflow.forwarded import tell_forwarded
from mailflow.html import html_to_text
from mailflow.mail import read

OWN_HTML = {name for name in PROGRAMS if not name.endswith("_text")}


def told(raw):
    return tell_forwarded(read(raw))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_forward(program, language):
    found = told(PROGRAMS[program](language))
    assert found, "not recognised"
    assert (found.author.name, found.author.email) == CUSTOMER
    assert found.subject == TITLE
    if program != "outlook_classic_text":
        assert [each.email for each in found.to] == [TO[1]]
    assert [each.email for each in found.cc] == [CC[1]]
    assert html_to_text(found.above).strip().startswith(NOTE)
    body = html_to_text(found.body)
    assert body.split() == programs.TEXT.split()
    if program in OWN_HTML:
        assert "<b>printer</b>" in found.body
        assert 'src="cid:flame@customer"' in found.body
    assert "blockquote" not in found.body
    assert "quote" not in found.body
    assert "wrote" not in found.above
    assert "14:03" not in html_to_text(found.above)
    assert CUSTOMER[1] not in found.above


def plain(subject, text, **headers):
    return told(programs.message(subject, text, **headers))


BLOCK = (
    "From: Cleo <cleo@customer.example>\nSent: Monday, 3 March 2025 14:03\nTo: Sales\n"
    "Subject: Printer on fire\n\nThe printer burns.\n"
)


def test_words_of_the_library_are_known():
    """A version that keeps its words in another way would leave us with a few languages."""
    assert len(forward_words.FORWARDED) > 60
    assert "továbbított üzenet" in forward_words.FORWARDED
    assert forward_words.field("Kimden: x") == ("from", "x")


# ------------------------------------------------------------
# NO FORWARDS
# ------------------------------------------------------------


@pytest.mark.parametrize(
    "subject",
    ["RE: Printer", "AW: Printer", "SV: Printer", "Printer", "RE: FW: Printer", "Re: [x] Fwd: a"],
)
def test_reply_with_the_header_of_outlook_is_none(subject):
    assert plain(subject, f"Done.\n\n{BLOCK}") is None
    assert plain(subject, f"Done.\n\n-----Original Message-----\n{BLOCK}") is None
    assert plain(subject, f"Done.\n\n{'_' * 32}\n{BLOCK}") is None


def test_reply_that_quotes_a_forward_is_none():
    forward = f"---------- Forwarded message ---------\n{BLOCK}"
    quoted = "\n".join(f"> {each}" for each in forward.split("\n"))
    sentence = "On Mon, 3 Mar 2025 at 14:03, Agent One <agent@ours.example> wrote:"
    assert plain("Re: Fwd: Printer", f"Done.\n\n{sentence}\n{quoted}") is None
    assert plain("Fwd: Printer", f"Done.\n\n{sentence}\n{quoted}") is None
    assert plain("RE: Printer", f"Done.\n\n{BLOCK}\n{forward}") is None


def test_reply_that_quotes_a_forward_in_html_is_none():
    forward = "---------- Forwarded message ---------<br>" + BLOCK.replace("<", "&lt;").replace(
        "\n", "<br>"
    )
    html = (
        '<div dir="ltr">Done.</div><br><div class="gmail_quote"><div class="gmail_attr">On Mon, 3'
        " Mar 2025 at 14:03, Agent One &lt;agent@ours.example&gt; wrote:<br></div>"
        f'<blockquote class="gmail_quote"><div>{forward}</div></blockquote></div>'
    )
    assert told(programs.message("Re: Printer", "Done.", html)) is None
    assert told(programs.message("Fwd: Printer", "Done.", html)) is None


@pytest.mark.parametrize(
    "text",
    [
        "See the forwarded message:\n\nIt burns.",
        "---------- Forwarded message ---------\n\nI forgot the rest.",
        "From: our side it is fine.\nTo: be done.",
        "Begin forwarded message:\n",
        "",
    ],
)
def test_words_alone_are_no_forward(text):
    assert plain("Fwd: Printer", text) is None


def test_finnish_reply_is_no_danish_forward():
    words = programs.Words("fi")
    block = programs._outlook_text(words)
    assert plain("VS: Printer", block) is None
    assert plain("VS: Printer", f"Done.\n\n{BLOCK}", language="fi-FI") is None
    assert plain("VS: Printer", f"Done.\n\n{BLOCK}") is None
    assert plain("VS: Printer", f"Done.\n\n{BLOCK}", language="da-DK").author.name == "Cleo"


def test_report_is_none():
    raw = programs.attached().replace(
        b"multipart/mixed", b"multipart/report; report-type=delivery-status", 1
    )
    assert told(raw) is None


# ------------------------------------------------------------
# NOT CERTAIN
# ------------------------------------------------------------


def test_only_a_name():
    found = plain("FW: Printer", BLOCK.replace(" <cleo@customer.example>", ""))
    assert found.author is None
    assert [(each.name, each.email) for each in found.candidates] == [("Cleo", "")]


def test_on_behalf_of():
    found = plain(
        "FW: Printer",
        BLOCK.replace("Sent:", "Sent:").replace(
            "Cleo <cleo@customer.example>",
            "Desk <desk@customer.example> On Behalf Of Cleo <cleo@customer.example>",
        ),
    )
    assert found.author is None
    assert {each.email for each in found.candidates} == {
        "desk@customer.example",
        "cleo@customer.example",
    }


def test_several_attached():
    mails = [programs.original(), programs.original(sender=("Dan", "dan@other.example"))]
    found = told(programs.attached(mails=mails))
    assert found.author is None
    assert [each.email for each in found.candidates] == [CUSTOMER[1], "dan@other.example"]


def test_attached_to_a_mail_about_something_else():
    found = told(programs.attached(subject="Who can do this?"))
    assert found.author is None
    assert [each.email for each in found.candidates] == [CUSTOMER[1]]


def test_attached_to_a_reply_is_none():
    assert told(programs.attached(subject=f"Re: {TITLE}")) is None


# ------------------------------------------------------------
# WHO IS THE CUSTOMER
# ------------------------------------------------------------

NESTED = (
    "Yours?\n\nFrom: Agent Two <two@ours.example>\nSent: Tuesday, 4 March 2025 09:00\n"
    "To: Agent One\nSubject: FW: Printer on fire\n\nI can't do that.\n\n" + BLOCK
)


def is_ours(address):
    return address.normalized.endswith("@ours.example")


def test_forward_of_a_colleagues_forward():
    found = plain("FW: FW: Printer on fire", NESTED)
    assert found.author.email == "two@ours.example"
    settled = found.settled(is_ours)
    assert settled.author.email == "cleo@customer.example"
    assert settled.subject == "Printer on fire"
    assert html_to_text(settled.body) == "The printer burns."
    above = html_to_text(settled.above)
    assert "Yours?" in above and "I can't do that." in above and "Agent Two" in above
    assert found.emails >= {"two@ours.example", "cleo@customer.example"}


def test_customers_own_forward_ends_the_search():
    found = plain("FW: FW: Printer on fire", NESTED).settled(lambda _each: False)
    assert found.author.email == "two@ours.example"
    assert "The printer burns." in html_to_text(found.body)


def test_forward_of_somebody_of_the_house_is_not_certain():
    found = plain("FW: FW: Printer on fire", NESTED).settled(lambda _each: False, is_ours)
    assert found.author is None
    assert [each.email for each in found.candidates] == [
        "two@ours.example",
        "cleo@customer.example",
    ]


def test_our_own_mail_is_of_no_customer():
    """Whom it went to, and whom it answers, may be the one."""
    text = (
        "From: Support <support@ours.example>\nSent: Monday, 3 March 2025 14:03\n"
        "To: Dan <dan@other.example>\nSubject: RE: Printer on fire\n\nWe come.\n\n" + BLOCK
    )
    found = plain("FW: Printer on fire", text).settled(is_ours)
    assert found.author is None
    assert {each.email for each in found.candidates} == {
        "cleo@customer.example",
        "dan@other.example",
    }


# ------------------------------------------------------------
# PARTS
# ------------------------------------------------------------


def test_attached_mail():
    found = told(programs.attached())
    assert (found.author.name, found.author.email) == CUSTOMER
    assert found.attached and found.subject == TITLE
    assert html_to_text(found.above) == NOTE
    assert [each.name for each in found.attachments] == ["printer.log"]
    assert found.date.isoformat() == "2025-03-03T13:03:00+00:00"
    assert [each.email for each in found.cc] == [CC[1]]


@pytest.mark.parametrize("subject", ["", TITLE, f"Fwd: {TITLE}", "[Fwd: something]"])
def test_subjects_of_attached_mails(subject):
    found = told(programs.attached(subject=subject, text=""))
    assert found.author.email == CUSTOMER[1]
    assert found.above == ""


def test_signature_alone_is_nothing_said():
    found = plain("FW: Printer", f"-- \nAgent One\nOurs Ltd\n\n{BLOCK}")
    assert found.author and found.above == ""
    html = (
        '<div class="gmail_signature">Agent One<br>Ours Ltd</div><div class="gmail_quote">'
        "---------- Forwarded message ---------<br>From: &lt;cleo@customer.example&gt;<br>"
        "Date: today<br>Subject: x<br><br>It burns.</div>"
    )
    found = told(programs.message("Fwd: x", None, html))
    assert found.author.email == "cleo@customer.example" and found.above == ""


def test_words_below_the_original_are_the_forwarders():
    html = (
        "<p>Please.</p><div class='moz-forward-container'>-------- Forwarded Message --------<br>"
        "Subject: x<br>From: Cleo &lt;cleo@customer.example&gt;<br><br>It burns.</div>"
        "<p>They never pay.</p>"
    )
    found = told(programs.message("Fwd: x", None, html))
    assert html_to_text(found.body) == "It burns."
    assert "They never pay." in html_to_text(found.above)


def test_original_keeps_what_it_quotes():
    text = BLOCK + "\nOn Mon, 3 Mar 2025 at 10:00, Sales <sales@ours.example> wrote:\n> Buy one.\n"
    found = plain("FW: Printer", text)
    assert "Buy one." in found.body


def test_address_behind_a_link():
    html = (
        '<div><b>From:</b> <a href="mailto:Cleo@customer.example?subject=x">Cleo</a><br>'
        "<b>Sent:</b> today<br><b>To:</b> Sales<br><b>Subject:</b> x</div><p>It burns.</p>"
    )
    found = told(programs.message("FW: x", None, html))
    assert found.author.normalized == "cleo@customer.example"


def test_address_that_only_the_text_shows():
    html = (
        "<div><b>From:</b> Cleo<br><b>Sent:</b> today<br><b>To:</b> Sales<br><b>Subject:</b> x"
        "</div><p>It burns.</p>"
    )
    found = told(programs.message("FW: x", BLOCK, html))
    assert found.author.email == "cleo@customer.example"


def test_folded_recipients():
    text = BLOCK.replace(
        "To: Sales", "To: Ann <ann@customer.example>;\n\tBob <bob@customer.example>"
    )
    found = plain("FW: x", text)
    assert [each.email for each in found.to] == ["ann@customer.example", "bob@customer.example"]


def test_subject_without_prefixes():
    found = plain("FW: x", BLOCK.replace("Printer on fire", "RE: [ACME] Fwd: Printer"))
    assert found.subject == "[ACME] Printer"


# ------------------------------------------------------------
# HOSTILE
# ------------------------------------------------------------

MANY = 200_000
HOSTILE = {
    "blank lines": "\n" * MANY + BLOCK,
    "open brackets": "<" * MANY + BLOCK,
    "attributions": 'Am 1.1.2025 schrieb "' * 10_000 + BLOCK,
    "From fields": "From: a <a@b.example>\n" * 20_000,
    "From fields of others": "From: a\nX: y\n" * 20_000,
    "a long field": f"From: {'<a@b.example<mailto:' * 20_000}\nTo: x\nSent: y\nSubject: z\n",
    "dashes": "-" * MANY + "\n" + BLOCK,
    "delimiters": "---------- Forwarded message ---------\n" * 10_000,
    "rules": ("_" * 40 + "\n") * 10_000 + BLOCK,
    "quote marks": ">" * MANY + "\n" + BLOCK,
    "forwards in forwards": BLOCK.replace("Subject: ", "Subject: FW: ") * 2_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_no_time(name):
    mail = read(programs.message("FW: x", HOSTILE[name]))
    start = time.process_time()
    tell_forwarded(mail)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 5_000 + BLOCK,
        "<blockquote>" * 200 + "x<br>" * 20_000,
        "<p></p>" * 100_000 + BLOCK,
        "<div><p></p></div>" * 50_000,
        "<table><tr><td>From:</td></tr></table>" * 10_000,
        "".join(f"<div class='gmail_quote'>From: a{each}<br>" for each in range(240)),
    ],
    ids=["deep", "quotes", "empty", "nested", "tables", "boxes"],
)
def test_hostile_html_takes_no_time(html):
    html += "<p>From: a@b.example<br>To: x<br>Sent: y<br>Subject: FW: z</p>" + "<p></p>" * 1000
    mail = read(programs.message("FW: x", None, html))
    start = time.process_time()
    tell_forwarded(mail)
    assert time.process_time() - start < 5


def test_mails_attached_to_attached_mails():
    mail = programs.original(subject="FW: 0")
    for number in range(25):
        outer = programs.EmailMessage()
        outer["From"] = f"{number}@ours.example"
        outer["Subject"] = f"FW: {number}"
        outer.set_content("See")
        outer.add_attachment(mail)
        mail = outer
    found = told(mail.as_bytes())
    assert found.author


def test_the_words_of_the_library_are_there():
    """They are taken from a module of its own that an update may change."""
    for words in ("Přeposlaná zpráva", "Továbbított üzenet", "Перенаправленное сообщение"):
        assert forward_words.is_forwarded(f"---------- {words} ----------"), words
    for line in ("Feladó: x", "От: x", "Gönderen: x", "Šalje: x"):
        assert forward_words.field(line) == ("from", "x"), line
