"""Bytes -> :class:`Mail`: parsed once, a frozen value that the later steps only read.

:func:`read` never raises. What was wrong with a mail, and which bound it hit, stands in
``Mail.notes``:

================================  ====================  =======================================
code                              values                meaning
================================  ====================  =======================================
``charset_unknown``               charset, used         no such charset; read as ``used``
``charset_wrong``                 charset, used         the bytes are not what is declared
``transfer_encoding_unknown``     encoding              the content was taken as it is
``base64_damaged``                name                  decoded as far as it goes
``boundary_missing``              count                 a multipart names no boundary
``boundary_unclosed``             count                 a multipart does not end (cut off?)
``header_end_missing``            count                 no blank line after the header of a part
``header_line_unreadable``        count                 neither a field nor a folded line
``header_too_long``               limit                 long fields cut, or left out when there are
                                                        too many
``parts_limit``                   limit                 parts beyond left out
``depth_limit``                   limit                 deeper parts kept whole as attachments
``attachments_limit``             limit, count          attachments beyond left out
``text_limit``                    limit                 text beyond that many bytes left out
``subject_limit``                 limit                 the subject was cut
``nul_removed``                                         NUL bytes in the body
``message_id_missing``            used                  made up from the content
``message_id_unusable``           used                  made up from the content
``from_missing``                                        no From address
``date_missing``
``date_unreadable``               value
``uuencode_extracted``            count                 files inside the text became attachments
``winmail_unpacked``              name, count           its files became attachments
``winmail_body``                  name                  the body is the one inside of it
``winmail_damaged``               name                  unpacked as far as it goes, and kept
``winmail_left_out``              name                  it holds no file, and no other text
``winmail_unreadable``            name                  kept as it is
``smime_opened``                                        the text inside of a signature is shown
``smime_unreadable``              name                  neither signed nor encrypted, or damaged
``reading_failed``                error                 a defect of this program; only the raw
                                                        source is of use
================================  ====================  =======================================

What is left out is never lost: the raw source is kept by the caller.
"""

import binascii
import hashlib
import logging
import mimetypes
import re
from datetime import datetime

from . import charset, header, mime, secured
from .armor import has_armor, without_armor
from .charset import one_line
from .container import Containers, Views, given_name
from .header import Address
from .html import html_to_text, tame, text_to_html
from .mail_values import (
    DEFAULT_LIMITS,
    NOBODY,
    RECIPIENT_HEADERS,
    Attachment,
    Delivery,
    Limits,
    Mail,
    Recipient,
)
from .note import Note, note

__all__ = [
    "RECIPIENT_HEADERS",
    "Address",
    "Attachment",
    "Delivery",
    "Limits",
    "Mail",
    "Recipient",
    "given_message_id",
    "read",
]

_logger = logging.getLogger(__name__)

# Not RFC 5322's lists of addresses: these have blanks between them, or more behind a semicolon.
_LOOSE_LISTS = {
    "x-apparently-to",
    "x-forwarded-for",
    "x-ms-exchange-forwardingloop",
    "x-ms-exchange-inbox-rules-loop",
}
_BETWEEN = re.compile(r"[\s,;]+")
# Trace and authentication fields hold no encoded words (RFC 2047 section 5). Who decodes them lets
# an address such as =?utf-8?q?x=3B_dmarc=3Dpass?=@… add a result to those of the server.
_NEVER_ENCODED = {
    "arc-authentication-results",
    "arc-message-signature",
    "arc-seal",
    "authentication-results",
    "dkim-signature",
    "received",
    "received-spf",
}
MAX_SUBJECT = 2000
MAX_NAME = 120
MAX_ORIGINALS = 20

_MAIN_TYPES = {"text/plain", "text/html"}
_BODY_TYPES = _MAIN_TYPES | {"text/enriched", "text/richtext"}
# Renderings for watches and AMP readers; of no use beside the HTML that comes with them.
_SECONDARY = {"text/x-amp-html", "text/watch-html"}
_ORIGINAL_TYPES = {
    "message/rfc822",
    "message/global",
    "message/global-headers",
    "message/rfc822-headers",
    "text/rfc822-headers",
    "text/rfc822",
}
_STATUS_TYPES = {"message/delivery-status", "message/global-delivery-status"}
_DISPOSITION_TYPES = {
    "message/disposition-notification",
    "message/global-disposition-notification",
}
_EXTENSIONS = {
    "application/ics": ".ics",
    "application/octet-stream": ".bin",
    "application/pgp-signature": ".asc",
    "application/pkcs7-mime": ".p7m",
    "application/x-pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-signature": ".p7s",
    "application/ms-tnef": ".dat",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
    "message/delivery-status": ".txt",
    "message/disposition-notification": ".txt",
    "message/feedback-report": ".txt",
    "message/global": ".eml",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/rfc822-headers": ".txt",
    "text/x-vcard": ".vcf",
    "text/vcard": ".vcf",
}
_WINMAIL_TYPES = {"application/ms-tnef", "application/vnd.ms-tnef"}
_WINMAIL_NAME = re.compile(r"^win(?:mail|dat)?\d{0,4}\.dat$", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_METHOD = re.compile(r"^METHOD[^:\r\n]*:\s*([A-Za-z-]+)", re.MULTILINE)
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n", re.MULTILINE)
_ENRICHED_TAG = re.compile(r"<[^<>]{0,200}>")
_PATH = re.compile(r"^.*[/\\]", re.DOTALL)
_NAME_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\<>:"|?*]')
_SPACE = re.compile(r"\s+")
_HEADER_END = re.compile(rb"\n\r?\n")


def read(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> Mail:
    """Read a mail.

    :param raw: the message as received (RFC 5322), with any line ends
    :return: the mail; of what cannot be read its notes tell. Never raises.
    """
    raw = bytes(raw)
    try:
        return _Reader(raw, limits, secured.MAX_LAYERS).mail()
    except Exception as error:
        # A mail must never be lost to a defect in here: the ledger row shows the note, and
        # a later version reads the raw source again.
        _logger.exception("cannot read a mail of %d bytes", len(raw))
        digest = hashlib.sha256(raw).hexdigest()
        return Mail(
            size=len(raw),
            identity=digest,
            body_digest=digest,
            message_id=_made_up_id(digest),
            message_id_given=False,
            attachments=(Attachment("message.eml", "message/rfc822", raw, "", False),),
            notes=(note("reading_failed", error=type(error).__name__),),
        )


def given_message_id(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> str:
    """The Message-ID of a mail, from its header alone: as :func:`read` tells it, but ``""`` if
    the mail gives none that can be used. Never raises.

    :param raw: the message as received (RFC 5322), with any line ends
    """
    start = bytes(raw[: limits.header_bytes])
    # empty lines before the header are no end of it
    end = _HEADER_END.search(start, len(start) - len(start.lstrip()))
    mail = read(start[: end.end()] if end else start, limits)
    return mail.message_id if mail.message_id_given else ""


def _made_up_id(digest: str) -> str:
    return f"<{digest}@missing-message-id.invalid>"


class _Reader(Containers):
    """The steps of reading one mail; thrown away afterwards."""

    def __init__(self, raw: bytes, limits: Limits, layers: int):
        super().__init__(layers)
        self.raw = raw
        self.limits = limits
        self.notes: dict[tuple, Note] = {}
        self.attachments: list[Attachment] = []
        self.attachments_left_out = 0
        self.text_budget = limits.text_bytes
        self.uuencoded = 0
        self.report: dict[str, list] = {
            "statuses": [],
            "dispositions": [],
            "feedbacks": [],
            "originals": [],
            "calendar_methods": [],
        }
        self.texts: dict[int, str] = {}

    def note(self, code: str, **values: str | int) -> None:
        self.notes[(code, *values.values())] = note(code, **values)

    def mail(self) -> Mail:
        source = self.raw
        if b"\n" not in source and b"\r" in source:
            source = source.replace(b"\r", b"\n")  # line ends of old Macintosh programs
        self.source = source
        structure = mime.parse(
            source,
            max_parts=self.limits.parts,
            max_depth=self.limits.depth,
            header_bytes=self.limits.header_bytes,
        )
        root = structure.root
        first: dict[str, str] = {}
        every: dict[str, list[str]] = {}
        for name, value in root.fields:
            key = name.lower()
            first.setdefault(key, value)
            every.setdefault(key, []).append(value)
        self.first, self.every = first, every
        body_start = root.body[0]
        views = self._views(root)
        text, html = self._body(views)
        if not text.strip() and not html and self.winmail:
            text, html = self._winmail_body(self.winmail)
        self._note_bare_winmails()
        # of a winmail.dat, or encrypted; the parts of the body have lost theirs
        text, mark = secured.read_armor(text)
        self._mark(mark)
        self._note_structure(structure.oddities)
        message_id, given, identity = self._identity()
        from_all = self._addresses("from")
        if not any(address.email for address in from_all):
            self.note("from_missing")
        in_reply_to = header.message_ids(
            " ".join(every.get("in-reply-to", ())), self.limits.references
        )
        references = header.message_ids(
            " ".join(every.get("references", ())), self.limits.references
        )
        sender = self._addresses("sender")
        bodies = {id(part): part for part in (*views.text, *views.html)}.values()
        report_type = root.params.get("report-type", "").lower()
        return Mail(
            size=len(self.raw),
            identity=identity,
            body_digest=hashlib.sha256(memoryview(source)[body_start:]).hexdigest(),
            message_id=message_id,
            message_id_given=given,
            subject=self._subject(),
            from_=next((a for a in from_all if "@" in a.email), None)
            or next(iter(from_all), NOBODY),
            from_all=from_all,
            sender=sender[0] if sender else None,
            reply_to=self._addresses("reply-to"),
            return_path=self._return_path(),
            to=self._addresses("to"),
            cc=self._addresses("cc"),
            recipients=self._recipients(),
            date=self._date(),
            in_reply_to=in_reply_to,
            references=references,
            headers=tuple(
                (name, one_line(value) if name.lower() in _NEVER_ENCODED else header.text(value))
                for name, value in root.fields
            ),
            content_type=root.content_type,
            text=text,
            html=html,
            text_parts=sum(not _is_html(part) for part in bodies),
            html_parts=sum(_is_html(part) for part in bodies),
            secured=tuple(self.marks),
            attachments=tuple(self.attachments),
            delivery=Delivery(
                report_type=report_type,
                **{name: tuple(values) for name, values in self.report.items()},
            ),
            notes=tuple(self.notes.values()),
        )

    # ---- header ----

    def _addresses(self, name: str) -> tuple[Address, ...]:
        values = self.every.get(name)
        if not values:
            return ()
        if name in _LOOSE_LISTS:
            # of a web proxy X-Forwarded-For holds hosts
            values = [each for value in values for each in _BETWEEN.split(value) if "@" in each]
        return header.addresses(", ".join(values), self.limits.addresses)

    def _recipients(self) -> tuple[Recipient, ...]:
        found: dict[str, Recipient] = {}
        for name in RECIPIENT_HEADERS:
            for address in self._addresses(name.lower()):
                if "@" in address.email:
                    email = address.normalized
                    found.setdefault(email, Recipient(name, email))
        return tuple(found.values())

    def _subject(self) -> str:
        subject = header.text(self.first.get("subject", ""))
        if len(subject) > MAX_SUBJECT:
            self.note("subject_limit", limit=MAX_SUBJECT)
            subject = subject[:MAX_SUBJECT].rstrip()
        return subject

    def _return_path(self) -> str | None:
        value = self.first.get("return-path")
        if value is None:
            return None
        found = header.addresses(value[:2000], 1)
        return found[0].email if found else ""

    def _date(self) -> datetime | None:
        value = self.first.get("date", "")
        if not value:
            self.note("date_missing")
            return None
        moment = header.date(value)
        if moment is None:
            self.note("date_unreadable", value=value[:100])
        return moment

    def _identity(self) -> tuple[str, bool, str]:
        value = self.first.get("message-id", "")
        ids = header.message_ids(value, 1)
        if not ids and value and len(value) <= header.MAX_MESSAGE_ID and "<" not in value:
            ids = header.message_ids(f"<{value}>", 1)
        if not ids:
            digest = hashlib.sha256(self.raw).hexdigest()
            made_up = _made_up_id(digest)
            code = "message_id_unusable" if value else "message_id_missing"
            self.note(code, used=made_up)
            return made_up, False, digest
        parts = [ids[0], self.first.get("from", ""), self.first.get("date", "")]
        if not parts[-1].strip():
            # Devices send each alarm under the same Message-ID. The topmost Received field is
            # that of the mailbox's own server: the same at each fetch, another for each mail.
            parts += [self.first.get("subject", ""), self.first.get("received", "")]
        joined = "\n".join(_SPACE.sub(" ", part) for part in parts)
        return ids[0], True, hashlib.sha256(joined.encode()).hexdigest()

    def _note_structure(self, oddities: dict[str, int]) -> None:
        limits = {
            "parts_limit": self.limits.parts,
            "depth_limit": self.limits.depth,
            "header_too_long": self.limits.header_bytes,
        }
        for code, count in oddities.items():
            if code in limits:
                self.note(code, limit=limits[code])
            else:
                self.note(code, count=count)
        if self.attachments_left_out:
            self.note(
                "attachments_limit",
                limit=self.limits.attachments,
                count=self.attachments_left_out,
            )
        if self.uuencoded:
            self.note("uuencode_extracted", count=self.uuencoded)

    # ---- body ----

    def _views(self, part: mime.Part, parent: mime.Part | None = None, first=True) -> Views:
        """Sort the leaves into body and attachments, after RFC 8621 section 4.1.4.

        Recursive: :func:`.mime.parse` has bounded the depth.
        """
        if not part.children:
            return self._leaf(part, parent, first)
        if part.content_type == "multipart/alternative":
            return self._alternative(part)
        main = part.children[0]
        if part.content_type == "multipart/related":
            start = part.params.get("start", "").strip("<> ")
            if start:
                main = next((p for p in part.children if _cid(p) == start), main)
        views = Views()
        for child in part.children:
            found = self._views(child, part, child is main)
            views.text += found.text
            views.html += found.html
        return views

    def _alternative(self, part: mime.Part) -> Views:
        found = [self._views(child, part, True) for child in part.children]
        html = next((v for v in reversed(found) if _has(v.html, "text/html")), None)
        plain = [v for v in found if v.text and not all(_is_html(p) for p in v.text)]
        if html is None:
            # Several plain texts are not the same text twice in practice.
            texts = [p for v in plain for p in v.text]
            return Views(texts, list(texts))
        # Apple Mail wraps the HTML alternative in a mixed; its plain parts are not another text.
        text = next((v for v in plain if not _has(v.text, "text/html")), None)
        return Views((text or (plain[0] if plain else html)).text, html.html)

    def _leaf(self, part: mime.Part, parent: mime.Part | None, first: bool) -> Views:
        kind = part.content_type
        around = parent.content_type if parent else ""
        in_related = around == "multipart/related"
        in_alternative = around == "multipart/alternative"
        opened = self._opened(part)
        if opened:
            return opened
        if kind.startswith("multipart/") and not part.is_multipart:
            empty = part.body[0] >= part.body[1]
            if parent is None and not empty:
                return self._shown(part)  # a multipart without parts: what there is, as text
            if not empty:
                self._attach(part, in_related)
            return Views()
        if part.is_multipart:
            if parent is None:
                return self._shown(part)
            return Views()
        if (
            kind in (_MAIN_TYPES if in_alternative else _BODY_TYPES)
            and part.disposition != "attachment"
            and (first or (not in_related and not given_name(part)))
        ):
            return self._shown(part)
        if kind in _SECONDARY and in_alternative:
            return Views()
        self._note_report(part)
        self._attach(part, in_related)
        return Views()

    def _shown(self, part: mime.Part) -> Views:
        text = self._text(part)
        if not text.strip() and part.content_type not in _BODY_TYPES:
            return Views()
        return Views([part], [part])

    def _text(self, part: mime.Part) -> str:
        """The decoded text of a part of the body; counts against the budget once."""
        if id(part) in self.texts:
            return self.texts[id(part)]
        data = self._content(part)
        if part.content_type == "text/plain" and b"begin " in data:
            data = self._take_uuencoded(data)
        if len(data) > self.text_budget:
            self.note("text_limit", limit=self.limits.text_bytes)
            data = data[: self.text_budget]
        self.text_budget -= len(data)
        text = self._decoded(data, part)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if part.content_type in ("text/enriched", "text/richtext"):
            text = _ENRICHED_TAG.sub("", text)
        elif (
            part.content_type == "text/plain" and part.params.get("format", "").lower() == "flowed"
        ):
            text = _unflow(text, part.params.get("delsp", "").lower() == "yes")
        if part.content_type == "text/plain":
            text, mark = secured.read_armor(text)
            self._mark(mark)
        self.texts[id(part)] = text
        return text

    def _decoded(self, data: bytes, part: mime.Part) -> str:
        if b"\0" in data and not part.params.get("charset", "").lower().startswith("utf-"):
            self.note("nul_removed")
        declared = part.params.get("charset", "")
        if not declared and part.content_type == "text/html" and not data.isascii():
            meta = _META_CHARSET.search(data, 0, 4096)
            declared = meta[1].decode("ascii", "replace") if meta else ""
        text, used = charset.decode(data, declared)
        if used and declared:
            known = charset.codec_name(declared) is not None
            code = "charset_wrong" if known else "charset_unknown"
            self.note(code, charset=declared[:40], used=used)
        return text

    def _body(self, views: Views) -> tuple[str, str | None]:
        texts = []
        for part in views.text:
            text = self._text(part)
            if _is_html(part):
                text = html_to_text(self._without_armor(text))
            texts.append(text.strip("\n"))
        html = None
        if _has(views.html, "text/html"):
            html = "\n".join(
                self._text(part) if _is_html(part) else text_to_html(self._text(part))
                for part in views.html
            )
        return "\n\n".join(text for text in texts if text.strip()), html

    def _without_armor(self, markup: str) -> str:
        if not has_armor(markup):
            return markup
        tamed = tame(markup)
        bare = without_armor(tamed)
        self._mark(secured.PGP_SIGNED if bare != tamed else "")
        return bare

    def _content(self, part: mime.Part) -> bytes:
        data = self.source[part.body[0] : part.body[1]]
        encoding = part.value("content-transfer-encoding")
        encoding = encoding.partition("(")[0].strip(" \t\"';").lower() if encoding else ""
        if encoding in ("", "7bit", "8bit", "binary", "7-bit", "8-bit", "none", "plain"):
            return data
        if encoding == "quoted-printable":
            return binascii.a2b_qp(data)
        if encoding == "base64":
            if part.content_type.startswith(("text/", "message/")) and _not_base64(data):
                self.note("base64_damaged", name=part.content_type)
                return data
            decoded, ok = header.base64_bytes(data)
            if not ok:
                self.note("base64_damaged", name=given_name(part) or part.content_type)
            return decoded
        if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
            begin = _UU_BEGIN.search(data)
            return _uudecode(data, begin.end())[0] if begin else data
        self.note("transfer_encoding_unknown", encoding=encoding[:40])
        return data

    def _take_uuencoded(self, data: bytes) -> bytes:
        """Turn uuencoded files within a text into attachments."""
        rest = []
        position = 0
        # Without a line "end" further down there is no file, and no need to try each "begin".
        last_end = max(data.rfind(b"\nend\n"), data.rfind(b"\nend\r"))
        if data.endswith(b"\nend"):
            last_end = len(data) - 4
        while match := _UU_BEGIN.search(data, position):
            if match.start() > last_end or len(rest) >= self.limits.attachments:
                break
            content, end = _uudecode(data, match.end())
            if end is None:
                rest.append(data[position : match.end()])
                position = match.end()
                continue
            rest.append(data[position : match.start()])
            position = end
            self.uuencoded += 1
            name = charset.decode(match[1])[0]
            guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
            self._keep(name, guessed, content, "", False)
        rest.append(data[position:])
        return b"".join(rest)

    # ---- attachments ----

    def _attach(self, part: mime.Part, in_related: bool) -> None:
        if len(self.attachments) >= self.limits.attachments:
            self.attachments_left_out += 1
            return
        cid = _cid(part)
        inline = part.disposition != "attachment" and (
            part.disposition == "inline" or bool(cid and in_related)
        )
        inline = inline or bool(cid and in_related and part.content_type.startswith("image/"))
        kind = part.content_type
        if kind.startswith("multipart/"):
            kind = "application/octet-stream"
        self._keep(given_name(part), kind, self._content(part), cid, inline)

    def _keep(self, name: str, kind: str, content: bytes, cid: str, inline: bool) -> None:
        is_winmail = kind in _WINMAIL_TYPES or _WINMAIL_NAME.match(name)
        if is_winmail and self._unpack_winmail(name or "winmail.dat", content):
            return
        number = len(self.attachments) + 1
        if number > self.limits.attachments:
            self.attachments_left_out += 1
            return
        self.attachments.append(
            Attachment(_file_name(name, kind, number), kind, content, cid, inline)
        )

    def _note_report(self, part: mime.Part) -> None:
        kind = part.content_type
        if kind in _STATUS_TYPES:
            self._report_text("statuses", part)
        elif kind in _DISPOSITION_TYPES:
            self._report_text("dispositions", part)
        elif kind == "message/feedback-report":
            self._report_text("feedbacks", part)
        elif kind in _ORIGINAL_TYPES:
            if len(self.report["originals"]) < MAX_ORIGINALS:
                data = self._content(part).lstrip(b"\r\n")
                limit = self.limits.header_bytes
                fields, _body, _odd = mime.split_header(data, 0, min(len(data), limit), limit)
                decoded = tuple((name, header.text(value)) for name, value in fields)
                self.report["originals"].append(decoded)
        elif kind == "text/calendar" and part.disposition != "attachment":
            method = part.params.get("method", "")
            if not method:
                found = _METHOD.search(charset.decode(self._content(part)[:4096], "utf-8")[0])
                method = found[1] if found else ""
            if method:
                self.report["calendar_methods"].append(method.upper()[:40])

    def _report_text(self, name: str, part: mime.Part) -> None:
        if len(self.report[name]) < MAX_ORIGINALS:
            data = self._content(part)[: self.limits.header_bytes]
            self.report[name].append(
                charset.decode(data, part.params.get("charset", ""))[0].replace("\r\n", "\n")
            )


def _is_html(part: mime.Part) -> bool:
    return part.content_type == "text/html"


def _has(parts: list[mime.Part], content_type: str) -> bool:
    return any(part.content_type == content_type for part in parts)


def _cid(part: mime.Part) -> str:
    value = part.value("content-id")
    return _SPACE.sub("", header.text(value)).strip("<>") if value else ""


def _file_name(given: str, content_type: str, number: int) -> str:
    """A name that is safe to store under, keeping as much of the given one as can be."""
    name = _SPACE.sub(" ", _PATH.sub("", charset.visible(given))) if given else ""
    name = _NAME_UNSAFE.sub("", name).strip(" .") if name.strip(". ") else ""
    if not name:
        if content_type == "text/calendar":
            return "invitation.ics" if number == 1 else f"invitation-{number}.ics"
        extension = _EXTENSIONS.get(content_type) or mimetypes.guess_extension(content_type)
        return f"attachment-{number}{extension or '.bin'}"
    if given.strip().startswith(".") and not name.startswith("."):
        name = f".{name}" if _PATH.sub("", given.strip()).startswith(".") else name
    if len(name) > MAX_NAME:
        stem, dot, extension = name.rpartition(".")
        if dot and len(extension) <= 10:
            name = f"{stem[: MAX_NAME - len(extension) - 1]}.{extension}"
        else:
            name = name[:MAX_NAME]
    return name


def _not_base64(data: bytes) -> bool:
    """Whether text that is declared as base64 is plain text after all."""
    sample = data[:2000].strip()
    inner_spaces = sample.count(b" ")
    return inner_spaces > 2 and inner_spaces * 20 > len(sample)


def _uudecode(data: bytes, position: int) -> tuple[bytes, int | None]:
    """Decode uuencoded lines up to ``end``; the offset behind it, None if there is none."""
    out = []
    while position < len(data):
        line_end = data.find(b"\n", position)
        line_end = len(data) if line_end < 0 else line_end
        line = data[position:line_end].rstrip(b"\r")
        position = line_end + 1
        if line == b"end":
            return b"".join(out), min(position, len(data))
        if not line:
            continue
        if not 32 <= line[0] <= 96 or len(line) > 120:
            return b"".join(out), None
        length = (line[0] - 32) & 63
        try:
            out.append(binascii.a2b_uu(line[: 1 + (length + 2) // 3 * 4]))
        except binascii.Error:
            return b"".join(out), None
    return b"".join(out), None


def _unflow(text: str, delsp: bool) -> str:
    """Join the soft line breaks of RFC 3676; quoted lines stay as they are."""
    out: list[str] = []
    paragraph: list[str] = []
    for line in text.split("\n"):
        quoted = line.startswith(">")
        if quoted and paragraph:
            out.append("".join(paragraph))
            paragraph = []
        if not quoted and line.startswith(" "):
            line = line[1:]  # space-stuffing
        soft = not quoted and line.endswith(" ") and line != "-- "
        paragraph.append(line[:-1] if soft and delsp else line)
        if not soft:
            out.append("".join(paragraph))
            paragraph = []
    if paragraph:
        out.append("".join(paragraph))
    return "\n".join(line if line == "-- " else line.rstrip(" ") for line in out)
