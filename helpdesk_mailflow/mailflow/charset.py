"""Bytes of a mail -> text, whatever charset they claim to be in.

Nothing here raises on bad input. What had to be repaired is returned as the name of the
charset that was used, so that the caller can say so in the trace.
"""

import codecs
import encodings
import pkgutil
import re
from functools import lru_cache

import chardet

# What the name says -> what those who write it send. Supersets as in the WHATWG Encoding
# Standard (section 4.2), plus names seen in mail only.
_ALIASES = {
    "": "us-ascii",
    "ansi": "cp1252",
    "ansi_x3.4-1968": "us-ascii",
    "ascii": "us-ascii",
    "big5": "big5hkscs",
    "big-5": "big5hkscs",
    "x-big5": "big5hkscs",
    "cn-big5": "big5hkscs",
    "cp-850": "cp850",
    "cp1252": "cp1252",
    "default": "us-ascii",
    "default_charset": "us-ascii",
    "dos-874": "cp874",
    "euc-cn": "gb18030",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gb2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "hz-gb-2312": "hz",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "l1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6",
    "iso-8859-6-e": "iso-8859-6",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-2022-jp-ms": "iso2022_jp_ext",
    "iso-2022-jp-1": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "cp50222": "iso2022_jp_ext",
    "csiso2022jp": "iso2022_jp_ext",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "ksc5601": "cp949",
    "ksc_5601": "cp949",
    "korean": "cp949",
    "windows-949": "cp949",
    "ms949": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "ms_kanji": "cp932",
    "windows-31j": "cp932",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "unicode": "utf-8",
    "unknown": "us-ascii",
    "unknown-8bit": "us-ascii",
    "x-unknown": "us-ascii",
    "8bit": "us-ascii",
    "binary": "us-ascii",
    "us-ascii": "us-ascii",
    "utf": "utf-8",
    "utf8": "utf-8",
    "utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-user-defined": "us-ascii",
    "x-windows-874": "cp874",
}
# Codecs that Python counts as text encodings but that are none for a mail.
_NOT_CHARSETS = {
    "idna",
    "mbcs",
    "oem",
    "palmos",
    "punycode",
    "raw-unicode-escape",
    "raw_unicode_escape",
    "undefined",
    "unicode-escape",
    "unicode_escape",
}
# Asking the registry for a name that it lacks searches the file system each time.
_KNOWN = {module.name for module in pkgutil.iter_modules(encodings.__path__)}
_KNOWN |= set(encodings.aliases.aliases)
# ASCII bytes do not stand for themselves here, so pure ASCII proves nothing.
_STATEFUL = ("iso2022", "hz", "utf-7", "utf-16", "utf-32", "cp037", "cp500", "cp1026", "cp1140")
# Tried in turn when the one before cannot read the bytes.
_VARIANTS = {
    "iso2022_jp_ext": ("iso2022_jp_2004", "iso2022_jp_2", "iso2022_jp_3"),
    "cp932": ("shift_jis_2004", "shift_jisx0213"),
    "euc_jp": ("euc_jis_2004", "euc_jisx0213"),
    "big5hkscs": ("cp950", "gb18030"),
    "cp949": ("johab",),
}
# Bytes shown to the detector: enough to tell, little enough to stay quick.
_DETECT_BYTES = 16 * 1024
_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def clean(text: str) -> str:
    """Drop what PostgreSQL refuses: NUL and lone surrogates."""
    if text.isascii():
        return text.replace("\0", "") if "\0" in text else text
    return _UNPRINTABLE.sub(lambda m: "" if m[0] == "\0" else "\ufffd", text)


def one_line(text: str) -> str:
    """Fold control characters and line breaks into single spaces."""
    if text.isprintable():
        return text.strip()
    return _CONTROL.sub(" ", clean(text)).strip()


def visible(text: str) -> str:
    """:func:`one_line` without the characters that hide or reverse a file name."""
    return _INVISIBLE.sub("", one_line(text))


@lru_cache(maxsize=512)
def codec_name(charset: str) -> str | None:
    """Name of the codec for a charset name as found in mail; None if there is none."""
    name = charset.strip().strip("\"'<>").lower().replace(" ", "")
    name = name.partition("*")[0].rstrip(";,.")
    name = _ALIASES.get(name, name)
    if name.startswith("x-"):
        name = _ALIASES.get(name[2:], name[2:])
    for candidate in (
        name,
        re.sub(r"^(?:windows|cp|win|ms)[-_]?(\d{3,5})$", r"cp\1", name),
        re.sub(r"^iso[-_]?8859[-_]?(\d{1,2}).*$", r"iso-8859-\1", name),
        re.sub(r"^(?:charset|content-type:.*charset)=[\"']?", "", name),
    ):
        candidate = _ALIASES.get(candidate, candidate)
        if encodings.normalize_encoding(candidate).replace(".", "_") not in _KNOWN:
            continue
        try:
            info = codecs.lookup(candidate)
        except (LookupError, ValueError):
            continue
        # `_is_text_encoding` is how bytes.decode() itself refuses rot13, zlib and the like.
        if getattr(info, "_is_text_encoding", True) and info.name not in _NOT_CHARSETS:
            return candidate
    return None


def _try(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError, ValueError):
        return None


def detect(data: bytes) -> str:
    """The most likely codec of bytes that do not say, or not truly, what they are."""
    if _try(data, "utf-8") is not None:
        return "utf-8"
    first = next((i for i, byte in enumerate(data) if byte > 127), 0)
    start = max(0, first - 256)
    guess = chardet.detect(data[start : start + _DETECT_BYTES])["encoding"]
    codec = codec_name(guess or "") if guess else None
    return codec if codec and codec not in ("us-ascii", "utf-8") else "cp1252"


def decode(data: bytes, charset: str = "") -> tuple[str, str]:
    """Decode the bytes of a body or header.

    :param charset: as declared, ``""`` if it was not
    :return: the text, free of NUL and lone surrogates, and ``""`` if it is what was
        declared, else the name of the codec that was used instead
    """
    codec = codec_name(charset)
    ascii_only = data.isascii()
    if ascii_only and (codec is None or not codec.startswith(_STATEFUL)):
        if not charset and b"\x1b$" in data:  # undeclared ISO-2022-JP announces itself
            text = _try(data, "iso2022_jp_ext")
            if text is not None:
                return clean(text), "iso2022_jp_ext"
        return clean(data.decode("ascii")), "" if codec else "us-ascii"
    if codec and not (codec == "us-ascii" and not ascii_only):
        for candidate in (codec, *_VARIANTS.get(codec, ())):
            text = _try(data, candidate)
            if text is not None:
                return clean(text), ""
        text = _try(data, "utf-8")
        if text is not None:
            return clean(text), "utf-8"
        # A few bad bytes do not make another charset; only replace what cannot be read.
        text = data.decode(codec, "replace")
        if text.count("\ufffd") * 50 <= len(text) or ascii_only:
            return clean(text), codec
    codec = detect(data)
    text = data.decode(codec, "replace")
    return clean(text), codec
