"""A forwarded mail as each mail program sends it, built from :mod:`.wordings`.

Names and addresses are of nobody: example domains (RFC 2606).
"""

from datetime import datetime, timezone
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape

from .wordings import LANGUAGES

AGENT = "Agent One <agent@ours.example>"
CUSTOMER = ("Cleo Müller", "cleo@customer.example")
TO = ("Sales", "sales@ours.example")
CC = ("Bob", "bob@customer.example")
TITLE = "Printer on fire"
WHEN = "Mon, 3 Mar 2025 14:03:00 +0100"
NOTE = "Please take care of this one."
TEXT = "Hello,\nthe printer burns.\n\nKind regards\nCleo"
IMAGE = '<img src="cid:flame@customer" width="40">'
ORIGINAL = f"<p>Hello,<br>the <b>printer</b> burns. {IMAGE}</p><p>Kind regards<br>Cleo</p>"


class Words:
    """The words of one program in one language."""

    def __init__(self, language, program=""):
        self.words = {**LANGUAGES[language], **LANGUAGES[language].get(f"{program}_fields", {})}
        self.colon = self.words.get("space", "") + ":"

    def __getitem__(self, name):
        return self.words[name]

    def field(self, name):
        return self[name] + self.colon


def shown(address):
    return f"{address[0]} <{address[1]}>"


def linked(address):
    return f'{escape(address[0])} &lt;<a href="mailto:{address[1]}">{address[1]}</a>&gt;'


def message(subject, text=None, html=None, language="", **headers):
    mail = EmailMessage()
    mail["From"] = AGENT
    mail["To"] = "support@ours.example"
    mail["Subject"] = subject
    mail["Date"] = format_datetime(datetime(2025, 3, 3, 15, tzinfo=timezone.utc))
    mail["Message-ID"] = "<forward@ours.example>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    if text is not None:
        mail.set_content(text)
    if html is not None:
        if text is None:
            mail.set_content(html, subtype="html")
        else:
            mail.add_alternative(html, subtype="html")
            # the image that the original shows
            part = mail.get_payload()[1]
            part.add_related(b"GIF89a", "image", "gif", cid="<flame@customer>")
    if language:
        mail["Content-Language"] = language
    return mail.as_bytes()


def outlook_desktop(language):
    words = Words(language)
    rows = [
        (words.field("from"), linked(CUSTOMER)),
        (words.field("sent"), "3 March 2025 14:03"),
        (words.field("to"), linked(TO)),
        (words.field("cc"), linked(CC)),
        (words.field("subject"), TITLE),
    ]
    block = "<br>".join(f"<b>{name}</b> {value}" for name, value in rows)
    html = (
        '<html><body lang="EN-US"><div class="WordSection1">'
        f'<p class="MsoNormal">{NOTE}<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p>'
        '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
        f'<p class="MsoNormal">{block}<o:p></o:p></p></div></div>'
        f'<p class="MsoNormal"><o:p>&nbsp;</o:p></p>{ORIGINAL}</div></body></html>'
    )
    return message(f"{words['prefix']}: {TITLE}", _outlook_text(words), html)


def _outlook_text(words):
    return (
        f"{NOTE}\n\n{words.field('from')} {shown(CUSTOMER)}\n{words.field('sent')} 3 March 2025"
        f" 14:03\n{words.field('to')} {shown(TO)}\n{words.field('cc')} {shown(CC)}\n"
        f"{words.field('subject')} {TITLE}\n\n{TEXT}\n"
    )


def outlook_text(language):
    words = Words(language)
    return message(f"{words['prefix']}: {TITLE}", _outlook_text(words))


def outlook_classic_text(language):
    words = Words(language)
    body = (
        f"{NOTE}\n\n-----{words['original']}-----\n{words.field('from')} {CUSTOMER[0]}"
        f" [mailto:{CUSTOMER[1]}] \n{words.field('sent')} 3 March 2025 14:03\n{words.field('to')}"
        f" {TO[0]}\n{words.field('cc')} '{CC[1]}'\n{words.field('subject')} {TITLE}\n\n{TEXT}\n"
    )
    return message(f"{words['prefix']}: {TITLE}", body)


def outlook_web(language):
    words = Words(language)
    block = "<br>\n".join(
        f"<b>{name}</b> {value}"
        for name, value in [
            (words.field("from"), escape(shown(CUSTOMER))),
            (words.field("sent"), "3 March 2025 14:03"),
            (words.field("to"), escape(shown(TO))),
            (words.field("cc"), escape(shown(CC))),
            (words.field("subject"), TITLE),
        ]
    )
    html = (
        f'<html><body dir="ltr"><div class="elementToProof">{NOTE}</div>'
        '<div id="Signature"><p>Agent One<br>Ours Ltd</p></div>'
        '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1">'
        '<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" color="#000000">'
        f"{block}</font><div>&nbsp;</div></div><div>{ORIGINAL}</div></body></html>"
    )
    text = f"{NOTE}\n{'_' * 32}\n" + _outlook_text(words).partition("\n\n")[2]
    return message(f"{words['prefix']}: {TITLE}", text, html)


def outlook_mobile(language):
    words = Words(language)
    rows = "".join(
        f"<tr><td><b>{name}</b></td><td>{value}</td></tr>"
        for name, value in [
            (words.field("from"), linked(CUSTOMER)),
            (words.field("sent"), "3 March 2025"),
            (words.field("to"), linked(TO)),
            (words.field("cc"), linked(CC)),
            (words.field("subject"), TITLE),
        ]
    )
    html = (
        f"<html><body><div>{NOTE}</div><div><br></div>"
        '<div id="ms-outlook-mobile-signature">Get <a href="https://aka.example">Outlook for'
        ' iOS</a></div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg">'
        f"<table>{rows}</table></div><br>{ORIGINAL}</body></html>"
    )
    return message(f"{words['prefix']}: {TITLE}", None, html)


def gmail(language):
    words = Words(language)
    sender = (
        f'<strong class="gmail_sendername" dir="auto">{CUSTOMER[0]}</strong> <span dir="auto">'
        f'&lt;<a href="mailto:{CUSTOMER[1]}">{CUSTOMER[1]}</a>&gt;</span>'
    )
    html = (
        f'<div dir="ltr">{NOTE}<br><br><div class="gmail_quote gmail_quote_container">'
        '<div dir="ltr" class="gmail_attr">---------- Forwarded message ---------<br>'
        f"{words.field('from')} {sender}<br>Date: Mo., 3. März 2025 um 14:03 Uhr<br>"
        f"Subject: {TITLE}<br>To: {linked(TO)}<br>Cc: {linked(CC)}<br></div><br><br>"
        f"{ORIGINAL}</div></div>"
    )
    return message(f"Fwd: {TITLE}", _gmail_text(words), html)


def _gmail_text(words):
    return (
        f"{NOTE}\n\n---------- Forwarded message ---------\n{words.field('from')}"
        f" {shown(CUSTOMER)}\nDate: Mo., 3. März 2025 um 14:03 Uhr\nSubject: {TITLE}\n"
        f"To: {shown(TO)}\nCc: {shown(CC)}\n\n\n{TEXT}\n"
    )


def gmail_text(language):
    return message(f"Fwd: {TITLE}", _gmail_text(Words(language)))


def apple(language):
    words = Words(language)
    rows = "".join(
        f'<div style="margin:0px"><span><b>{name} </b></span><span>{value}<br></span></div>'
        for name, value in [
            (words.field("from"), linked(CUSTOMER)),
            (words.field("subject"), f"<b>{TITLE}</b>"),
            (words.field("date"), "3. März 2025 um 14:03:00 MEZ"),
            (words.field("to"), linked(TO)),
            (words.field("cc"), linked(CC)),
        ]
    )
    html = (
        '<html><head></head><body style="word-wrap: break-word;">'
        f'{NOTE}<br><div><br><blockquote type="cite"><div>{words["apple"]}</div>'
        f'<br class="Apple-interchange-newline">{rows}<br><div><div>{ORIGINAL}</div></div>'
        "</blockquote></div><br></body></html>"
    )
    return message(f"Fwd: {TITLE}", _apple_text(words), html)


def _apple_text(words):
    quoted = [
        words["apple"], "", f"{words.field('from')} {shown(CUSTOMER)}",
        f"{words.field('subject')} {TITLE}", f"{words.field('date')} 3. März 2025 um 14:03:00 MEZ",
        f"{words.field('to')} {shown(TO)}", f"{words.field('cc')} {shown(CC)}", "",
        *TEXT.split("\n"),
    ]  # fmt: skip
    return f"{NOTE}\n\n" + "\n".join(f"> {each}".rstrip() for each in quoted) + "\n"


def apple_text(language):
    return message(f"Fwd: {TITLE}", _apple_text(Words(language)))


def apple_ios(language):
    words = Words(language)
    html = (
        f'<html><body dir="auto">{NOTE}<div><br><div dir="ltr">Sent from my iPhone</div>'
        f'<div dir="ltr"><br>{words["apple"]}<br><br></div><blockquote type="cite">'
        f'<div dir="ltr"><b>{words.field("from")}</b> {escape(shown(CUSTOMER))}<br>'
        f"<b>{words.field('date')}</b> 3. März 2025 um 14:03:00 MEZ<br>"
        f"<b>{words.field('to')}</b> {escape(shown(TO))}<br><b>{words.field('cc')}</b>"
        f" {escape(shown(CC))}<br><b>{words.field('subject')}</b> <b>{TITLE}</b><br><br></div>"
        f'</blockquote><blockquote type="cite"><div dir="ltr">{ORIGINAL}</div></blockquote>'
        "</div></body></html>"
    )
    return message(f"Fwd: {TITLE}", None, html)


def thunderbird(language):
    words = Words(language, "thunderbird")
    dashes = "---" if language == "pl" else "--------"
    rows = "".join(
        f'<tr><th valign="BASELINE" align="RIGHT" nowrap="nowrap">{name} </th><td>{value}</td></tr>'
        for name, value in [
            (words.field("subject"), TITLE),
            (words.field("date"), WHEN),
            (words.field("from"), linked(CUSTOMER)),
            (words.field("to"), linked(TO)),
            (words.field("cc"), linked(CC)),
        ]
    )
    html = (
        f'<html><body><p>{NOTE}</p><div class="moz-forward-container"><br><br>{dashes}'
        f' {words["thunderbird"]} {dashes}<table class="moz-email-headers-table" cellspacing="0"'
        f"><tbody>{rows}</tbody></table><br><br>{ORIGINAL}</div></body></html>"
    )
    return message(f"Fwd: {TITLE}", _thunderbird_text(words, dashes), html)


def _thunderbird_text(words, dashes):
    return (
        f"{NOTE}\n\n\n{dashes} {words['thunderbird']} {dashes}\n"
        f"{words.field('subject')} \t{TITLE}\n"
        f"{words.field('date')} \t{WHEN}\n{words.field('from')} \t{shown(CUSTOMER)}\n"
        f"{words.field('to')} \t{shown(TO)}\n{words.field('cc')} \t{shown(CC)}\n\n\n{TEXT}\n"
    )


def thunderbird_text(language):
    dashes = "---" if language == "pl" else "--------"
    text = _thunderbird_text(Words(language, "thunderbird"), dashes)
    return message(f"Fwd: {TITLE}", text)


def yahoo(language):
    words = Words(language)
    html = (
        f"<html><body><div>{NOTE}</div><div><br></div>"
        '<div id="ydpa1b2c3d4yahoo_quoted_9" class="ydpa1b2c3d4yahoo_quoted"><div>'
        f"<div>----- {words['yahoo']} -----</div><div><b>{words.field('from')}</b>"
        f" {escape(shown(CUSTOMER))}</div><div><b>{words.field('to')}</b> {escape(shown(TO))}"
        f"</div><div><b>{words.field('cc')}</b> {escape(shown(CC))}</div>"
        f"<div><b>{words.field('sent')}</b> 3. März 2025 um 14:03</div>"
        f"<div><b>{words.field('subject')}</b> {TITLE}</div><div><br></div><div>{ORIGINAL}</div>"
        "</div></div></body></html>"
    )
    return message(f"Fw: {TITLE}", None, html)


def samsung(language):
    words = Words(language)
    html = (
        f'<html><body><div dir="auto">{NOTE}</div><div id="composer_signature"><div>Sent from my'
        ' Galaxy</div></div><div><br></div><div align="left" dir="auto">'
        f"<div>-------- {words['original']} --------</div><div>{words.field('from')}"
        f" {escape(shown(CUSTOMER))} </div><div>{words.field('date')} 03.03.25  14:03"
        f"  (GMT+01:00) </div><div>{words.field('to')} {escape(shown(TO))} </div>"
        f"<div>{words.field('cc')} {escape(shown(CC))} </div><div>{words.field('subject')}"
        f" {TITLE} </div><div><br></div></div>{ORIGINAL}</body></html>"
    )
    return message(f"Fwd: {TITLE}", None, html)


def proton(language):
    words = Words(language)
    html = (
        f'<div>{NOTE}</div><div class="protonmail_signature_block"><div>Sent with Proton Mail'
        ' secure email.</div></div><div class="protonmail_quote">'
        f"------- {words['thunderbird']} -------<br>{words.field('from')} {linked(CUSTOMER)}<br>"
        f"{words.field('date')} On Monday, March 3rd, 2025 at 14:03<br>{words.field('subject')}"
        f" {TITLE}<br>{words.field('to')} {linked(TO)}<br>{words.field('cc')} {linked(CC)}<br>"
        f'<br><blockquote class="protonmail_quote" type="cite">{ORIGINAL}</blockquote><br></div>'
    )
    return message(f"Fw: {TITLE}", None, html)


PROGRAMS = {
    each.__name__: each
    for each in (
        outlook_desktop, outlook_text, outlook_classic_text, outlook_web, outlook_mobile, gmail,
        gmail_text, apple, apple_text, apple_ios, thunderbird, thunderbird_text, yahoo, samsung,
        proton,
    )
}  # fmt: skip


def original(subject=TITLE, sender=CUSTOMER, **headers):
    """The customer's own mail, for those who attach it."""
    mail = EmailMessage()
    mail["From"] = shown(sender)
    mail["To"] = shown(TO)
    mail["Cc"] = shown(CC)
    mail["Subject"] = subject
    mail["Date"] = WHEN
    mail["Message-ID"] = "<original@customer.example>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(TEXT)
    mail.add_attachment(b"log", "text", "x-log", filename="printer.log")
    return mail


def attached(subject=f"FW: {TITLE}", mails=None, text=NOTE):
    """Originals that are attached."""
    mail = EmailMessage()
    mail["From"] = AGENT
    mail["To"] = "support@ours.example"
    mail["Subject"] = subject
    mail["Date"] = WHEN
    mail["Message-ID"] = "<forward@ours.example>"
    mail.set_content(text)
    for each in mails or [original()]:
        mail.add_attachment(each)
    return mail.as_bytes()
