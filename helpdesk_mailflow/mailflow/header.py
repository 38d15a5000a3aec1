"""The fields of a header: encoded words, parameters, addresses, message ids.

Own code rather than ``email.header``/``email.utils``: those raise on unknown charsets, split
multi-byte characters apart between encoded words, and take quadratic time on hostile
address lists. Every function here is linear in its input and raises on none.
"""

import binascii
import re
import string
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_tz
from urllib.parse import unquote_to_bytes

from .charset import clean, codec_name, decode, one_line

# Octets of UTF-8, not characters: an index of PostgreSQL takes no value beyond 2,700 octets.
MAX_ADDRESS = 512  # RFC 5321 section 4.5.3.1 allows 64 + 1 + 255
MAX_MESSAGE_ID = 998  # RFC 5322 section 2.1.1, the longest line

_FOLD = re.compile(r"\r?\n[ \t]*|\r")
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?(.*?)\?=", re.DOTALL)
_BASE64 = (string.ascii_letters + string.digits + "+/=").encode()
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_SEGMENT = re.compile(r"^([^*]+)\*(?:(\d{1,4})(\*)?)?$")
_ADDRESS_TOKEN = re.compile(r'[,;:<>"()]|[^,;:<>"()]+')
_BARE_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+")
_ADDRESS_DELIMITERS = re.compile(r'[,;:<>"()]+')
_NOT_IN_ATOM = re.compile(r'[\s,;:<>()\[\]"]+')
_NOT_IN_LOCAL = re.compile(r'[\s,;:<>()\[\]"@]')  # unless quoted; RFC 5322 section 3.2.3
_NOT_IN_DOMAIN = re.compile(r'[,;<>()"@]')
_AROUND_DOT = re.compile(r" ?\. ?")
_SPACE_BEFORE_AT = re.compile(r" @(?=[^\s@]+\.[^\s@])")  # not of "Jane @ Acme"
_QUOTED_ADDRESS = re.compile(r'"[^"]+"@[^\s@"]+')
_QUOTED_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_MESSAGE_ID = re.compile(r"<([^<>]*)>")
_SPACE = re.compile(r"\s+")


def base64_bytes(data: bytes) -> tuple[bytes, bool]:
    """Decode base64 as far as it goes.

    :return: the bytes, and whether nothing was wrong with the padding
    """
    data = data.translate(None, _NOT_BASE64)
    whole = data.rstrip(b"=")
    if b"=" in whole:  # several padded pieces joined, e.g. one per line
        pieces = re.split(b"=+", whole)
        return b"".join(base64_bytes(piece)[0] for piece in pieces), False
    ok = True
    if len(whole) % 4 == 1:
        whole, ok = whole[:-1], False
    return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4)), ok


def text_of_header(raw: bytes) -> str:
    """Header bytes -> text, still encoded; raw 8-bit is UTF-8 or detected (RFC 6532)."""
    return raw.decode("ascii") if raw.isascii() and b"\x1b" not in raw else decode(raw)[0]


def unfold(value: str) -> str:
    """Join folded lines, RFC 5322 section 2.2.3."""
    if "\n" in value or "\r" in value:
        value = _FOLD.sub(" ", value)
    return clean(value).strip()


def decode_words(value: str) -> str:
    """Decode the encoded words of RFC 2047, and most of what passes for them.

    Neighbours in the same charset are joined as bytes first, since many programs split
    characters between them. Spaces, question marks and 8-bit inside are put up with.
    """
    if "=?" not in value:
        return value
    end = value.rfind("?=")
    if end < 0:
        return value
    out: list[str] = []
    run = bytearray()
    run_charset = ""
    position = 0
    for match in _ENCODED_WORD.finditer(value, 0, end + 2):
        between = value[position : match.start()]
        charset, encoding, payload = match.groups()
        charset = charset.lower()
        if run and (charset != run_charset or between.strip()):
            out.append(decode(bytes(run), run_charset)[0])
            run.clear()
        if between.strip() or not position:
            out.append(between)
        raw = _payload(payload, charset)
        base64 = encoding in "bB"
        run += base64_bytes(raw)[0] if base64 else binascii.a2b_qp(raw, header=True)
        run_charset = charset
        position = match.end()
    if run:
        out.append(decode(bytes(run), run_charset)[0])
    out.append(value[position:])
    return "".join(out)


def _payload(payload: str, charset: str) -> bytes:
    """The octets of an encoded word; 8-bit in it was decoded with the rest of the header."""
    if payload.isascii():
        return payload.encode("ascii")
    try:
        return payload.encode(codec_name(charset) or "utf-8")
    except UnicodeEncodeError:
        return payload.encode("utf-8", "replace")


def text(value: str) -> str:
    """An unstructured field (Subject, ...) as a person reads it, on one line."""
    return one_line(decode_words(value))


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """Content-Type, Content-Disposition: the value in lower case, and its parameters.

    Continuations and charsets of RFC 2231, encoded words in quotes as many programs
    write them, missing quotes. The first of equal names wins.
    """
    main, _, _ = value.partition(";")
    main = main.strip(" \t\"'").lower()
    found: dict[str, str] = {}
    segments: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(value, max(value.find(";"), 0)):
        name = match[1].lower()
        raw = match[2].strip()
        if raw.startswith('"'):
            raw = raw[1:-1] if raw.endswith('"') and len(raw) > 1 else raw[1:]
            # Windows paths are written without escaping the backslashes.
            if "\\" in raw and not re.search(r"\\[^\"\\]", raw):
                raw = _QUOTED_PAIR.sub(r"\1", raw)
        if "*" not in name:
            found.setdefault(name, raw)
            continue
        segment = _SEGMENT.match(name)
        if not segment:
            continue
        base, number, percent = segment.groups()
        pieces = segments.setdefault(base, {})
        pieces.setdefault(int(number or 0), (raw, percent is not None or number is None))
    result = {name: text(raw) for name, raw in found.items()}
    for base, pieces in segments.items():
        result[base] = _join_segments(pieces)
    return main, result


def _join_segments(pieces: dict[int, tuple[str, bool]]) -> str:
    """RFC 2231 sections 3 and 4: `charset'language'percent-encoded` in numbered pieces."""
    charset = ""
    data = bytearray()
    for position, (_number, (raw, percent)) in enumerate(sorted(pieces.items())):
        if percent and position == 0 and raw.count("'") >= 2:
            charset, _language, raw = raw.split("'", 2)
        data += unquote_to_bytes(raw) if percent else raw.encode("utf-8", "replace")
    return text(decode(bytes(data), charset)[0])


@dataclass(frozen=True)
class Address:
    """One mailbox of From, To, ...

    :param name: decoded display name, ``""`` if there is none
    :param email: as received, with the domain in lower case
    """

    name: str
    email: str

    @property
    def normalized(self) -> str:
        """The whole address in lower case, to compare by."""
        return self.email.lower()

    @property
    def domain(self) -> str:
        """What follows the last ``@``, in lower case; ``""`` without one."""
        return self.email.rpartition("@")[2].lower() if "@" in self.email else ""

    @property
    def formatted(self) -> str:
        """``"Name" <a@b>``, or the bare address."""
        if not self.name:
            return self.email
        name = self.name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{name}" <{self.email}>'


def _spec(value: str) -> str:
    """An address without spaces, route (RFC 5322 section 4.4), ``mailto:`` and brackets."""
    if "=?" in value:
        value = decode_words(value)
    value = _unquoted(one_line(value).strip())
    if value[:7].lower() == "mailto:":
        value = value[7:]
    if value.startswith("@") and ":" in value:
        value = value.partition(":")[2]
    value = value.strip().rstrip(".,; ")
    local, at, domain = value.rpartition("@")
    if not at:
        return value.replace(" ", "")
    local, domain = _local_part(local), domain.replace(" ", "").lower()
    if local and domain and not _NOT_IN_DOMAIN.search(domain):
        return f"{local}@{domain}"
    # Several addresses where one should be: the first that is one.
    for word in _NOT_IN_ATOM.split(value.replace(" @", "@").replace("@ ", "@")):
        local, at, domain = word.rpartition("@")
        if local and domain and not _NOT_IN_LOCAL.search(local):
            return f"{local}@{domain.lower()}"
    return ""


def _unquoted(value: str) -> str:
    """Without quotes around the whole."""
    for _level in range(3):
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"`":
            value = value[1:-1].strip()
    return value


def _local_part(value: str) -> str:
    """A local part; quoted (RFC 5321 section 4.1.2) only where it has to be, ``""`` if none.

    :param value: white space around dots is obsolete syntax (RFC 5322 section 4.4)
    """
    value = _AROUND_DOT.sub(".", value.strip()) if " ." in value or ". " in value else value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        inner = value[1:-1]
        if inner and not _NOT_IN_LOCAL.search(inner) and "\\" not in inner:
            return inner
        return value if _QUOTED_STRING.fullmatch(value) else ""
    return "" if _NOT_IN_LOCAL.search(value) else value


def addresses(value: str, limit: int = 1000) -> tuple[Address, ...]:
    """The mailboxes of an address list (RFC 5322 section 3.4), groups dissolved.

    Also reads what is not valid but common: unquoted commas and colons in names, missing
    brackets, semicolons between addresses, encoded words in quotes.

    :param value: unfolded, not yet decoded
    :param limit: of addresses; the rest is left out
    """
    found = _AddressList(value, limit).read()
    if not any("@" in address.email for address in found) and "@" in value:
        # Quotes or brackets that never close hide the rest; take what looks like one.
        bare = _bare_addresses(_ADDRESS_DELIMITERS.sub(" ", value), limit)
        specs = [spec for spec in map(_spec, bare) if spec]
        found = [Address("", spec) for spec in specs] or found
    return tuple(found)


class _AddressList:
    """One pass over the tokens of an address list."""

    def __init__(self, value: str, limit: int):
        self.tokens = _ADDRESS_TOKEN.findall(value)
        self.limit = limit
        self.index = 0
        # Beyond its last closing token an opening one is a plain character.
        self.last = {closing: self._last(closing) for closing in '")>'}
        self.found: list[Address] = []
        self._clear()

    def _last(self, closing: str) -> int:
        for index in range(len(self.tokens) - 1, -1, -1):
            if self.tokens[index] == closing:
                return index
        return -1

    def _clear(self) -> None:
        self.phrase: list[str] = []
        self.phrase_has_at = False
        self.comments: list[str] = []
        self.spec: str | None = None

    def _add(self, token: str) -> None:
        self.phrase.append(token)
        self.phrase_has_at = self.phrase_has_at or "@" in token

    def read(self) -> list[Address]:
        tokens = self.tokens
        while self.index < len(tokens) and len(self.found) < self.limit:
            token = tokens[self.index]
            self.index += 1
            if token == '"':
                if self.index <= self.last['"']:
                    self._quoted()
            elif token == "(" and self.index <= self.last[")"]:
                self._comment()
            elif token == "<" and self.index <= self.last[">"]:
                self._angle()
            elif token in "<>":
                continue
            elif token == ";" or token == ",":
                if token == "," and self._comma_in_name():
                    self._add(",")
                else:
                    self._finish()
            elif token == ":" and self.spec is None and not self.phrase_has_at:
                if self.phrase and self.phrase[-1].lower().endswith("mailto"):
                    self.phrase[-1] = self.phrase[-1][:-6]
                else:
                    self._clear()  # the name of a group
            else:
                self._add(token)
        if len(self.found) < self.limit:
            self._finish()
        return self.found

    def _quoted(self) -> None:
        inside: list[str] = []
        while self.index < len(self.tokens):
            token = self.tokens[self.index]
            self.index += 1
            if token == '"' and not (inside and _odd_backslashes(inside[-1])):
                break
            inside.append(token)
        quoted = "".join(inside)
        if self.index < len(self.tokens) and self.tokens[self.index].startswith("@"):
            self._add(f'"{quoted}"')  # a quoted local part
        else:
            self._add(_QUOTED_PAIR.sub(r"\1", quoted) if "\\" in quoted else quoted)

    def _comment(self) -> None:
        depth = 1
        inside: list[str] = []
        while self.index < len(self.tokens) and depth:
            token = self.tokens[self.index]
            self.index += 1
            depth += (token == "(") - (token == ")")
            if depth:
                inside.append(token)
        self.comments.append("".join(inside))

    def _angle(self) -> None:
        if self.spec and "@" in self.spec:
            self._finish()  # a comma is missing
        inside: list[str] = []
        while self.index < len(self.tokens) and self.tokens[self.index] != ">":
            if self.tokens[self.index] != "<":
                inside.append(self.tokens[self.index])
            self.index += 1
        self.index += 1
        self.spec = _spec("".join(inside))

    def _comma_in_name(self) -> bool:
        """`Doe, Jane <jane@x>`: a comma in an unquoted name, as the next token but one shows."""
        tokens, index = self.tokens, self.index
        return (
            self.spec is None
            and not self.comments
            and not self.phrase_has_at
            and 0 < len(self.phrase) < 8
            and bool(self.phrase[-1].strip())
            and index + 1 < len(tokens)
            and tokens[index + 1] == "<"
            and "@" not in tokens[index]
        )

    def _finish(self) -> None:
        joined = "".join(self.phrase)
        name, email = _name(joined), self.spec
        if email is None and _QUOTED_ADDRESS.fullmatch(joined.strip()):
            name, email = "", _spec(joined)
        if email is None:
            if self.phrase_has_at and " @" in joined:
                joined = _SPACE_BEFORE_AT.sub("@", joined)
                name = _name(joined)
            bare = _bare_addresses(joined, 1) if self.phrase_has_at else []
            if bare:
                email = _spec(bare[0])
                name = _name(joined.replace(bare[0], " ", 1))
            elif joined.strip():
                email = _spec(joined)
                if " " in joined.strip() or not email.isascii():
                    email = ""
                else:
                    name = ""
        if not name and self.comments:
            name = _name(" ".join(self.comments))
        if email is not None and _octets(email) <= MAX_ADDRESS and (email or name):
            if name.strip("'\"").lower() == email.lower():
                name = ""
            self.found.append(Address(name[:MAX_ADDRESS], email))
        self._clear()


def _bare_addresses(value: str, limit: int) -> list[str]:
    """The words that look like addresses. Word by word: searching would be quadratic."""
    found = []
    for word in value.split():
        if "@" in word and _octets(word) <= MAX_ADDRESS:
            match = _BARE_ADDRESS.search(word)
            if match:
                found.append(match[0])
                if len(found) >= limit:
                    break
    return found


def _odd_backslashes(piece: str) -> bool:
    return (len(piece) - len(piece.rstrip("\\"))) % 2 == 1


def _name(value: str) -> str:
    name = _SPACE.sub(" ", text(value)).strip()
    if len(name) > 1 and name[0] == name[-1] and name[0] in "'\"":
        name = name[1:-1].strip()
    return name


def message_ids(value: str, limit: int = 100) -> tuple[str, ...]:
    """The message ids of References or In-Reply-To, with brackets, in order, once each.

    Of more than `limit` the first (it names the thread) and the last are kept.
    """
    found: dict[str, None] = {}
    for match in _MESSAGE_ID.finditer(value):
        inner = _message_id_word(match[1])
        if inner and _octets(inner) <= MAX_MESSAGE_ID - 2:
            found[f"<{inner}>"] = None
    if not found and "@" in value and "<" not in value:
        for word in value.split():
            if "@" in word and _octets(word) <= MAX_MESSAGE_ID - 2:
                found[f"<{_message_id_word(word)}>"] = None
    ids = tuple(found)
    return ids if len(ids) <= limit else (ids[0], *ids[1 - limit :])


def _octets(value: str) -> int:
    return len(value) if value.isascii() else len(value.encode("utf-8", "replace"))


def _message_id_word(value: str) -> str:
    """What stands between the brackets, without the white space of bad folding."""
    if value.isascii() and value.isprintable() and " " not in value:
        return value
    return "".join(c for c in clean(value) if c.isprintable() and not c.isspace())


def date(value: str) -> datetime | None:
    """The moment of a Date field in UTC; None when unreadable, or not of the years 1970 to 2100.

    Odoo cannot group by a date near the end of the calendar: one mail would break the list.
    """
    try:
        parsed = parsedate_tz(value[:200])
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    if not parsed:
        return None
    try:
        seconds = parsed[9] or 0
        moment = datetime(*parsed[:6], tzinfo=timezone.utc)
        # Not timedelta arithmetic on a zone: offsets beyond a day are seen and refused there.
        moment = datetime.fromtimestamp(moment.timestamp() - seconds, tz=timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if 1970 <= moment.year <= 2100 else None
