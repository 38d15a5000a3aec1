"""RTF as Outlook stores the body of a message: decompressed, and turned into HTML or text.

Only what is needed to read such a body. The HTML that an RTF carries (MS-OXRTFEX) comes out as
it was written; any other RTF comes out as plain text.
"""

import re

from . import charset

#: What a dictionary of LZFu begins with (MS-OXRTFCP section 2.1.2.1).
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?\d{1,10})? ?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])|([{}])|[\r\n]+"
    rb"|([^\\{}\r\n]+)"
)
_CODEPAGE = re.compile(rb"\\ansicpg(\d{1,5})")
# Groups whose content is not shown.
_HIDDEN = {
    b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"listtable",
    b"listoverridetable", b"rsidtbl", b"generator", b"themedata", b"datastore", b"latentstyles",
    b"header", b"footer", b"headerl", b"headerr", b"footerl", b"footerr", b"fldinst", b"xmlnstbl",
    b"mhtmltag", b"bkmkstart", b"bkmkend",
}  # fmt: skip
_CHARACTERS = {
    b"par": "\n", b"line": "\n", b"row": "\n", b"sect": "\n", b"page": "\n", b"tab": "\t",
    b"cell": "\t", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”",
    b"bullet": "•", b"endash": "–", b"emdash": "—", b"emspace": " ", b"enspace": " ",
}  # fmt: skip
MAX_GROUPS = 500  # nested


def decompress(data: bytes, limit: int) -> bytes:
    """Undo the compression of ``PidTagRtfCompressed`` (MS-OXRTFCP section 2.2).

    :param limit: bytes of the result; what is longer is cut there
    :raise ValueError: this is none
    """
    if len(data) < 16:
        raise ValueError("too short for compressed RTF")
    kind = data[8:12]
    raw_size = int.from_bytes(data[4:8], "little")
    limit = min(limit, raw_size)
    if kind == b"MELA":
        return data[16 : 16 + limit]
    if kind != b"LZFu":
        raise ValueError("not compressed RTF")
    window = bytearray(_DICTIONARY.ljust(4096, b"\0"))
    write, position, out = len(_DICTIONARY), 16, bytearray()
    while position < len(data) and len(out) < limit:
        control = data[position]
        position += 1
        for bit in range(8):
            if control >> bit & 1:
                pair = data[position : position + 2]
                position += 2
                if len(pair) < 2:
                    return bytes(out[:limit])
                offset, length = (pair[0] << 4) | (pair[1] >> 4), (pair[1] & 15) + 2
                if offset == write:
                    return bytes(out[:limit])
                for _count in range(length):
                    byte = window[offset]
                    offset = (offset + 1) & 4095
                    window[write] = byte
                    write = (write + 1) & 4095
                    out.append(byte)
            else:
                if position >= len(data):
                    return bytes(out[:limit])
                window[write] = data[position]
                write = (write + 1) & 4095
                out.append(data[position])
                position += 1
    return bytes(out[:limit])


def read_rtf(data: bytes) -> tuple[str, bool]:
    """What an RTF shows.

    :return: the text, and whether it is HTML. Never raises.
    """
    is_html = b"\\fromhtml1" in data[:1000]
    found = _CODEPAGE.search(data[:1000])
    codec = f"cp{found[1].decode()}" if found else "cp1252"
    if charset.codec_name(codec) is None:
        codec = "cp1252"
    out: list[str] = []
    pending = bytearray()
    # of each open group: hidden, within an HTML tag, RTF only (htmlrtf), characters after \u
    state = (False, False, False, 1)
    stack = [state]
    skip = 0  # characters that stand in for the last \u
    first = starred = False  # at the beginning of a group; after \*

    def flush():
        if pending:
            out.append(charset.decode(bytes(pending), codec)[0])
            pending.clear()

    def say(text: str):
        flush()
        out.append(text)

    for match in _TOKEN.finditer(data):
        word, number, code, symbol, brace, plain = match.groups()
        hidden, in_tag, rtf_only, after_u = state
        shown = not hidden and not rtf_only
        if brace == b"{":
            if len(stack) > MAX_GROUPS:
                break
            stack.append(state)
            first, starred = True, False
            continue
        if brace == b"}":
            state = stack.pop() if len(stack) > 1 else state
            first = starred = False
            skip = 0
            continue
        if symbol == b"*" and first:
            starred = True
            continue
        if word:
            name = word.lower()
            if first and name == b"htmltag":
                state = (False, True, rtf_only and not is_html, after_u)
            elif first and (name in _HIDDEN or starred):
                state = (True, in_tag, rtf_only, after_u)
            elif name == b"htmlrtf":
                state = (hidden, in_tag, is_html and number != b"0", after_u)
            elif name == b"uc" and number:
                state = (hidden, in_tag, rtf_only, max(0, min(int(number), 8)))
            elif name == b"u" and number and shown:
                value = int(number) & 0xFFFF
                flush()
                out.append(chr(value))
                skip = after_u
            elif name in _CHARACTERS and shown:
                say("\r\n" if is_html and _CHARACTERS[name] == "\n" else _CHARACTERS[name])
            elif name == b"bin" and number:
                state = (True, in_tag, rtf_only, after_u)
            first = starred = False
            continue
        first = starred = False
        if not shown:
            continue
        if code:
            if skip:
                skip -= 1
            else:
                pending.append(int(code, 16))
        elif symbol:
            text = {b"~": "\xa0", b"_": "-", b"-": "", b"\n": "\n", b"\r": "\n"}.get(symbol)
            say(symbol.decode("latin-1") if text is None else text)
        elif plain:
            if skip:
                plain, skip = plain[skip:], max(0, skip - len(plain))
            pending += plain
    flush()
    text = "".join(out).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return charset.clean(text.replace("\0", "")), is_html
