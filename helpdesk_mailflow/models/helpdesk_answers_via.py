# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models


class HelpdeskAnswersVia(models.AbstractModel):
    """What a From address is chosen for, or found: support aliases and tickets.

    Whoever inherits from it has ``company_id`` and ``team_id``.
    """

    _name = "helpdesk.answers.via"
    _description = "Answers via a From address"

    answer_via_id = fields.Many2one(
        "helpdesk.from.address",
        string="Chosen From address",
        check_company=True,
        ondelete="set null",
        index="btree_not_null",
        tracking=True,
        copy=False,
    )
    answers_via_id = fields.Many2one(
        "helpdesk.from.address",
        string="Answer via",
        compute="_compute_answers_via_id",
        inverse="_inverse_answers_via_id",
        compute_sudo=True,
    )

    @api.depends("answer_via_id.is_usable", "team_id", "company_id")
    def _compute_answers_via_id(self):
        by_company = self.env["helpdesk.from.address"]._usable_by_company(self.company_id)
        for record in self:
            record.answers_via_id = record._answering(by_company[record.company_id])

    def _answering(self, usable):
        """The one of ``usable`` that answers."""
        self.ensure_one()
        return (
            (self.answer_via_id & usable)
            or self._answering_unchosen(usable)
            or usable._of_team(self.team_id)
            or usable._default_one()
        )

    def _answering_unchosen(self, usable):
        """The one of ``usable`` that answers where none is chosen, before those of the team and
        the company; or none."""
        return usable.browse()

    def _inverse_answers_via_id(self):
        for record in self:
            record.answer_via_id = record.answers_via_id
        # emptied, or not usable: what answers then
        self._compute_answers_via_id()

    @api.constrains("answer_via_id")
    def _check_answer_via_id(self):
        # sudo: whether it is proven is no secret
        self.sudo().answer_via_id._check_usable()
