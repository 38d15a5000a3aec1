"""Subjects: what mail programs pile up before them, and the number tag of a ticket.

Mail programs thread by the base subject (RFC 5256, section 2.1) when an answer names no
message that they know: the subject without ``Re:``, ``Fwd:`` and leading ``[…]``. So a number
tag in brackets right behind one ``Re:`` changes no thread, wherever the answer is read.
"""

import hashlib
import re
import unicodedata

from .fold import fold

#: What replies begin with, by the programs and languages of the world; as _folded() makes them.
#: Left out are those that are more often words of the subject itself (Ref, CT, TL, FS, Pre).
REPLY = {
    "re", "aw", "antw", "antwort", "sv", "vs", "odp", "odpověď", "ynt", "yanıt", "res", "r",
    "rif", "réf", "réponse", "rsp", "vá", "válasz", "bls", "atb", "ats", "vast", "απ", "σχετ",
    "отв", "ответ", "відп", "одг", "odg", "răsp", "回复", "回覆", "答复", "答覆", "返信", "회신",
    "답장", "رد", "השב", "תשובה", "ตอบ", "ตอบกลับ",
}  # fmt: skip
#: What forwarded mails begin with.
FORWARD = {
    "fw", "fwd", "wg", "vl", "vb", "pd", "rv", "enc", "tr", "i", "doorst", "ilt", "továbbítás",
    "tovabbitas", "videresend", "redir", "trs", "yml", "přp", "předat", "proslijeđeno",
    "переслано", "пересл", "πρθ", "προωθ", "转发", "轉寄", "轉發", "転送", "전달", "הועבר", "ส่งต่อ",
}  # fmt: skip
MAX_ELEMENTS = 200
MAX_TAG_PATTERN = 40  # characters
#: Characters of a subject that are looked at; as many as the intake keeps of one.
MAX_SUBJECT = 2000
#: Longest key of a subject (characters).
MAX_KEY = 100
#: What stands for the ticket number in the pattern of a tag.
NUMBER = "{number}"

# A word, perhaps a counter (RE[2], Re(3), Re^4, Re5), a colon. Some are two words.
_LEADER = re.compile(
    r"\s*(?P<word>[^\W\d_]{1,14}(?:\ [^\W\d_]{1,14})?)\.?"
    r"(?:\s?[\[(]\s?\d{1,4}\s?[\])]|\^\d{1,3}|(?<=[Rr][Ee])\d{1,3})?\s?[:：﹕꞉]"
)
_TWO_WORDS = frozenset(("إعادة توجيه", "trả lời", "chuyển tiếp"))
# RFC 5256 allows blobs of any length; a person reads none longer than this.
_BLOB = re.compile(r"\s*\[([^\[\]]{0,120})\]")
_WRAPPED = re.compile(r"^\s*\[\s*(?:fwd?|wg|tr)\s*:(.*)\]\s*$", re.IGNORECASE | re.DOTALL)
_TRAILER = re.compile(r"\s*\((?:fwd?|wg|tr)\)\s*$", re.IGNORECASE)
_TAG_CHARACTERS = re.compile(r"[\w \[\](){}#:._/|*+=~!&@§№-]+")
# How numbers look: HT00042, 2026/0042, 00042. At least one digit, so no word is one.
_NUMBER = r"(?P<number>(?=[\w/.-]{0,31}\d)\w(?:[\w/.-]{0,30}\w)?)"


def _line(text: str) -> str:
    """A subject on one line, without control characters; safe in a header."""
    text = (text or "")[:MAX_SUBJECT]
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _folded(word: str) -> str:
    """A word for comparing: full-width letters and both Turkish i are the plain ones."""
    folded = unicodedata.normalize("NFKC", word).casefold().replace("i\u0307", "i")
    return unicodedata.normalize("NFC", folded)


def _is_prefix(word: str) -> bool:
    folded = _folded(word)
    if len(word) == 1 and not word.isupper():
        return False  # "i: " is no forward
    return folded in REPLY or folded in FORWARD or folded in _TWO_WORDS


def _elements(text: str) -> tuple[list[str], str]:
    """The ``[…]`` blobs before a subject, and the subject behind them and all prefixes."""
    blobs, position = [], 0
    for _each in range(MAX_ELEMENTS):
        leader = _LEADER.match(text, position)
        if leader and _is_prefix(leader["word"]):
            position = leader.end()
            continue
        blob = _BLOB.match(text, position)
        if not blob:
            break
        blobs.append(blob[0].strip())
        position = blob.end()
    return blobs, text[position:].strip()


def base_subject(text: str) -> str:
    """What a subject is about: without what replying and forwarding piled up.

    After RFC 5256, section 2.1 (which knows ``Re``, ``Fw`` and ``Fwd`` only), with the
    prefixes of other languages too. Blobs are kept where nothing else is left.

    :return: on one line; empty if nothing is left
    """
    text = _line(text)
    for _each in range(MAX_ELEMENTS):
        before = text
        text = _TRAILER.sub("", text)
        blobs, rest = _elements(text)
        text = rest or " ".join(blobs)
        if wrapped := _WRAPPED.match(text):
            text = wrapped[1].strip()
        if text == before:
            break
    return text


def has_prefix(text: str) -> bool:
    """Whether a subject says that its mail answers or forwards one."""
    text, position = _line(text), 0
    for _each in range(MAX_ELEMENTS):
        leader = _LEADER.match(text, position)
        if leader and _is_prefix(leader["word"]):
            return True
        blob = _BLOB.match(text, position)
        if not blob:
            break
        position = blob.end()
    return bool(_WRAPPED.match(text) or _TRAILER.search(text))


def tagged_subject(text: str, tag: str, answer: bool) -> str:
    """The subject of our mail: the number tag once, at its start, behind one ``Re:``.

    Prefixes of any language go, ``[…]`` of lists and the like stay, each once.

    :param tag: as it is to be read, e.g. ``[#HT00042]``; empty: none is added
    :param answer: whether it answers a mail, so that it begins with ``Re:``
    """
    text, tag = _line(text), _line(tag)
    if tag:
        text = " ".join(re.sub(re.escape(tag), " ", text, flags=re.IGNORECASE).split())
    blobs, rest = _elements(text)
    parts = ["Re:"] if answer else []
    parts += [part for part in dict.fromkeys((tag, *blobs, rest)) if part]
    return " ".join(parts)


def check_tag_pattern(pattern: str) -> str | None:
    """What is wrong with the pattern of a number tag.

    :return: a code: ``no_number`` (not exactly one :data:`NUMBER`), ``too_long`` (more than
        :data:`MAX_TAG_PATTERN` characters) or ``characters``; None if it can be used
    """
    if (pattern or "").count(NUMBER) != 1:
        return "no_number"
    if len(pattern) > MAX_TAG_PATTERN:
        return "too_long"
    rest = pattern.replace(NUMBER, "")
    if "{" in rest or "}" in rest or not (rest == "" or _TAG_CHARACTERS.fullmatch(rest)):
        return "characters"
    return None


def make_tag(pattern: str, number: str) -> str:
    """The number tag of a ticket: its number in a company's pattern."""
    return _line(pattern.replace(NUMBER, number))


def tag_pattern(pattern: str) -> re.Pattern:
    """A regular expression that finds the tags of a pattern in a subject.

    Its group ``number`` is the number. Case and runs of spaces do not matter. It repeats no
    group, so no subject takes it long.

    :param pattern: with :data:`NUMBER`, e.g. ``[#{number}]``
    :raises ValueError: if :func:`check_tag_pattern` finds something wrong
    """
    wrong = check_tag_pattern(pattern)
    if wrong:
        raise ValueError(f"unusable pattern of a number tag ({wrong}): {pattern!r}")
    before, after = pattern.strip().split(NUMBER)
    # no part of a longer word is one
    start = r"(?<!\w)" if _is_word(before[:1]) or not before else ""
    end = r"(?!\w)" if _is_word(after[-1:]) or not after else ""
    before, after = (r"\s{0,3}".join(map(re.escape, part.split(" "))) for part in (before, after))
    return re.compile(start + before + _NUMBER + after + end, re.IGNORECASE)


def _is_word(character: str) -> bool:
    return character == "_" or character.isalnum()


def subject_key(text: str) -> str:
    """What subjects are compared by: the base subject, folded (:func:`.fold.fold`).

    :return: at most 100 characters, of a longer one its start and a digest; empty if nothing
        is left of the subject
    """
    folded = fold(base_subject(text)).strip()
    if len(folded) <= MAX_KEY:
        return folded
    digest = hashlib.sha256(folded.encode("utf-8", "replace")).hexdigest()[:32]
    return f"{folded[: MAX_KEY - 33]} {digest}"
