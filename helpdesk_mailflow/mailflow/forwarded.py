"""The original of a mail that somebody forwarded: who wrote it, when, to whom, and what.

What shows a forward is a delimiter that programs put before nothing else (*Begin forwarded
message*, *---------- Forwarded message ---------*), a forward's prefix in the subject together
with a header block (Outlook, in all its forms, has no delimiter of its own), or an attached mail.
It has to be the first that quotes anything: a reply may quote a forward. Taking a reply for a
forward would make a ticket of somebody who never wrote, so in doubt a mail is none.

====================================  =====================================================
what the header names as From         author
====================================  =====================================================
one address                           that one
one address behind a link             that one (``mailto:``)
only a name                           not certain; the name is the candidate
several addresses (*on behalf of*)    not certain; all are candidates
====================================  =====================================================

Of several attached mails nobody can tell which one it is about. Of a forwarded forward the
author is the outermost one who is not one of ours, see :meth:`Forwarded.settled`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape

from . import forward_html
from .forward_block import Head, Line, addresses, date, find_head, says, squeezed
from .forward_words import is_forwarded, subject_kind
from .header import Address
from .html import text_to_html
from .html_tree import parse
from .mail import Attachment, Mail, read
from .quoted_words import is_sent_from
from .subject import base_subject, tagged_subject

#: Forwards within forwards that are looked into.
MAX_LEVELS = 5
#: Attached mails that are read.
MAX_ATTACHED = 20
_CANDIDATES = 20
_ATTACHED = {"message/rfc822", "message/global"}
_QUOTE_MARK = re.compile(r"[ \t]{0,3}(?:>[ \t]?)+")
_DELIMITER = re.compile(r"--\s?|—|_{5,}|-{5,}")
_REPLY = re.compile(r"\s*(?:re|aw|antw|sv|odp|res|rif|réf|r)\s?[:：]", re.IGNORECASE)
_PROGRAMS = (
    ("gmail", re.compile(r"gmail_quote|gmail_attr")),
    ("thunderbird", re.compile(r"moz-forward-container|moz-email-headers-table")),
    ("proton", re.compile(r"protonmail_quote|protonmail_signature")),
    ("yahoo", re.compile(r"yahoo_quoted|ydp\w{1,20}yahoo")),
    ("outlook", re.compile(r"divRplyFwdMsg|WordSection1|MsoNormal|appendonsend")),
    ("apple", re.compile(r"Apple-|AppleMail|<blockquote type=\"cite\"")),
    ("samsung", re.compile(r"composer_parent|composer_quoted")),
)


@dataclass(frozen=True)
class Forwarded:
    """The original of a forwarded mail.

    :param author: None if it can't be told for certain
    :param candidates: who it may be, the likeliest first; ``email`` is empty where only a name
        is known
    :param subject: without prefixes; empty if the header has none
    :param date: in UTC, None if that can't be told for certain
    :param date_text: as the header gives it
    :param to: of the original
    :param cc: of the original
    :param above: HTML of what the forwarder wrote, tamed, not sanitised; empty if only a
        signature is there
    :param body: HTML of the original, tamed, not sanitised; inline images keep their ``cid:``
    :param attachments: of the original when it was attached as a mail; else they are those of
        the mail itself
    :param attached: the original was attached as a mail
    :param program: that forwarded it, as far as its marks tell: ``"outlook"``, …, ``"other"``
    :param inner: the forward that the original is itself
    :param quoted: authors of mails that the original quotes
    """

    author: Address | None
    candidates: tuple[Address, ...]
    subject: str = ""
    date: datetime | None = None
    date_text: str = ""
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    above: str = ""
    body: str = ""
    attachments: tuple[Attachment, ...] = ()
    attached: bool = False
    program: str = "other"
    inner: "Forwarded | None" = None
    quoted: tuple[Address, ...] = ()

    @property
    def emails(self) -> set[str]:
        """Normalized addresses of all who wrote or had it: to look up whose they are."""
        found, each = set(), self
        while each:
            named = (*each.candidates, *each.quoted, *each.to, *each.cc)
            found |= {address.normalized for address in named if address.email}
            each = each.inner
        return found

    def settled(
        self,
        ours: Callable[[Address], bool],
        house: Callable[[Address], bool] = lambda _each: False,
    ) -> "Forwarded":
        """The forward of the customer's mail: the outermost one whose author is not one of ours.

        A colleague forwards what another one forwarded: the customer wrote the innermost. A
        customer who forwards somebody else's mail asks himself, so the search ends with him.
        What colleagues wrote on the way is added to ``above``. ``author`` is None when all
        are ours, or when it is somebody of the house who forwarded it himself.

        :param ours: whether an address is one of our mailboxes or of an agent
        :param house: whether an address is of our own domains
        """
        found, above = self, [self.above]
        while found.inner and found.author and ours(found.author):
            inner = found.inner
            line = ", ".join(each for each in (found.author.formatted, found.date_text) if each)
            if inner.above:
                above += [f"<p>{escape(line, quote=False)}:</p>", inner.above]
            found = replace(inner, attached=found.attached or inner.attached)
        author = found.author
        if author and (ours(author) or (found.inner and house(author))):
            author = None
        candidates = self.candidates
        if author is None:
            # what we sent ourselves: whom we sent it to, and whom it answers
            candidates = (*candidates, *found.candidates, *found.quoted, *found.to)
        candidates = [
            each
            for each in (*([author] if author else []), *candidates)
            if not (each.email and ours(each))
        ]
        return replace(
            found,
            author=author,
            candidates=_distinct(candidates),
            above="\n".join(each for each in above if each),
        )


def tell_forwarded(mail: Mail) -> Forwarded | None:
    """The original of a forwarded mail; None if the mail is no forward. Never raises on what a
    mail holds, and takes linear time."""
    return _tell(mail, 1)


def _tell(mail: Mail, level: int) -> Forwarded | None:
    if mail.delivery.report_type:
        return None  # a report has what it reports about attached
    language = mail.header("Content-Language") or mail.header("Accept-Language")
    kind = subject_kind(mail.subject, language.strip())
    found = None
    if kind or _has_mark(mail):
        found = _inline(mail, kind)
    return found or _attached(mail, kind, level)


def _has_mark(mail: Mail) -> bool:
    """Whether it is worth taking the body apart."""
    if mail.html and "moz-forward-container" in mail.html:
        return True
    return any(is_forwarded(squeezed(each)) for each in mail.text.split("\n") if len(each) < 200)


def _distinct(found) -> tuple[Address, ...]:
    """Each address once, with a name if one is known."""
    kept: dict[str, Address] = {}
    for each in found:
        key = each.normalized or f"name:{each.name.casefold()}"
        if key not in kept or (each.name and not kept[key].name):
            kept[key] = each
    return tuple(kept.values())[:_CANDIDATES]


# ------------------------------------------------------------
# WITHIN THE BODY
# ------------------------------------------------------------


def _inline(mail: Mail, kind: str) -> Forwarded | None:
    if mail.html is None:
        found = _of_text(mail.text, kind, 1)
    else:
        try:
            found = _of_html(mail.body_html, kind, 1)
        except forward_html.TooDeep:
            return None
        if found and not found.author:
            found = _with_address(found, _of_text(mail.text, kind, 1))
    if not found:
        return None
    program = next(
        (name for name, marks in _PROGRAMS if mail.html and marks.search(mail.html)), "other"
    )
    # who attaches the mail as well gives all of it
    return replace(found, program=program, subject=found.subject or _title(mail.subject))


def _with_address(found: Forwarded, text: Forwarded | None) -> Forwarded:
    """An address that only the plain text shows."""
    author = text and text.author
    names = {each.name.casefold() for each in found.candidates}
    if not author or len(found.candidates) != 1 or author.name.casefold() not in names:
        return found
    candidates = _distinct((author, *text.candidates))
    return replace(found, author=author, candidates=candidates, to=found.to or text.to)


def _of_text(text: str, kind: str, level: int) -> Forwarded | None:
    found, lines = [], text.split("\n")
    for index, raw in enumerate(lines):
        mark = _QUOTE_MARK.match(raw)
        depth = mark[0].count(">") if mark else 0
        shown = raw[mark.end() :] if mark else raw
        indented = not depth and raw[:1] in " \t"
        found.append(Line(squeezed(shown), depth, index, indented=indented))
    head = find_head(found, kind)
    if not head:
        return None
    end = _end(found, head)
    depth = found[head.first].depth
    body = "\n".join(_unquoted(each, depth) for each in lines[head.end : end]).strip("\n")
    above = "\n".join(lines[: head.start]).rstrip()
    if not _wrote(found[: head.start]):
        above = ""
    if _wrote(found[end:]):
        above = f"{above}\n\n" + "\n".join(lines[end:])
    inner = None
    if level < MAX_LEVELS:
        inner = _of_text(body, subject_kind(head.fields.get("subject", "")), level + 1)
    quoted = () if inner else _quoted_in_text(body)
    return _forwarded(head, text_to_html(above.strip("\n")), text_to_html(body), inner, quoted)


def _unquoted(line: str, depth: int) -> str:
    for _each in range(depth):
        bare = line.lstrip(" \t")
        if not bare.startswith(">"):
            break
        line = bare[1:].removeprefix(" ")
    return line


def _quoted_in_text(text: str) -> tuple[Address, ...]:
    lines = [
        Line(squeezed(_QUOTE_MARK.sub("", each, count=1)), 0, 0) for each in text.split("\n")[:2000]
    ]
    return _quoted(lines)


def _quoted(lines) -> tuple[Address, ...]:
    """The author of the mail that the original quotes, if it has a header."""
    head = find_head(lines, "forward")
    return addresses(head.fields["from"], head.links) if head else ()


def _of_html(markup: str, kind: str, level: int) -> Forwarded | None:
    body = parse(markup)
    if body is None:
        return None
    lines = forward_html.lines(body)
    head = find_head(lines, kind)
    if not head:
        return None
    end = _end(lines, head)
    above_lines, below_lines = lines[: head.start], lines[end:]
    forward_html.unframe(lines[head.end : end], lines[head.first].depth)
    places = [lines[head.start].at]
    empty = head.end >= end
    if not empty:
        places.append(lines[head.end].at)
    if end < len(lines):
        places.append(lines[end].at)
    found = forward_html.pieces(body, places)
    above = found[0] if _wrote(above_lines) or _has_image(found[0]) else ""
    original = "" if empty else found[2]
    if below_lines and _wrote(below_lines):
        above = f"{above}\n{found[-1]}".strip()
    inner = None
    if level < MAX_LEVELS and original:
        inner = _of_html(original, subject_kind(head.fields.get("subject", "")), level + 1)
    quoted = ()
    if not inner and original:
        flat = [replace(each, depth=0, boxes=()) for each in lines[head.end : end]]
        quoted = _quoted(flat)
    return _forwarded(head, above, original, inner, quoted)


def _has_image(markup: str) -> bool:
    """A picture is something to say, unless it stands beside a signature."""
    return "<img" in markup and not says(re.sub(r"<[^>]*>", "", markup))


def _end(lines: list[Line], head: Head) -> int:
    """Where the original ends: with the quote or the node that its header is in. What follows
    that, the forwarder wrote."""
    first = lines[head.first]
    for index in range(head.end, len(lines)):
        line = lines[index]
        if not line.text:
            continue
        # Apple Mail on phones makes several quotes of one mail
        if first.depth and line.depth < first.depth:
            return index
        if first.boxes and not first.depth and first.boxes[0] not in line.boxes:
            return index
    return len(lines)


def _wrote(lines: list[Line]) -> bool:
    """Whether somebody wrote something here, rather than signed it."""
    for line in lines:
        if not line.text or line.mute:
            continue
        if _DELIMITER.fullmatch(line.text):
            if len(line.text) < 4:
                return False
            continue
        if not is_sent_from(line.text):
            return True
    return False


def _forwarded(head: Head, above, body, inner, quoted) -> Forwarded:
    authors = addresses(head.fields["from"], head.links)
    usable = _distinct(each for each in authors if each.email)
    author = usable[0] if len(usable) == 1 else None
    candidates = [*authors, *addresses(head.fields.get("reply-to", ""))]
    if inner:
        candidates += inner.candidates
    moment = head.fields.get("date", "")
    return Forwarded(
        author=author,
        candidates=_distinct(candidates),
        subject=_title(head.fields.get("subject", "")),
        date=date(moment),
        date_text=squeezed(moment)[:100],
        to=tuple(each for each in addresses(head.fields.get("to", "")) if each.email),
        cc=tuple(each for each in addresses(head.fields.get("cc", "")) if each.email),
        above=above,
        body=body,
        inner=inner,
        quoted=quoted,
    )


def _title(subject: str) -> str:
    """A subject without what forwarding and replying put before it."""
    wrapped = re.fullmatch(r"\s*\[\s*(?:fwd?|wg|tr)\s*:(.*)\]\s*", subject, re.IGNORECASE)
    return tagged_subject(wrapped[1] if wrapped else subject, "", False)


# ------------------------------------------------------------
# AS ATTACHMENTS
# ------------------------------------------------------------


def _attached(mail: Mail, kind: str, level: int) -> Forwarded | None:
    """An attached mail is a forward if the subject is one of a forward, empty, or that of the
    attached mail. With another subject it may be about anything, so it is not certain."""
    files = [
        each
        for each in mail.attachments
        if each.content_type in _ATTACHED
        or (each.name.lower().endswith(".eml") and _looks_like_mail(each.content))
    ]
    if not files or _REPLY.match(mail.subject):
        return None
    originals = [read(each.content) for each in files[:MAX_ATTACHED]]
    originals = [each for each in originals if each.from_.email or each.subject]
    if not originals:
        return None
    above = mail.body_html if _wrote_in(mail) else ""
    base = base_subject(mail.subject)
    forwards = kind or not base or mail.header("X-Forwarded-Message-Id")
    if len(originals) == 1:
        original = originals[0]
        found = _of_mail(original, above, level)
        if not forwards and base_subject(original.subject) != base:
            return replace(found, author=None)
        return found
    candidates = _distinct(each.from_ for each in originals if each.from_.email)
    title = _title(mail.subject)
    return Forwarded(None, candidates, title, above=above, attached=True, program="attachment")


def _looks_like_mail(content: bytes) -> bool:
    return bool(re.match(rb"\s*[A-Za-z][A-Za-z0-9-]{0,60}:", content[:200]))


def _wrote_in(mail: Mail) -> bool:
    if mail.html is None:
        return _wrote([Line(squeezed(each), 0, 0) for each in mail.text.split("\n")])
    body = parse(mail.body_html)
    if body is None:
        return False
    try:
        return _wrote(forward_html.lines(body)) or _has_image(mail.body_html)
    except forward_html.TooDeep:
        return True


def _of_mail(original: Mail, above: str, level: int) -> Forwarded:
    authors = tuple(each for each in original.from_all if "@" in each.email)
    author = original.from_ if len(authors) == 1 else None
    inner = _tell(original, level + 1) if level < MAX_LEVELS else None
    candidates = _distinct((*authors, *original.reply_to, *(inner.candidates if inner else ())))
    return Forwarded(
        author=author,
        candidates=candidates,
        subject=_title(original.subject),
        date=original.date,
        date_text=squeezed(original.header("Date"))[:100],
        to=tuple(each for each in original.to if "@" in each.email),
        cc=tuple(each for each in original.cc if "@" in each.email),
        above=above,
        body=original.body_html,
        attachments=original.attachments,
        attached=True,
        program="attachment",
        inner=inner,
    )
