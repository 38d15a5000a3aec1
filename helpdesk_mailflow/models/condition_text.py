# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Conditions of scanner rules for people to read, and with names in place of ids."""

from collections import defaultdict
from collections.abc import Iterable

from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .intake_values import FACTS
from .rule_condition import parse

RECORDS = ("many2one", "many2many")
#: How many values of a condition its sentence names.
SHOWN = 4


def _leaves(text: str | None) -> list:
    """The comparisons of a condition with names of facts; none if it cannot be read."""
    try:
        domain = parse(text)
    except ValueError:
        return []
    return [
        each
        for each in domain
        if isinstance(each, (list, tuple)) and len(each) == 3 and each[0] in FACTS
    ]


def _values(value) -> list:
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]


def records_of(model, text: str | None) -> dict[str, set[int]]:
    """The records that a condition names: model name -> ids.

    :param model: ``helpdesk.incoming.mail``
    """
    found = defaultdict(set)
    for name, _operator, value in _leaves(text):
        field = model._fields[name]
        if field.type in RECORDS:
            found[field.comodel_name].update(
                each for each in _values(value) if isinstance(each, int) and each is not False
            )
    return {name: ids for name, ids in found.items() if ids}


def gone_records(model, texts: Iterable[str | None]) -> dict[str | None, list[str]]:
    """For conditions the facts of which they name a record that was deleted, as people call them.

    :param model: ``helpdesk.incoming.mail``
    """
    texts, ids = set(texts), defaultdict(set)
    for text in texts:
        for name, found in records_of(model, text).items():
            ids[name] |= found
    # sudo: whether they are there, not what they are
    there = {
        name: set(model.env[name].sudo().browse(sorted(found)).exists()._ids)
        for name, found in ids.items()
    }

    def names_gone(leaf) -> bool:
        field = model._fields[leaf[0]]
        return field.type in RECORDS and any(
            isinstance(each, int) and each is not False and each not in there[field.comodel_name]
            for each in _values(leaf[2])
        )

    return {
        text: list(
            dict.fromkeys(
                model._fields[leaf[0]]._description_string(model.env)
                for leaf in _leaves(text)
                if names_gone(leaf)
            )
        )
        for text in texts
    }


class Describer:
    """Sentences of conditions. The names of all records that they name are read at once.

    :param model: ``helpdesk.incoming.mail`` of the user who reads
    :param texts: the conditions to come
    """

    def __init__(self, model, texts: Iterable[str | None]):
        self.model, self.env = model, model.env
        ids = defaultdict(set)
        for text in texts:
            for name, found in records_of(model, text).items():
                ids[name] |= found
        self.names = {}
        for name, found in ids.items():
            records = self.env[name].with_context(active_test=False).browse(sorted(found))
            records = records.exists()._filtered_access("read")
            self.names[name] = {each.id: each.display_name for each in records}

    def __call__(self, text: str | None) -> str:
        """A condition as a sentence; “all mail” if it is empty."""
        try:
            domain = Domain(parse(text))
        except (ValueError, TypeError):
            return self.env._("A condition that cannot be read")
        if domain.is_true():
            return self.env._("All mail")
        return self._group(domain)

    def _group(self, domain: Domain) -> str:
        kind = getattr(domain, "OPERATOR", None)
        if kind in ("&", "|"):
            parts = [
                f"({self._group(each)})"
                if getattr(each, "OPERATOR", None) in ("&", "|")
                else self._group(each)
                for each in domain.children
            ]
            last = self.env._(" and ") if kind == "&" else self.env._(" or ")
            return last.join(parts)
        if kind == "!":
            return self.env._("not (%(condition)s)", condition=self._group(domain.child))
        if domain.is_true():
            return self.env._("always")
        if domain.is_false():
            return self.env._("never")
        return self._leaf(domain.field_expr, domain.operator, domain.value)

    def _leaf(self, name: str, operator: str, value) -> str:
        if name not in FACTS:
            return f"{name} {operator} {value!r}"
        field = self.model._fields[name]
        label = field._description_string(self.env)
        if field.type == "boolean":
            return self._boolean(label, operator, value)
        if operator in ("=", "!=", "in", "not in"):
            return self._equal(field, label, operator, value)
        shown = self._quoted(value) if field.type == "text" else str(value)
        if operator in ("=ilike", "not =ilike"):
            return self._like(label, operator, str(value))
        template = {
            "ilike": self.env._("%(field)s contains %(value)s"),
            "not ilike": self.env._("%(field)s does not contain %(value)s"),
            "<": self.env._("%(field)s is less than %(value)s"),
            "<=": self.env._("%(field)s is at most %(value)s"),
            ">": self.env._("%(field)s is greater than %(value)s"),
            ">=": self.env._("%(field)s is at least %(value)s"),
        }.get(operator, f"%(field)s {operator} %(value)s")
        return template % {"field": label, "value": shown}

    def _like(self, label, operator, value) -> str:
        """*Starts with* and *ends with*, see :func:`.folded.text_test`."""
        starts, ends = not value.startswith("%"), not value.endswith("%")
        text = value[not starts :]
        text = text if ends else text[:-1]
        positive = operator == "=ilike"
        key = (positive, starts, ends)
        template = {
            (True, True, False): self.env._("%(field)s starts with %(value)s"),
            (True, False, True): self.env._("%(field)s ends with %(value)s"),
            (True, False, False): self.env._("%(field)s contains %(value)s"),
            (True, True, True): self.env._("%(field)s is %(value)s"),
            (False, True, False): self.env._("%(field)s does not start with %(value)s"),
            (False, False, True): self.env._("%(field)s does not end with %(value)s"),
            (False, False, False): self.env._("%(field)s does not contain %(value)s"),
            (False, True, True): self.env._("%(field)s is not %(value)s"),
        }[key]
        return template % {"field": label, "value": self._quoted(text)}

    def _quoted(self, text) -> str:
        """A text in the quotation marks of the reader's language."""
        return self.env._("“%(text)s”", text=text)

    def _boolean(self, label, operator, value) -> str:
        wanted = {bool(each) for each in _values(value)}
        if len(wanted) != 1:
            return self.env._("%(field)s: yes or no", field=label)
        yes = wanted.pop() is (operator in ("=", "in"))
        if yes:
            return self.env._("%(field)s: yes", field=label)
        return self.env._("%(field)s: no", field=label)

    def _equal(self, field, label, operator, value) -> str:
        values, positive = _values(value), operator in ("=", "in")
        named = [self._name(field, each) for each in values if each is not False]
        if not named:
            if positive:
                return self.env._("%(field)s is not set", field=label)
            return self.env._("%(field)s is set", field=label)
        if len(named) < len(values):
            named.append(self.env._("not set"))
        if len(named) > SHOWN:
            more = self.env._("%(count)s more", count=len(named) - SHOWN)
            named = [*named[:SHOWN], more]
        shown = self.env._(" or ").join(named)
        if field.name == "pattern_ids":
            return self._pattern(positive, shown)
        template = (
            self.env._("%(field)s is %(value)s")
            if positive
            else self.env._("%(field)s is not %(value)s")
        )
        return template % {"field": label, "value": shown}

    def _pattern(self, positive: bool, shown: str) -> str:
        if positive:
            return self.env._("Matches %(pattern)s", pattern=shown)
        return self.env._("Does not match %(pattern)s", pattern=shown)

    def _name(self, field, value) -> str:
        if field.type == "text":
            return self._quoted(value)
        if field.type == "selection":
            return str(dict(field._description_selection(self.env)).get(value, value))
        if field.type in RECORDS:
            return self.names.get(field.comodel_name, {}).get(value) or self.env._(
                "a record that you may not see or that is gone"
            )
        return str(value)


def with_names(model, texts: Iterable[str | None]) -> dict[str | None, str]:
    """Conditions with the names of records in place of their ids, as another database can read
    them. What the user may not see, or what is gone, stays an id.

    :param model: ``helpdesk.incoming.mail``
    """
    texts = set(texts)
    names = Describer(model, texts).names

    def named(leaf):
        field = model._fields[leaf[0]]
        if field.type not in RECORDS:
            return tuple(leaf)
        known = names.get(field.comodel_name, {})
        value = leaf[2]
        if isinstance(value, (list, tuple)):
            return leaf[0], leaf[1], [known.get(each, each) for each in value]
        return leaf[0], leaf[1], known.get(value, value)

    result = {}
    for text in texts:
        fitting = _leaves(text)
        if not fitting:
            result[text] = text or "[]"
            continue
        domain = parse(text)
        result[text] = repr([named(each) if each in fitting else each for each in domain])
    return result


def from_names(model, text: str | None, company) -> str:
    """A condition with ids in place of the names of records.

    :param model: ``helpdesk.incoming.mail``
    :param company: records of it are meant, or of none
    :raise ValidationError: a name is unknown, or several records have it
    """
    env = model.env
    try:
        domain = parse(text)
    except ValueError as error:
        raise ValidationError(
            env._("The condition cannot be read: %(error)s.", error=error)
        ) from error
    fitting = _leaves(text)

    def identified(field, value):
        if not isinstance(value, str):
            return value
        records = env[field.comodel_name].with_context(active_test=False)
        of_company = Domain.TRUE
        if "company_id" in records._fields:
            of_company = Domain("company_id", "in", [company.id, False])
        if records._name.startswith("helpdesk."):
            # few, and their display names are made of several fields
            found = records.search(of_company)
        else:
            found = records.search(of_company & Domain("display_name", "=", value))
        found = found.filtered(lambda each: each.display_name == value)
        if len(found) > 1 and "company_id" in found._fields:
            found = found.filtered("company_id") or found
        if len(found) != 1:
            raise ValidationError(
                env._(
                    "The condition names “%(name)s”, and there are %(count)s of that name here."
                    " Make it, or name it differently.",
                    name=value,
                    count=len(found),
                )
            )
        return found.id

    def with_ids(leaf):
        field = model._fields[leaf[0]]
        if field.type not in RECORDS:
            return tuple(leaf)
        value = leaf[2]
        if isinstance(value, (list, tuple)):
            return leaf[0], leaf[1], [identified(field, each) for each in value]
        return leaf[0], leaf[1], identified(field, value)

    return repr([with_ids(each) if each in fitting else each for each in domain])
