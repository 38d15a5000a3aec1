"""The structure of a mail: bytes -> header fields and a tree of parts.

Own code rather than ``email.parser``, for bounds: that one recurses once for each level of
nesting (a hostile mail raises RecursionError) and compares each line with the boundary of
each open level. This one finds all lines that could be delimiters in one pass and looks
each up in a dictionary, so the time is linear in the size whatever the nesting, and slices
the content out only once.
"""

import re
from dataclasses import dataclass, field

from .header import parameters, text_of_header, unfold

MAX_STRUCTURED = 64 * 1024  # characters of one Content-Type or Content-Disposition

_DELIMITER = re.compile(rb"--([^\r\n]{1,998})\r?$", re.MULTILINE)
_FIELD = re.compile(r"^([!-9;-~]+)[ \t]*:")
_FIELD_BYTES = re.compile(rb"[!-9;-~]+[ \t]*:")
_HEADER_END = re.compile(rb"\n\r?\n")

# Header bytes looked at, in multiples of the limit: what matters may stand behind a field of
# a megabyte.
_HEADER_READ = 16
_HEADER_LINES = 50_000
_ESSENTIAL = {
    "auto-submitted", "cc", "content-disposition", "content-id", "content-transfer-encoding",
    "content-type", "date", "delivered-to", "envelope-to", "from", "in-reply-to", "list-id",
    "message-id", "mime-version", "precedence", "references", "reply-to", "return-path",
    "sender", "subject", "to", "x-forwarded-to", "x-original-to",
}  # fmt: skip

Fields = tuple[tuple[str, str], ...]


@dataclass
class Part:
    """A part and where its bytes lie in the mail.

    :param fields: names and unfolded values, as received, not decoded
    :param content_type: lower case, with the default of its place when missing
    :param body: offsets of its content, the line break before the delimiter left out
    """

    fields: Fields
    content_type: str
    params: dict[str, str]
    disposition: str = ""
    disposition_params: dict[str, str] = field(default_factory=dict)
    start: int = 0
    body: tuple[int, int] = (0, 0)
    children: list["Part"] = field(default_factory=list)
    boundary: str | None = None

    def value(self, name: str) -> str:
        """The first field of that (lower-case) name, ``""`` without one."""
        for key, value in self.fields:
            if key.lower() == name:
                return value
        return ""

    @property
    def is_multipart(self) -> bool:
        return self.boundary is not None


@dataclass
class Structure:
    """The whole mail: its root, and what was odd about it (codes of notes and counts)."""

    root: Part
    oddities: dict[str, int]


def split_header(raw: bytes, start: int, end: int, limit: int) -> tuple[Fields, int, set[str]]:
    """The header fields from `start`, and where the body begins.

    :param limit: of header bytes kept, see :func:`_bounded`
    :return: fields, offset of the body, codes of what was wrong
    """
    odd: set[str] = set()
    if raw.startswith((b"\n", b"\r\n"), start, end):
        return (), start + (1 if raw[start : start + 1] == b"\n" else 2), odd
    match = _HEADER_END.search(raw, start, end)
    stop, body = (match.start() + 1, match.end()) if match else (end, end)
    if stop - start > limit * _HEADER_READ:
        odd.add("header_too_long")
    text = text_of_header(raw[start : min(stop, start + limit * _HEADER_READ)])
    lines = text.split("\n", _HEADER_LINES)
    if len(lines) > _HEADER_LINES:
        lines.pop()
        odd.add("header_too_long")
    fields: list[tuple[str, list[str]]] = []
    for index, line in enumerate(lines):
        line = line.rstrip("\r")
        name = _FIELD.match(line)
        if name:
            fields.append((name[1], [line[name.end() :]]))
        elif line[:1] in (" ", "\t") and fields:
            fields[-1][1].append(line)
        elif line and not line.startswith(("From ", ">From ")):
            odd.add("header_line_unreadable")
            following = lines[index + 1] if index + 1 < len(lines) else ""
            if not _FIELD.match(following) and following[:1] not in (" ", "\t"):
                # No blank line between header and body.
                body = _line_offset(raw, start, index) or body
                break
    # A folded line begins with white space of its own (RFC 5322 section 2.2.3).
    unfolded = [(name, unfold("".join(values))) for name, values in fields]
    if sum(len(name) + len(value) for name, value in unfolded) > limit:
        unfolded = _bounded(unfolded, limit)
        odd.add("header_too_long")
    return tuple(unfolded), body, odd


def _bounded(fields: list[tuple[str, str]], limit: int) -> list[tuple[str, str]]:
    """Cut long fields; of too many keep those that the mail is understood by."""
    budget = {True: limit, False: limit}
    kept = []
    for name, value in fields:
        if len(value) > limit // 4:
            value = value[: limit // 4]
            end = max(value.rfind(" "), value.rfind(","))  # not within an address
            value = value[:end] if end > 0 else value
        essential = name.lower() in _ESSENTIAL
        size = len(name) + len(value)
        if size <= budget[essential]:
            budget[essential] -= size
            kept.append((name, value))
    return kept


def _line_offset(raw: bytes, start: int, count: int) -> int | None:
    for _ in range(count):
        found = raw.find(b"\n", start)
        if found < 0:
            return None
        start = found + 1
    return start


def _ends_header(raw: bytes, start: int, end: int) -> bool:
    """Whether an empty line stands before `end`: what begins there with `--` may as well be text,
    such as an armoured PGP message."""
    if raw.startswith((b"\n", b"\r\n"), start, end):
        return True
    return raw.endswith((b"\n\n", b"\n\r\n"), start, end)


def _part(fields: Fields, default_type: str) -> Part:
    part = Part(fields, default_type, {})
    for name, value in fields:
        name = name.lower()
        if name == "content-type" and not part.params.get("#seen"):
            main, params = parameters(value[:MAX_STRUCTURED])
            main = main.partition(" ")[0] if "/" in main else main.replace(" ", "")
            part.params = {**params, "#seen": "1"}
            if main.count("/") == 1 and not main.startswith("/") and not main.endswith("/"):
                part.content_type = main
            elif main in ("text", "html", "text/"):
                part.content_type = "text/html" if main == "html" else "text/plain"
            elif main:
                # RFC 2045 section 5.2: what cannot be read is plain text.
                part.content_type = "text/plain"
        elif name == "content-disposition" and not part.disposition:
            part.disposition, part.disposition_params = parameters(value[:MAX_STRUCTURED])
    return part


def parse(raw: bytes, *, max_parts: int, max_depth: int, header_bytes: int) -> Structure:
    """Find the parts of a mail.

    :param max_parts: parts beyond that are not looked at
    :param max_depth: multiparts nested deeper stay whole, as one part
    :return: a structure whose oddities may hold ``parts_limit``, ``depth_limit``,
        ``header_too_long``, ``header_line_unreadable``, ``header_end_missing``,
        ``boundary_missing``, ``boundary_unclosed``
    """
    oddities: dict[str, int] = {}

    def odd(code: str, count: int = 1) -> None:
        oddities[code] = oddities.get(code, 0) + count

    size = len(raw)
    start = 0
    while raw.startswith((b"\r\n", b"\n"), start):  # blank lines before the header
        start += 1 if raw[start : start + 1] == b"\n" else 2
    if start and not _FIELD_BYTES.match(raw, start):
        start = 0
    fields, body, codes = split_header(raw, start, size, header_bytes)
    for code in codes:
        odd(code)
    root = _part(fields, "text/plain")
    root.start = start
    root.body = (body, size)

    stack: list[Part] = []  # open multiparts, outermost first
    open_boundaries: dict[bytes, list[int]] = {}  # boundary -> levels, the innermost last
    current: Part | None = root  # the part whose content runs on
    count = 1
    left_out = False

    def open_multipart(part: Part) -> None:
        if not part.content_type.startswith("multipart/"):
            return
        if len(stack) >= max_depth:
            odd("depth_limit")
            return
        name = part.params.get("boundary", "")
        if not name:
            odd("boundary_missing")
            guess = _guess_boundary(raw, part.body[0], open_boundaries)
            if guess is None:
                return
            name = guess
        part.boundary = name
        key = name.rstrip().encode("utf-8", "surrogateescape")
        stack.append(part)
        open_boundaries.setdefault(key, []).append(len(stack) - 1)

    def close_down_to(level: int) -> None:
        while len(stack) > level:
            closed = stack.pop()
            key = (closed.boundary or "").rstrip().encode("utf-8", "surrogateescape")
            levels = open_boundaries[key]
            levels.pop()
            if not levels:
                del open_boundaries[key]

    open_multipart(root)
    if not stack:
        return Structure(root, oddities)

    search_from = max(root.body[0] - 1, 0)
    match = _next_delimiter(raw, search_from)
    while match:
        line = match[1].rstrip()
        levels = open_boundaries.get(line)
        closing = False
        if levels is None and line.endswith(b"--"):
            levels = open_boundaries.get(line[:-2].rstrip())
            closing = levels is not None
        following = _next_delimiter(raw, match.end())
        if levels is not None:
            level = levels[-1]
            before = match.start()
            if raw[before - 1 : before] == b"\n":
                before -= 2 if raw[before - 2 : before - 1] == b"\r" else 1
            if current is not None:
                current.body = (current.body[0], max(before, current.body[0]))
            for inner in stack[level + 1 :]:
                inner.body = (inner.body[0], max(before, inner.body[0]))
                odd("boundary_unclosed")
            parent = stack[level]
            if closing:
                parent.body = (parent.body[0], match.end())
                close_down_to(level)
                current = None
            else:
                close_down_to(level + 1)
                if count >= max_parts:
                    left_out = True
                    current = None
                    odd("parts_limit")
                    break
                begin = min(match.end() + 1, size)
                until = following.start() if following else size
                fields, content, codes = split_header(raw, begin, until, header_bytes)
                for code in codes:
                    odd(code)
                default = "text/plain"
                if parent.content_type == "multipart/digest":
                    default = "message/rfc822"
                part = _part(fields, default)
                part.start = begin
                part.body = (content, size)
                if following and content >= until and not _ends_header(raw, begin, until):
                    odd("header_end_missing")
                parent.children.append(part)
                count += 1
                current = part
                depth = len(stack)
                open_multipart(part)
                if len(stack) > depth:
                    current = part
        match = following
    if stack and not left_out:
        odd("boundary_unclosed", len(stack))
    return Structure(root, oddities)


def _next_delimiter(raw: bytes, position: int) -> re.Match[bytes] | None:
    """The next line that begins with two hyphens.

    A plain search for the hyphens first: the regular expression alone would try each line.
    """
    while True:
        found = raw.find(b"--", position)
        if found < 0:
            return None
        if found == 0 or raw[found - 1] in b"\n\r":
            match = _DELIMITER.match(raw, found)
            if match:
                return match
        line_end = raw.find(b"\n", found)
        if line_end < 0:
            return None
        position = line_end


def _guess_boundary(raw: bytes, position: int, known: dict[bytes, list[int]]) -> str | None:
    """The boundary of a multipart that names none: its first delimiter with a header behind.

    `position` is where its content begins.
    """
    for _ in range(20):
        match = _next_delimiter(raw, max(position - 1, 0))
        if match is None or match[1].rstrip() in known:
            return None
        if _FIELD_BYTES.match(raw, match.end() + 1):
            return match[1].rstrip().decode("utf-8", "surrogateescape")
        position = match.end()
    return None
