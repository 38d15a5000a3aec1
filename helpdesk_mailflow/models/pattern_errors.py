# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What is wrong with a pattern, in a user's words."""

from odoo.tools.translate import LazyTranslate

from ..mailflow.pattern import PatternError

_lt = LazyTranslate(__name__)

#: The sentence of each reason of a PatternError; ``%(piece)s`` is the faulty piece.
SENTENCES = {
    "atomic_group": _lt("“%(piece)s”: groups that never give back are not known here."),
    "backreference": _lt(
        "“%(piece)s” refers back to a group. That is not known here, since it could take for ever."
    ),
    "bad_character": _lt("It has a character that is none."),
    "bad_class": _lt("“%(piece)s” is no set or range of characters."),
    "bad_escape": _lt("“%(piece)s”: a backslash before this means nothing."),
    "bad_group": _lt("“%(piece)s” begins a kind of group that is not known here."),
    "bad_group_name": _lt(
        "“%(piece)s” is no name of a group. Names have letters, digits and underscores."
    ),
    "bad_repeat": _lt("“%(piece)s” repeats nothing, or too often."),
    "bad_syntax": _lt("“%(piece)s” is no regular expression."),
    "duplicate_group": _lt("“%(piece)s”: two groups have this name."),
    "empty": _lt("There is nothing to look for."),
    "header_missing": _lt("Enter the name of the header that it looks at."),
    "lookaround": _lt(
        "“%(piece)s” looks ahead or behind. That is not known here, since it could take for ever."
    ),
    "missing_bracket": _lt("The bracket in “%(piece)s” is not closed."),
    "missing_parenthesis": _lt("The parenthesis in “%(piece)s” is not closed."),
    "too_large": _lt("“%(piece)s” is too large. Repeat less often."),
    "too_long": _lt("It is too long."),
    "unexpected_parenthesis": _lt("The parenthesis in “%(piece)s” was not opened."),
}


def sentence(env, error: PatternError, text: str = "") -> str:
    """What is wrong with a pattern.

    :param text: the pattern, named if no piece of it is
    """
    template = env._(SENTENCES[error.reason])
    return template % {"piece": error.piece or text}
