"""Colours of mails: whether one can be read on the other."""

import re

_HEX = re.compile(r"#([0-9a-fA-F]{6})")
#: Of normal text, after WCAG 2.1, success criterion 1.4.3.
READABLE = 4.5


def is_color(text: str) -> bool:
    """Whether it is written as ``#rrggbb``, which all mail programs know."""
    return bool(_HEX.fullmatch(text or ""))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.1, relative luminance).

    :param one: ``#rrggbb``
    """
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_on(background: str) -> str:
    """White or nearly black, whichever is easier to read on a colour."""
    return max("#ffffff", "#1f2328", key=lambda each: contrast(each, background))


def _luminance(color: str) -> float:
    digits = _HEX.fullmatch(color)[1]
    parts = [int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
