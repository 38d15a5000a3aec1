# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Conditions of scanner rules: domains over the facts of an incoming mail, checked, and
compiled into functions of a ``Facts``.

``filtered_domain`` on the stored rows is the reference; what is compiled gives the same.
"""

import ast
import operator as operators
from collections.abc import Callable, Iterable

from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools.misc import OrderedSet

from .folded import text_test
from .intake_values import FACTS, Facts

_TEXT = ("=", "!=", "in", "not in", "ilike", "not ilike", "=ilike", "not =ilike")
_CHOICE = ("=", "!=", "in", "not in")
_NUMBER = ("=", "!=", "in", "not in", "<", "<=", ">", ">=")
#: Operators that a condition may use, by the type of the field.
OPERATORS = {
    "text": _TEXT,
    "selection": _CHOICE,
    "boolean": _CHOICE,
    "integer": _NUMBER,
    "many2one": ("in", "not in", "=", "!="),
    "many2many": ("in", "not in", "=", "!="),
}
_COMPARE = {"<": operators.lt, "<=": operators.le, ">": operators.gt, ">=": operators.ge}
#: Longest condition (characters), and most conditions in it.
LONGEST = 20_000
MOST = 500
#: Deepest nesting of groups.
DEEPEST = 30


def parse(text: str | None) -> list:
    """The domain that a rule stores as text.

    :raise ValueError: it is no domain
    """
    if len(text or "") > LONGEST:
        raise ValueError("too long")
    try:
        domain = ast.literal_eval((text or "[]").strip() or "[]")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ValueError("no domain") from error
    if not isinstance(domain, list):
        raise ValueError("no list")
    return domain


def names_of(text: str | None) -> set[str]:
    """The facts that a condition names."""
    return {each[0] for each in parse(text) if isinstance(each, (list, tuple)) and len(each) == 3}


def sees_reports(names: Iterable[str]) -> bool:
    """Whether a rule whose condition names these facts is meant for bounces, receipts,
    complaints and automatic answers, too."""
    return not {"kind", "fact_automatic"}.isdisjoint(names)


def check_condition(env, text: str | None) -> None:
    """Refuse what a rule must not ask: anything but facts, with operators that fit them, and
    records that its author may not read.

    :raise ValidationError: in a user's words
    """
    try:
        domain = parse(text)
        leaves = [each for each in domain if not isinstance(each, str)]
        if len(leaves) > MOST:
            raise ValueError("too many conditions")
        for leaf in leaves:
            _check_leaf(env, leaf)
        canonical(env["helpdesk.incoming.mail"], domain)
        if _depth(domain) > DEEPEST:
            raise ValueError("nested too deeply")
    except ValidationError:
        raise
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        raise ValidationError(
            env._(
                "The condition cannot be read: %(error)s. Build it with the condition editor.",
                error=error,
            )
        ) from error


def _depth(domain: list) -> int:
    """Nesting of the groups of a domain in prefix notation."""
    deepest, open_groups = 0, []
    for item in domain:
        if isinstance(item, str):
            open_groups.append(1 if item == "!" else 2)
            deepest = max(deepest, len(open_groups))
        else:
            while open_groups:
                open_groups[-1] -= 1
                if open_groups[-1]:
                    break
                open_groups.pop()
    return deepest


def _check_leaf(env, leaf) -> None:
    if tuple(leaf) in ((1, "=", 1), (0, "=", 1)):
        return
    name, operator, value = leaf
    model = env["helpdesk.incoming.mail"]
    if name not in FACTS:
        raise ValidationError(
            env._("A condition cannot look at “%(name)s”. Choose one of the fields.", name=name)
        )
    field = model._fields[name]
    label = field._description_string(env)
    if operator not in OPERATORS[field.type]:
        raise ValidationError(
            env._(
                "“%(operator)s” cannot be used with %(field)s.",
                operator=operator,
                field=label,
            )
        )
    values = list(value) if isinstance(value, (list, tuple, set)) else [value]
    if operator in ("in", "not in") and not values:
        raise ValidationError(env._("%(field)s is compared with nothing.", field=label))
    if operator not in ("in", "not in") and isinstance(value, (list, tuple, set)):
        raise ValueError(f"{operator} takes one value")
    checks = {
        "text": _check_text,
        "selection": _check_selection,
        "boolean": _check_boolean,
        "integer": _check_integer,
    }
    checks.get(field.type, _check_records)(env, field, label, operator, values)


def _check_text(env, field, label, operator, values) -> None:
    for value in values:
        if value is False and operator in _CHOICE:
            continue
        try:
            if not isinstance(value, str):
                raise ValueError("no text")
            text_test("=like" if operator in _CHOICE else operator.removeprefix("not "), value)
        except ValueError as error:
            raise ValidationError(
                env._("What should %(field)s be compared with? Enter a text.", field=label)
            ) from error


def _check_selection(env, field, label, operator, values) -> None:
    keys = {key for key, _label in field._description_selection(env)}
    for value in values:
        if value is not False and value not in keys:
            raise ValidationError(
                env._("%(field)s cannot be “%(value)s”.", field=label, value=value)
            )


def _check_boolean(env, field, label, operator, values) -> None:
    if any(not isinstance(value, bool) for value in values):
        raise ValidationError(env._("%(field)s is either yes or no.", field=label))


def _check_integer(env, field, label, operator, values) -> None:
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**31:
            raise ValidationError(env._("%(field)s is compared with a number.", field=label))


def _check_records(env, field, label, operator, values) -> None:
    ids = [value for value in values if value is not False]
    if any(isinstance(value, bool) or not isinstance(value, int) for value in ids):
        raise ValidationError(env._("Choose what %(field)s is compared with.", field=label))
    records = env[field.comodel_name].with_context(active_test=False).browse(ids)
    if len(records.exists()._filtered_access("read")) < len(set(ids)):
        raise ValidationError(
            env._(
                "The condition names a record of %(field)s that does not exist or that you may"
                " not see.",
                field=label,
            )
        )


def canonical(model, domain: Iterable) -> Domain:
    """The domain as it is evaluated everywhere: equality on texts becomes ``=like``, since
    Odoo merges several ``in`` on one field, but several lines of a text may be looked for."""

    def rewrite(condition):
        field = model._fields[condition.field_expr]
        if field.type != "text" or condition.operator not in _CHOICE:
            return condition
        value = condition.value
        values = value if isinstance(value, (list, tuple, set, OrderedSet)) else [value]
        negated = condition.operator in ("!=", "not in")
        parts = [
            Domain(condition.field_expr, "not =like" if negated else "=like", each)
            if each
            else Domain(condition.field_expr, "!=" if negated else "=", False)
            for each in values
        ]
        return Domain.AND(parts) if negated else Domain.OR(parts)

    return Domain(list(domain)).map_conditions(rewrite)


def compile_condition(model, text: str | None) -> Callable[[Facts], bool]:
    """A function that tells whether a mail of these facts matches.

    :raise ValueError: it is no domain
    """
    return _compile(model, canonical(model, parse(text)).optimize(model))


def _compile(model, domain: Domain) -> Callable[[Facts], bool]:
    if domain.is_true():
        return lambda facts: True
    if domain.is_false():
        return lambda facts: False
    kind = getattr(domain, "OPERATOR", None)
    if kind in ("&", "|"):
        parts = [_compile(model, child) for child in domain.children]
        return _all_of(parts) if kind == "&" else _any_of(parts)
    if kind == "!":
        part = _compile(model, domain.child)
        return lambda facts: not part(facts)
    return _compile_leaf(model, domain)


def _all_of(parts):
    # most groups have two or three members, and this runs for each rule and each mail
    if len(parts) == 2:
        one, two = parts
        return lambda facts: one(facts) and two(facts)
    if len(parts) == 3:
        one, two, three = parts
        return lambda facts: one(facts) and two(facts) and three(facts)

    # a loop: all() over a generator takes twice as long
    def all_of(facts):
        for part in parts:  # noqa: SIM110
            if not part(facts):
                return False
        return True

    return all_of


def _any_of(parts):
    if len(parts) == 2:
        one, two = parts
        return lambda facts: one(facts) or two(facts)
    if len(parts) == 3:
        one, two, three = parts
        return lambda facts: one(facts) or two(facts) or three(facts)

    def any_of(facts):
        for part in parts:  # noqa: SIM110
            if part(facts):
                return True
        return False

    return any_of


def _compile_leaf(model, condition) -> Callable[[Facts], bool]:
    field = model._fields[condition.field_expr]
    operator = condition.operator
    positive = Domain.NEGATIVE_OPERATORS.get(operator, operator)
    test = _compile_positive(field, positive, condition.value)
    if positive == operator:
        return test
    return lambda facts: not test(facts)


def _compile_positive(field, operator, value) -> Callable[[Facts], bool]:
    get = operators.attrgetter(field.name)
    if field.type == "text":
        test = text_test(operator, value)
        if len(test.needles) == 1 and not test.empty:
            wanted = test.needles[0]
            return lambda facts: wanted in get(facts)
        return lambda facts: test(get(facts))
    if operator in _COMPARE:
        compare = _COMPARE[operator]
        return lambda facts: compare(get(facts), value)
    wanted = frozenset(value)
    if field.type == "many2many":
        empty = False in wanted
        return lambda facts: _meets(get(facts), wanted, empty)
    if wanted & {False, ""}:
        return lambda facts: (found := get(facts)) in wanted or not found
    return lambda facts: get(facts) in wanted


def _meets(found: frozenset, wanted: frozenset, empty: bool) -> bool:
    return not wanted.isdisjoint(found) if found else empty
