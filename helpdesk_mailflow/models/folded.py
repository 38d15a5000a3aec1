# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Text that conditions compare without case and accents, the same in memory and in SQL."""

from dataclasses import dataclass

from odoo import fields
from odoo.fields import Domain
from odoo.tools import SQL

from ..mailflow.fold import needle

#: Operators of a domain on folded text, without their negations.
OPERATORS = ("in", "ilike", "like", "=ilike", "=like")


@dataclass(frozen=True)
class TextTest:
    """One condition on a framed text: it holds one of some substrings, or nothing.

    :param needles: see :func:`..mailflow.fold.needle`
    :param empty: also true of no text at all
    """

    needles: tuple[str, ...]
    empty: bool = False

    def __call__(self, framed: str) -> bool:
        if not framed:
            return self.empty
        return any(each in framed for each in self.needles)


def text_test(operator: str, value) -> TextTest:
    """What a positive operator of a domain asks of a framed text.

    ``=ilike`` takes a leading and a trailing ``%`` as *anything*, which is how *ends with* and
    *starts with* are written; ``=like`` is exactly one line. All else is literal: who looks for
    ``100%`` means it.

    :param value: a text; of ``in`` a collection of texts, ``False`` among them is *not set*
    :raise ValueError: nothing is left to look for
    """
    if operator == "in":
        texts = [each for each in value if each]
        needles = tuple(needle(str(each), starts=True, ends=True) for each in texts)
        return TextTest(needles, empty=len(texts) < len(value))
    text = str(value)
    if operator in ("ilike", "like"):
        return TextTest((needle(text),))
    if operator == "=like":
        return TextTest((needle(text, starts=True, ends=True),))
    starts, ends = not text.startswith("%"), not text.endswith("%")
    text = text[not starts :]
    text = text if ends else text[:-1]
    return TextTest((needle(text, starts=starts, ends=ends),))


class Folded(fields.Text):
    """Texts for conditions, stored folded and framed (:func:`..mailflow.fold.frame`).

    Stock ``ilike`` differs between Python and PostgreSQL (``İ``, accents, wildcards,
    backslashes); here both look for the same substring. Never NULL.
    """

    required = True
    prefetch = False

    def __init__(self, string=fields.Field.string, **options):
        super().__init__(string, **{"required": True, "default": "", "copy": False, **options})

    def filter_function(self, records, field_expr, operator, value):
        """See ``Field.filter_function``."""
        test, getter = text_test(operator, value), self.expression_getter(field_expr)
        return lambda record: test(getter(record) or "")

    def _condition_to_sql(self, field_expr, operator, value, model, alias, query):
        negated = operator in Domain.NEGATIVE_OPERATORS
        test = text_test(Domain.NEGATIVE_OPERATORS.get(operator, operator), value)
        column = model._field_to_sql(alias, field_expr, query)
        parts = [SQL("strpos(%s, %s) > 0", column, each) for each in test.needles]
        if test.empty:
            parts.append(SQL("%s = ''", column))
        found = SQL("(%s)", SQL(" OR ").join(parts)) if parts else SQL("FALSE")
        return SQL("NOT %s", found) if negated else found
