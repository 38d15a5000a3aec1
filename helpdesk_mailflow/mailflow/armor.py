"""OpenPGP without MIME within HTML: the armor taken away, as :mod:`.secured` does in a text.

Programs that know no OpenPGP send what somebody has signed and pasted as they send all they
write, each line of the armor with markup around it.
"""

from . import secured
from .forward_html import TooDeep, lines, pieces
from .html_tree import inner, parse

_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_END = "-----END PGP SIGNATURE-----"
_MAX_HEADERS = 9


def has_armor(markup: str) -> bool:
    """Whether it is worth taking a body apart."""
    return _SIGNED in markup


def without_armor(markup: str) -> str:
    """HTML without the armor of a cleartext signature (RFC 9580 section 7): without its headers,
    the signature, and the hyphens that it puts before lines.

    :param markup: tamed (:func:`.html.tame`), not sanitised; neither is the result
    :return: the markup itself if there is none, or it cannot be taken apart safely
    """
    if not has_armor(markup):
        return markup
    body = parse(markup)
    try:
        found = lines(body) if body is not None else []
    except TooDeep:
        return markup
    begin = _index(found, _SIGNED, 0)
    signature = _index(found, _SIGNATURE, begin + 1) if begin is not None else None
    if signature is None:
        return markup
    written = _behind_headers(found, begin + 1)
    if written >= signature:
        return markup
    end = _index(found, _END, signature)
    places = [found[index].at for index in (begin, written, signature)]
    rest = end is not None and end + 1 < len(found)
    if rest:
        places.append(found[end + 1].at)
    parts = pieces(body, places)
    shown = [parts[0], _without_escapes(parts[2]), parts[4] if rest else ""]
    return "\n".join(filter(None, shown))


def _index(found, text: str, start: int) -> int | None:
    return next((i for i in range(start, len(found)) if found[i].text == text), None)


def _behind_headers(found, index: int) -> int:
    """The first line behind the headers of the armor, and the blank line that ends them."""
    for _each in range(_MAX_HEADERS):
        if index >= len(found) or not secured.is_armor_header(found[index].text):
            break
        index += 1
    while index < len(found) and not found[index].text:
        index += 1
    return index


def _without_escapes(markup: str) -> str:
    body = parse(markup)
    if body is None:
        return markup
    # the last one first: places count from the beginning of a text
    for line in reversed(lines(body)):
        place = line.at
        if place.where is None or not line.text.startswith("- "):
            continue
        text = getattr(place.element, place.where)
        before, hyphen, behind = text[: place.offset], *text[place.offset :].partition("-")[1:]
        if hyphen:
            setattr(place.element, place.where, before + behind.removeprefix(" "))
    return inner(body)
