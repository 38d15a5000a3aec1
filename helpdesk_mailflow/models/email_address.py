# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Addresses that people write into forms."""

from odoo import tools
from odoo.exceptions import ValidationError


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
