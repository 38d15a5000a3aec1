"""What is inside a ``winmail.dat``: the files, and the body, of a mail in Outlook's own format.

The format is MS-OXTNEF: a list of attributes, two of which hold MAPI properties (MS-OXCDATA).

Own code rather than ``tnefparse``: that one believes the counts of the file (24 bytes that claim
four billion values keep it busy for hours), follows nested messages without end, copies the rest
of the file for each attribute, and takes zero bytes from the end of files. Here each count is
held against the bytes that are left, so the time is linear in the size.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from . import charset, rtf

SIGNATURE = b"\x78\x9f\x3e\x22"
MAX_ATTRIBUTES = 20_000
MAX_PROPERTIES = 20_000
MAX_DEPTH = 4  # messages within messages
#: Characters of a body beyond which the rest is left out.
MAX_BODY = 2 * 1024 * 1024

# Attributes (MS-OXTNEF section 2.1.1.1): level and identifier.
_BODY = 0x800C
_FILE_DATA = 0x800F
_FILE_TITLE = 0x8010
_FILE_BEGINS = 0x9002
_MESSAGE_PROPERTIES = 0x9003
_FILE_PROPERTIES = 0x9005
_CODEPAGE = 0x9007

# Properties (MS-OXPROPS).
_SUBJECT = 0x0037
_TEXT = 0x1000
_RTF = 0x1009
_HTML = 0x1013
_DISPLAY_NAME = 0x3001
_DATA = 0x3701
_NAME = 0x3704
_LONG_NAME = 0x3707
_MIME_TYPE = 0x370E
_CONTENT_ID = 0x3712
_CODEPAGE_OF_HTML = 0x3FDE
_WANTED = {
    _SUBJECT, _TEXT, _RTF, _HTML, _DISPLAY_NAME, _DATA, _NAME, _LONG_NAME, _MIME_TYPE,
    _CONTENT_ID, _CODEPAGE_OF_HTML,
}  # fmt: skip

# Types (MS-OXCDATA section 2.11.1): bytes of a value; the others have a length.
_FIXED = {
    0x0001: 0, 0x0002: 4, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4,
    0x000B: 4, 0x0014: 8, 0x0040: 8, 0x0048: 16,
}  # fmt: skip
_VARIABLE = {0x000D, 0x001E, 0x001F, 0x0102, 0x0000}
_STRING, _UNICODE, _OBJECT = 0x001E, 0x001F, 0x000D
_MULTIPLE = 0x1000
_NAMED = 0x8000
#: What the data of an embedded message begin with: its interface, IID_IMessage.
_IS_MESSAGE = bytes.fromhex("0703020000000000c000000000000046")


class WinmailError(ValueError):
    """This is no winmail.dat, or a damaged one."""


@dataclass(frozen=True)
class File:
    """A file inside.

    :param name: as given, may be empty
    :param content_type: ``""`` if not given
    :param cid: Content-ID without brackets, ``""`` if none
    """

    name: str
    content_type: str
    content: bytes
    cid: str


@dataclass(frozen=True)
class Winmail:
    """What is inside.

    :param html: the body, not sanitised; ``""`` if there is none
    :param text: the body as plain text, ``""`` if there is none
    :param damaged: it ends too early or has too much of something; this is what could be read
    """

    files: tuple[File, ...]
    html: str = ""
    text: str = ""
    subject: str = ""
    damaged: bool = False


def unpack(data: bytes, max_files: int = 200) -> Winmail:
    """Unpack a winmail.dat.

    :param max_files: beyond these it counts as damaged
    :raise WinmailError: nothing in it can be read
    """
    return _Unpacker(bytes(data), max_files).read(memoryview(data), 0)


class _Cut(WinmailError):
    """The bytes end before what they announce."""


class _Unpacker:
    def __init__(self, data: bytes, max_files: int):
        self.files_left = max_files

    def read(self, data: memoryview, depth: int) -> Winmail:
        if bytes(data[:4]) != SIGNATURE or len(data) < 17:
            raise WinmailError("no winmail.dat")
        codec, damaged = "cp1252", False
        body = b""
        message: dict[int, tuple[int, memoryview]] = {}
        files: list[dict] = []
        try:
            for name, value in _attributes(data):
                if name == _CODEPAGE and len(value) >= 4:
                    codec = _codec(int.from_bytes(value[:4], "little")) or codec
                elif name == _BODY:
                    body = bytes(value[:MAX_BODY])
                elif name == _MESSAGE_PROPERTIES:
                    message = _properties(value)
                elif name == _FILE_BEGINS:
                    files.append({})
                elif name in (_FILE_DATA, _FILE_TITLE) and files:
                    files[-1][name] = value
                elif name == _FILE_PROPERTIES and files:
                    files[-1][name] = _properties(value)
        except _Cut:
            damaged = True
        found: list[File] = []
        for each in files:
            if self.files_left <= 0:
                damaged = True
                break
            made, is_whole = self._file(each, codec, depth)
            found += made
            damaged = damaged or not is_whole
        html, text = _bodies(message, body, codec)
        if damaged and not found and not html and not text:
            raise WinmailError("a damaged winmail.dat")
        return Winmail(tuple(found), html, text, _string(message, _SUBJECT, codec), damaged)

    def _file(self, each: dict, codec: str, depth: int) -> tuple[list[File], bool]:
        """One file, or what is in an embedded message; and whether all of it could be read."""
        properties = each.get(_FILE_PROPERTIES, {})
        title = charset.decode(bytes(each.get(_FILE_TITLE, b"")).rstrip(b"\0"), codec)[0]
        name = (
            _string(properties, _LONG_NAME, codec)
            or title
            or _string(properties, _NAME, codec)
            or _string(properties, _DISPLAY_NAME, codec)
        )
        kind, content = properties.get(_DATA, (0, each.get(_FILE_DATA, memoryview(b""))))
        if kind == _OBJECT and bytes(content[:16]) == _IS_MESSAGE:
            return self._message(content[16:], name, depth)
        if not content and not name:
            return [], True
        self.files_left -= 1
        file = File(
            name,
            _string(properties, _MIME_TYPE, codec).lower(),
            bytes(content),
            _string(properties, _CONTENT_ID, codec).strip("<> "),
        )
        return [file], True

    def _message(self, content: memoryview, name: str, depth: int) -> tuple[list[File], bool]:
        """A message inside: its body as a file, then its files."""
        try:
            if depth + 1 >= MAX_DEPTH:
                raise WinmailError("messages within messages")
            inner = self.read(content, depth + 1)
        except WinmailError:
            self.files_left -= 1
            return [File(name or "message.dat", "application/ms-tnef", bytes(content), "")], False
        made = list(inner.files)
        if inner.html or inner.text:
            self.files_left -= 1
            ending, kind = (".html", "text/html") if inner.html else (".txt", "text/plain")
            content_ = (inner.html or inner.text).encode("utf-8")
            title = inner.subject or name or "message"
            made.insert(0, File(title + ending, kind, content_, ""))
        return made, not inner.damaged


def _attributes(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Identifier and data of each attribute."""
    position = 6
    for _count in range(MAX_ATTRIBUTES):
        if position + 9 > len(data):
            # some programs add bytes at the end
            return
        level = data[position]
        name = int.from_bytes(data[position + 1 : position + 3], "little")
        length = int.from_bytes(data[position + 5 : position + 9], "little")
        start = position + 9
        if level not in (1, 2):
            return
        if start + length > len(data):
            raise _Cut("an attribute is longer than the file")
        yield name, data[start : start + length]
        position = start + length + 2
    raise _Cut("too many attributes")


def _properties(data: memoryview) -> dict[int, tuple[int, memoryview]]:
    """The properties that are wanted: identifier -> (type, first value).

    :raise _Cut: the data end too early; a caller has lost all of them
    """
    found: dict[int, tuple[int, memoryview]] = {}
    reader = _Bytes(data)
    count = reader.number()
    if count > MAX_PROPERTIES:
        raise _Cut("too many properties")
    for _index in range(count):
        kind = reader.short()
        name = reader.short()
        if name >= _NAMED:
            reader.take(16)
            if reader.number():
                reader.padded(reader.number())
            else:
                reader.take(4)
        several = kind & _MULTIPLE
        kind &= ~_MULTIPLE
        if kind in _FIXED:
            values = reader.number() if several else 1
            if several:
                size = 2 if kind in (0x0002, 0x000B) else _FIXED[kind]
                value = reader.padded(size * values)
            else:
                value = reader.take(_FIXED[kind])
        elif kind in _VARIABLE:
            value = memoryview(b"")
            # each value takes its length at least, so a count that lies ends with the data
            for number in range(reader.number()):
                item = reader.padded(reader.number())
                value = value if number else item
        else:
            raise _Cut("a property of an unknown type")
        if name in _WANTED:
            found.setdefault(name, (kind, value))
    return found


class _Bytes:
    """Reads from the front; never behind the end."""

    def __init__(self, data: memoryview):
        self.data = data
        self.position = 0

    def take(self, size: int) -> memoryview:
        end = self.position + size
        if end > len(self.data):
            raise _Cut("the data end too early")
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def padded(self, size: int) -> memoryview:
        """A value that is filled up to a multiple of four bytes; at the end perhaps not."""
        taken = self.take(size)
        self.position = min(len(self.data), self.position + -size % 4)
        return taken

    def short(self) -> int:
        return int.from_bytes(self.take(2), "little")

    def number(self) -> int:
        return int.from_bytes(self.take(4), "little")


def _bodies(message, body: bytes, codec: str) -> tuple[str, str]:
    """The body as HTML and as plain text; what there is of it."""
    kind, value = message.get(_HTML, (0, b""))
    html = ""
    if value:
        number = int.from_bytes(message.get(_CODEPAGE_OF_HTML, (0, b""))[1], "little")
        html = _decode(kind, bytes(value[:MAX_BODY]), _codec(number) or "utf-8")
    text = _string(message, _TEXT, codec)[:MAX_BODY]
    if not text and body:
        text = charset.decode(body.rstrip(b"\0"), codec)[0]
    _kind, packed = message.get(_RTF, (0, b""))
    if packed and not html:
        try:
            shown, is_html = rtf.read_rtf(rtf.decompress(bytes(packed), 2 * MAX_BODY))
        except ValueError:
            shown, is_html = "", False
        if is_html:
            html = shown[:MAX_BODY]
        elif not text:
            text = shown[:MAX_BODY]
    return html.strip(), text.replace("\r\n", "\n").strip()


def _string(properties, name: int, codec: str) -> str:
    kind, value = properties.get(name, (0, b""))
    return _decode(kind, bytes(value), codec)


def _decode(kind: int, value: bytes, codec: str) -> str:
    if kind == _UNICODE:
        return charset.clean(value.decode("utf-16-le", "replace").rstrip("\0"))
    return charset.decode(value.rstrip(b"\0"), codec)[0]


def _codec(codepage: int) -> str:
    """The name of a Windows code page that is known here, else ``""``."""
    name = {65001: "utf-8", 20127: "ascii", 28591: "iso-8859-1", 1200: "utf-16-le"}.get(
        codepage, f"cp{codepage}"
    )
    return name if codepage and charset.codec_name(name) else ""
