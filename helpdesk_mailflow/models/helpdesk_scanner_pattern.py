# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..mailflow.pattern import Pattern, PatternError, check
from . import pattern_errors


class HelpdeskScannerPattern(models.Model):
    """A named pattern: what Odoo's domain editor has no operator for. Conditions say that a
    mail matches it; its named groups are placeholders of actions."""

    _name = "helpdesk.scanner.pattern"
    _description = "Scanner pattern"
    _inherit = ["helpdesk.scanner.compiled", "helpdesk.for.leaders"]
    _order = "name, id"

    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    where = fields.Selection(
        [
            ("subject", "Subject"),
            ("body", "Body"),
            ("header", "A header"),
            ("any_header", "Any header"),
            ("attachment", "Attachment names"),
        ],
        required=True,
        default="subject",
        help="Of any header the whole line is looked at, as “X-Priority: 1”",
    )
    header_name = fields.Char("Header", help="As X-Priority; case does not matter")
    operator = fields.Selection(
        [
            ("regex", "Matches the regular expression"),
            ("contains", "Contains"),
            ("is", "Is"),
            ("starts", "Starts with"),
            ("ends", "Ends with"),
        ],
        required=True,
        default="contains",
    )
    text = fields.Char("Pattern", required=True)
    exact = fields.Boolean("Case and accents matter")

    _name_once = models.UniqueIndex(
        "(company_id, name)", "There is a pattern of this name already. Choose another name."
    )

    def _to_engine(self) -> Pattern:
        """The pattern as :mod:`..mailflow.pattern` takes it."""
        self.ensure_one()
        header = self.header_name if self.where == "header" else ""
        return Pattern(
            id=self._origin.id or 0,
            where=self.where,
            header=header or "",
            operator=self.operator,
            text=self.text or "",
            exact=self.exact,
        )

    @api.constrains("where", "header_name", "operator", "text", "exact")
    def _check_pattern(self):
        for pattern in self:
            try:
                check(pattern._to_engine())
            except PatternError as error:
                raise ValidationError(pattern._in_words(error)) from error

    def _in_words(self, error: PatternError) -> str:
        """What is wrong with a pattern, naming the faulty piece."""
        return self.env._(
            "The pattern %(pattern)s cannot be used. %(error)s",
            pattern=self.name,
            error=pattern_errors.sentence(self.env, error, self.text or ""),
        )
