"""Parts of a mail that hold mails or files themselves: winmail.dat, signed S/MIME messages.

What is inside comes to stand among the mail's own parts while it is read (:mod:`.mail`).
"""

import mimetypes
import re
from dataclasses import dataclass, field, replace

from . import mime, secured, winmail
from .html import html_to_text

#: Reports of one kind that are kept of one mail.
MAX_REPORTS = 20

_SMIME_NAME = re.compile(r"\.p7[mz]$", re.IGNORECASE)
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,100}")
# Notes on what only a whole mail has.
_OF_THE_HEADER = {
    "message_id_missing", "message_id_unusable", "from_missing", "date_missing",
    "date_unreadable", "subject_limit",
}  # fmt: skip


@dataclass
class Views:
    """What a part of the body shows: one sequence for plain text, one for HTML."""

    text: list[mime.Part] = field(default_factory=list)
    html: list[mime.Part] = field(default_factory=list)


class Containers:
    """Part of the reader of :mod:`.mail`: the steps that open containers."""

    def __init__(self, layers: int):
        self.layers = layers  # of signed messages within signed ones, still to be opened
        self.marks: dict[str, None] = {}
        self.winmail: winmail.Winmail | None = None  # the first one that has a body
        self.winmail_name = ""
        self.bare_winmails: list[str] = []  # names of those without files
        self.winmail_depth = 0
        self.made_parts: list[mime.Part] = []

    def _mark(self, mark: str) -> None:
        if mark:
            self.marks[mark] = None

    def _opened(self, part: mime.Part) -> Views | None:
        """What a signed S/MIME message holds, as parts of this mail; None if it is none."""
        kind = part.content_type
        if kind in secured.SIGNATURES:
            self._mark(secured.SIGNATURES[kind])
        elif kind == "application/pgp-encrypted":
            self._mark(secured.PGP_ENCRYPTED)
        is_smime = kind in secured.SMIME_TYPES or (
            kind == "application/octet-stream" and _SMIME_NAME.search(given_name(part))
        )
        if not is_smime or part.params.get("smime-type", "").lower() == "certs-only":
            return None
        found = secured.open_smime(self._content(part), part.params.get("smime-type", ""))
        self._mark(found.mark)
        if not found.mark:
            self.note("smime_unreadable", name=given_name(part) or kind)
        if found.content is None or self.layers <= 0:
            return None
        limits = replace(
            self.limits,
            attachments=max(0, self.limits.attachments - len(self.attachments)),
            text_bytes=self.text_budget,
        )
        inner = type(self)(found.content, limits, self.layers - 1).mail()
        self.note("smime_opened")
        return self._take_over(inner)

    def _take_over(self, inner) -> Views:
        """The body, files and reports of a mail within this one."""
        for mark in inner.secured:
            self._mark(mark)
        for each in inner.notes:
            if each.code not in _OF_THE_HEADER:
                self.note(each.code, **each.values)
        self.attachments += inner.attachments
        for name, values in self.report.items():
            values += getattr(inner.delivery, name)[: MAX_REPORTS - len(values)]
        views = Views()
        size = len((inner.html or inner.text).encode("utf-8", "replace"))
        self.text_budget = max(0, self.text_budget - size)
        if inner.text.strip():
            views.text.append(self._made_part("text/plain", inner.text))
        if inner.html is not None:
            views.html.append(self._made_part("text/html", inner.html))
        elif views.text:
            views.html += views.text
        return views

    def _made_part(self, kind: str, text: str) -> mime.Part:
        """A part of the body that does not lie in the source."""
        part = mime.Part(fields=(), content_type=kind, params={})
        self.texts[id(part)] = text
        self.made_parts.append(part)  # an id counts while its object lives
        return part

    def _unpack_winmail(self, name: str, content: bytes) -> bool:
        """Take the files out of a winmail.dat. Whether it need not be kept itself."""
        if self.winmail_depth >= winmail.MAX_DEPTH:
            return False
        try:
            found = winmail.unpack(content, max(0, self.limits.attachments - len(self.attachments)))
        except winmail.WinmailError:
            self.note("winmail_unreadable", name=name)
            return False
        self.winmail_depth += 1
        for file in found.files:
            kind = file.content_type if _is_type(file.content_type) else ""
            kind = kind or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            self._keep(file.name, kind, file.content, file.cid, bool(file.cid))
        self.winmail_depth -= 1
        if found.files:
            self.note("winmail_unpacked", name=name, count=len(found.files))
        elif not found.damaged:
            self.bare_winmails.append(name)
        if (found.html or found.text) and not self.winmail:
            self.winmail, self.winmail_name = found, name
        if found.damaged:
            self.note("winmail_damaged", name=name)
        return not found.damaged

    def _note_bare_winmails(self) -> None:
        """Tell of those that are no longer there and gave nothing."""
        for name in self.bare_winmails:
            self.note("winmail_left_out", name=name)

    def _winmail_body(self, found: winmail.Winmail) -> tuple[str, str | None]:
        self.note("winmail_body", name=self.winmail_name)
        if self.winmail_name in self.bare_winmails:
            self.bare_winmails.remove(self.winmail_name)
        html = found.html[: self.text_budget]
        if len(found.html) > len(html) or len(found.text) > self.text_budget:
            self.note("text_limit", limit=self.limits.text_bytes)
        text = found.text[: self.text_budget] or html_to_text(html)
        return text.strip("\n"), html or None


def given_name(part: mime.Part) -> str:
    """The name of a file as its sender gave it, ``""`` if there is none."""
    return part.disposition_params.get("filename") or part.params.get("name") or ""


def _is_type(content_type: str) -> bool:
    return bool(_TYPE.fullmatch(content_type)) and not content_type.startswith("multipart/")
