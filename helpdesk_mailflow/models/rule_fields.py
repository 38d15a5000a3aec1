# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Which fields of tickets and contacts actions of rules may set, and with what."""

import math
from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup, escape

from odoo import fields, tools
from odoo.exceptions import ValidationError

MODELS = {"ticket": "helpdesk.ticket", "contact": "res.partner"}
#: Fields that may be set, those that the model has.
FIELDS = {
    "ticket": (
        "name",
        "partner_id",
        "partner_name",
        "partner_email",
        "commercial_partner_id",
        "team_id",
        "user_id",
        "stage_id",
        "priority",
        "category_id",
        "type_id",
        "tag_ids",
        "channel_id",
        "kanban_state",
    ),
    "contact": (
        "name",
        "parent_id",
        "company_id",
        "category_id",
        "user_id",
        "lang",
        "function",
        "title",
        "phone",
        "website",
        "street",
        "zip",
        "city",
        "state_id",
        "country_id",
        "ref",
        "comment",
    ),
}
#: A ticket's account is that of its contact: it can be set for a contact that is made.
ACCOUNT = "ticket.commercial_partner_id"
TEXTS = ("char", "text", "html", "integer", "float", "date", "datetime")
CHOICES = ("selection", "boolean")
RECORDS = ("many2one", "many2many")
#: Longest texts (characters).
LONGEST = {"char": 1000, "text": 10_000, "html": 10_000}
#: What fits into an integer column.
LARGEST = 2**31 - 1


@dataclass(frozen=True)
class Target:
    """A field that an action sets.

    :param of: ``ticket`` or ``contact``
    """

    of: str
    field: fields.Field

    @property
    def key(self) -> str:
        """As ``helpdesk.scanner.rule.value`` names it."""
        return f"{self.of}.{self.field.name}"

    @property
    def takes(self) -> str:
        """What is chosen for it: ``text``, ``choice``, ``record`` or, with the ways to assign
        a ticket, ``agent``."""
        if self.key == "ticket.user_id":
            return "agent"
        if self.field.type in TEXTS:
            return "text"
        return "choice" if self.field.type in CHOICES else "record"


def targets(env) -> dict[str, Target]:
    """All fields that may be set, by their keys; fields of the customer's own (``x_…``) among
    them, if they are of a simple type."""
    result = {}
    for of, model_name in MODELS.items():
        model = env[model_name]
        own = sorted(
            name
            for name, field in model._fields.items()
            if name.startswith("x_")
            and field.type in TEXTS + CHOICES
            and field.store
            and not field.readonly
        )
        for name in (*FIELDS[of], *own):
            field = model._fields.get(name)
            if field and field.type in TEXTS + CHOICES + RECORDS:
                target = Target(of, field)
                result[target.key] = target
    return result


def choices(env, target: Target) -> list[tuple[str, str]]:
    """What can be chosen for a field: pairs of a value and its label."""
    if target.field.type == "boolean":
        return [("1", env._("Yes")), ("0", env._("No"))]
    return target.field._description_selection(env)


def convert(target: Target, text: str):
    """A text as the value of a field; of an HTML field it is text, too.

    :raise ValueError: it is none that fits
    """
    field = target.field
    if field.name == "partner_email":
        email = tools.email_normalize(text)
        if not email:
            raise ValueError("no e-mail address")
        return email
    if field.type in ("char", "text"):
        limit = LONGEST[field.type]
        value = text[: min(getattr(field, "size", None) or limit, limit)]
        if field.required and not value:
            raise ValueError("empty")
        return value
    if field.type == "html":
        return Markup("<p>%s</p>") % escape(text)
    if field.type == "integer":
        number = int(text)
        if abs(number) > LARGEST:
            raise ValueError("too large")
        return number
    if field.type == "float":
        number = float(text)
        if not math.isfinite(number):
            raise ValueError("no number")
        return number
    if field.type == "date":
        return date.fromisoformat(text[:10])
    return datetime.fromisoformat(text).replace(tzinfo=None)


def companies_of(record) -> frozenset[int]:
    """The companies that a record is for; none: all of them."""
    if record._name == "res.users":
        return frozenset(record.company_ids._ids)
    if record._name == "res.company":
        return frozenset(record._ids)
    if "company_id" in record._fields:
        return frozenset(record.company_id._ids)
    return frozenset()


def is_gone(record) -> bool:
    """Whether a record was deleted or archived, or is no agent any more."""
    if not record.exists() or ("active" in record._fields and not record.active):
        return True
    return record._name == "res.users" and record.share


def is_elsewhere(record, company_id: int) -> bool:
    """Whether a record belongs to other companies only."""
    found = companies_of(record)
    return bool(found) and company_id not in found


def check_record(record, company, label: str) -> None:
    """Refuse what an action of a rule cannot use, or its author may not see.

    :param record: as the author chose it
    :param company: of the rule
    :param label: of the field that it was chosen for
    :raise ValidationError: in a user's words
    """
    env = record.env
    # one answer to what does not exist and to what the author may not see
    if not record.exists() or not record.has_access("read") or is_gone(record.sudo()):
        raise ValidationError(
            env._(
                "What was chosen for %(field)s does not exist, is archived, or is not for you to"
                " see. Choose something else.",
                field=label,
            )
        )
    # sudo: only the company is looked at
    if is_elsewhere(record.sudo(), company.id):
        raise ValidationError(
            env._(
                "%(record)s belongs to another company than the rule (%(company)s). Choose"
                " something else for %(field)s.",
                record=record.sudo().display_name,
                company=company.name,
                field=label,
            )
        )
