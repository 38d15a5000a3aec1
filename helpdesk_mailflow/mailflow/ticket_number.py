"""Ticket numbers in the text of a mail, found by an expression of the user's choice.

The engine is RE2 (:mod:`.expression`): no expression takes more than linear time. Case does not
matter.
"""

from .expression import MAX_TEXT, PatternError, check_expression, compile_expression

#: The group that is the number; without it the whole match is.
GROUP = "number"
#: Different numbers that are looked up for one mail.
MAX_NUMBERS = 20
#: Characters of a text that are looked at.
REACH = 1_000_000
#: Longest number (characters).
MAX_NUMBER = 64


def check_number_pattern(text: str) -> None:
    """Check an expression before it is stored.

    :raise PatternError: it cannot be used, or finds a number in nothing
    """
    if len(text or "") > MAX_TEXT:
        raise PatternError("too_long")
    if not (text or "").strip():
        raise PatternError("empty")
    check_expression(text)
    if compile_expression(text, exact=False).search("") is not None:
        raise PatternError("empty")


def find_numbers(text: str, *places: str) -> list[str]:
    """The ticket numbers in texts, each once, in their order, with their letters as written and
    as capitals.

    :param text: the expression
    :param places: texts to look at, the most telling first
    :raise PatternError: the expression cannot be used
    """
    expression = compile_expression(text, exact=False, capture=True)
    has_group = GROUP in expression.groupindex
    found: dict[str, None] = {}
    for place in places:
        # a lone surrogate has no form in UTF-8
        clean = place[:REACH].encode("utf-8", "replace").decode()
        for match in expression.finditer(clean):
            number = (match[GROUP] if has_group else match[0]) or ""
            if 0 < len(number) <= MAX_NUMBER:
                found[number.strip()] = None
                found[number.strip().upper()] = None
            if len(found) >= 2 * MAX_NUMBERS:
                return list(found)
    return list(found)
