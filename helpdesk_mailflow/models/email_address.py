# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Addresses as they are compared: each in one spelling."""

import re

from odoo import tools
from odoo.exceptions import ValidationError

#: A pair of a quoted local part (RFC 5321, 4.1.2).
QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


def canonical_email(email: str) -> str:
    """The one of several spellings of an address by which mail servers know it: lower case, no
    quotes around the local part (RFC 5321, 4.1.2: they are not part of it), no dot at the end
    of the domain (RFC 1034, 3.1: the root).

    :param email: one address without a name
    """
    local_part, at, domain = email.strip().lower().rpartition("@")
    if len(local_part) > 1 and local_part[0] == local_part[-1] == '"':
        local_part = QUOTED_PAIR.sub(r"\1", local_part[1:-1])
    return f"{local_part}{at}{domain.rstrip('.')}"


def normalized_email(env, email: str | None) -> str:
    """One address as it is compared and looked up.

    :raise ValidationError: it is not one address
    """
    normalized = tools.email_normalize(email or "")
    if not normalized:
        raise ValidationError(
            env._(
                "“%(email)s” is not an e-mail address. Write it like support@example.com.",
                email=email or "",
            )
        )
    return normalized
