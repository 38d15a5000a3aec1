# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""A mail as a situation describes it -> bytes, as they lie in a mailbox."""

import base64
import hashlib
import itertools
import mimetypes
import re
from email.message import EmailMessage
from email.utils import parseaddr

from ..models import own_mail
from .common import DATE, DOMAIN, MARTA
from .situation_file import FOLDER, Unclear

#: The name under which the mailbox's own server reports.
SERVER = f"mx.{DOMAIN}"
_numbers = itertools.count(1)
_NAMED = re.compile(r"\{([^{}\n]{1,60})\}")


class MailBuilder:
    """Builds the mails of one situation.

    :param env: for the marks of our own mail
    :param numbers: name of a ticket -> its number
    :param message_ids: “A”, “last answer of A”, … or the name of an earlier mail -> Message-ID
    :param subjects: the same names -> subject
    """

    def __init__(self, env, numbers, message_ids, subjects, ticket_ids):
        self.env = env
        self.numbers = numbers
        self.message_ids = message_ids
        self.subjects = subjects
        self.ticket_ids = ticket_ids

    def fill(self, text: str) -> str:
        """Put ticket numbers and Message-IDs in the place of their names in braces; other
        braces stay."""

        def known(found):
            name = found[1]
            return self.numbers.get(name) or self.message_ids.get(name) or found[0]

        return _NAMED.sub(known, text)

    def message_id(self, name: str) -> str:
        """The Message-ID of a message that a situation names."""
        if name in self.message_ids:
            return self.message_ids[name]
        if name.startswith("<"):
            return name
        known = ", ".join(f"“{each}”" for each in sorted(self.message_ids))
        raise Unclear(f"No message is called {name!r} here, but {known or 'none at all'}")

    def build(self, spec: dict) -> bytes:
        """The mail, whole."""
        if "file" in spec:
            return self.fill((FOLDER / "mails" / spec["file"]).read_text("utf-8")).encode()
        head = "".join(f"{name}: {value}\n" for name, value in self._head(spec))
        return head.encode() + self._body(spec)

    # ------------------------------------------------------------
    # HEADER
    # ------------------------------------------------------------

    def _head(self, spec):
        yield from self._authentication(spec)
        if "delivered to" in spec:
            yield "X-Original-To", spec["delivered to"]
        if "our mark" in spec:
            subject = self.ticket_ids[spec["of ticket"]]
            yield from own_mail.stamp_header(self.env, spec["our mark"], subject).items()
        if "automatic" in spec:
            yield "Auto-Submitted", spec["automatic"]
        for name, values in spec.get("headers", {}).items():
            for value in values:
                yield name, self.fill(value)
        answered = spec.get("answers")
        if answered:
            message_id = self.message_id(answered)
            yield "In-Reply-To", message_id
            yield "References", message_id
        if "outlook conversation" in spec:
            yield "Thread-Topic", self.subjects.get(answered, "The printer burns")
            yield "Thread-Index", thread_index(spec["outlook conversation"], bool(answered))
        fields = {
            "From": spec.get("from", MARTA),
            "Sender": spec.get("sender"),
            "Reply-To": spec.get("reply to"),
            "To": spec.get("to", f"support@{DOMAIN}"),
            "Cc": spec.get("cc"),
            "Subject": self.fill(self._subject(spec)),
            "Date": spec.get("date", DATE),
            "Message-ID": self.fill(
                spec.get("message id", f"<situation-{next(_numbers)}@acorn-tests.example>")
            ),
        }
        yield from ((name, value) for name, value in fields.items() if value)

    def _authentication(self, spec):
        results = spec.get("authentication")
        if not results:
            return
        domain = parseaddr(spec.get("from", MARTA))[1].rpartition("@")[2]
        told = [
            f"{each} header.from={domain}" if re.fullmatch(r"dmarc=\w+", each) else each
            for each in results
        ]
        yield "Authentication-Results", "; ".join([SERVER, *told])

    def _subject(self, spec) -> str:
        if "subject" in spec:
            return spec["subject"]
        if "bounce" in spec:
            return "Undelivered Mail Returned to Sender"
        if "answers" in spec:
            return f"Re: {self.subjects.get(spec['answers'], 'The printer burns')}"
        return "The printer burns"

    # ------------------------------------------------------------
    # BODY
    # ------------------------------------------------------------

    def _body(self, spec) -> bytes:
        for word, build in (
            ("bounce", self._bounce),
            ("receipt", self._receipt),
            ("complaint", self._complaint),
        ):
            if word in spec:
                return build(spec[word])
        text = self.fill(spec.get("text", "It smells of smoke."))
        body = EmailMessage()
        body.set_content(text)
        if "html" in spec:
            body.add_alternative(self.fill(spec["html"]), subtype="html")
        if "calendar" in spec:
            body.make_mixed()
            body.attach(self._calendar(spec["calendar"]))
        for name in spec.get("attachments", ()):
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            main, _slash, sub = kind.partition("/")
            body.add_attachment(f"Content of {name}".encode(), main, sub, filename=name)
        if "attached mail" in spec:
            body.add_attachment(self._attached(spec["attached mail"]))
        return body.as_bytes()

    def _attached(self, spec) -> EmailMessage:
        attached = EmailMessage()
        for name, value in (
            ("From", spec["from"]),
            ("To", spec.get("to", "brad@mailflow.test")),
            ("Cc", spec.get("cc")),
            ("Subject", spec.get("subject", "The scanner smokes")),
            ("Date", DATE),
            ("Message-ID", f"<attached-{next(_numbers)}@acorn-tests.example>"),
        ):
            if value:
                attached[name] = value
        for name, values in spec.get("headers", {}).items():
            for value in values:
                attached[name] = value
        attached.set_content(self.fill(spec.get("text", "It did so the whole morning.")))
        for name in spec.get("attachments", ()):
            attached.add_attachment(b"content", "application", "pdf", filename=name)
        return attached

    def _calendar(self, spec) -> EmailMessage:
        lines = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Situations//EN",
            f"METHOD:{spec.get('method', 'REQUEST')}",
            "BEGIN:VEVENT",
            f"UID:situation-{next(_numbers)}@acorn-tests.example",
            "DTSTAMP:20260303T093000Z",
            f"DTSTART:{spec.get('start', '20260310T140000Z')}",
            "DTEND:20260310T150000Z",
            f"SUMMARY:{spec.get('summary', 'Visit of the technician')}",
            f"ORGANIZER:mailto:{spec.get('organizer', f'support@{DOMAIN}')}",
        ]
        attendee = spec.get("attendee", parseaddr(MARTA)[1])
        lines.append(f"ATTENDEE;PARTSTAT={spec.get('says', 'NEEDS-ACTION')}:mailto:{attendee}")
        if "comment" in spec:
            lines.append(f"COMMENT:{spec['comment']}")
        lines += ["END:VEVENT", "END:VCALENDAR", ""]
        part = EmailMessage()
        part.set_content("\r\n".join(lines), subtype="calendar")
        part.set_param("method", spec.get("method", "REQUEST"))
        return part

    def _bounce(self, spec) -> bytes:
        """A delivery report (RFC 3464); its first part is what people read."""
        recipient = spec["recipient"]
        action = spec.get("action", "failed")
        reason = spec.get("reason", "the mailbox is full")
        about = [
            f"Final-Recipient: rfc822; {recipient}",
            f"Action: {action}",
            f"Status: {spec.get('status', '5.2.2')}",
        ]
        if "reply" in spec:
            about.append(f"Diagnostic-Code: smtp; {spec['reply']}")
        original = spec.get("original", "headers")
        of = self.message_id(spec["of"]) if "of" in spec else "<unknown@elsewhere.example>"
        quoted = f"From: support@{DOMAIN}\nTo: {recipient}\nSubject: x\nMessage-ID: {of}\n"
        returned = {
            "headers": ("text/rfc822-headers", quoted),
            "whole mail": ("message/rfc822", f"{quoted}\nWe look at it.\n"),
            "none": None,
        }[original]
        return _report(
            "delivery-status",
            f"<{recipient}>: {reason}\n",
            ("Reporting-MTA: dns; mx.acorn-tests.example", "", *about),
            returned,
        )

    def _receipt(self, spec) -> bytes:
        """A read receipt (RFC 8098)."""
        says = spec.get("says", "displayed")
        return _report(
            "disposition-notification",
            "Your message was read.\n",
            (
                f"Final-Recipient: rfc822; {spec.get('recipient', parseaddr(MARTA)[1])}",
                f"Original-Message-ID: {self.message_id(spec['of'])}",
                f"Disposition: manual-action/MDN-sent-manually; {says}",
            ),
            None,
        )

    def _complaint(self, spec) -> bytes:
        """A feedback report (RFC 5965)."""
        of = self.message_id(spec["of"]) if "of" in spec else "<unknown@elsewhere.example>"
        recipient = spec.get("recipient", parseaddr(MARTA)[1])
        return _report(
            "feedback-report",
            "This is an abuse report.\n",
            (
                "Feedback-Type: abuse",
                "User-Agent: Situations/1",
                "Version: 1",
                f"Original-Rcpt-To: {recipient}",
            ),
            (
                "message/rfc822",
                f"From: support@{DOMAIN}\nTo: {recipient}\nSubject: x\nMessage-ID: {of}\n\nx\n",
            ),
        )


def _report(kind, text, fields, returned) -> bytes:
    machine = {"feedback-report": "message/feedback-report"}.get(kind, f"message/{kind}")
    parts = [("text/plain", text), (machine, "\n".join(fields) + "\n")]
    if returned:
        parts.append(returned)
    body = "".join(f"--part\nContent-Type: {name}\n\n{content}\n" for name, content in parts)
    return (
        f'MIME-Version: 1.0\nContent-Type: multipart/report; report-type={kind}; boundary="part"'
        f"\n\n{body}--part--\n"
    ).encode()


def thread_index(conversation: str, answers: bool) -> str:
    """A Thread-Index as Outlook writes it: 22 octets of a conversation, 5 more of each answer."""
    guid = hashlib.md5(conversation.encode(), usedforsecurity=False).digest()
    raw = b"\x01\xdc\xab\x00\x11\x22" + guid
    if answers:
        raw += next(_numbers).to_bytes(5, "big")
    return base64.b64encode(raw).decode()
