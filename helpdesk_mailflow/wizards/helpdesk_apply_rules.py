# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models

#: Mails that are listed with what would become of them.
LISTED = 50


class HelpdeskApplyRules(models.TransientModel):
    """Asks before mails that have tickets are processed again, naming what would come of it."""

    _name = "helpdesk.apply.rules"
    _description = "Apply scanner rules to mails"

    mail_ids = fields.Many2many("helpdesk.incoming.mail", required=True)
    consequences = fields.Html(compute="_compute_consequences", sanitize=False)

    @api.depends("mail_ids")
    def _compute_consequences(self):
        trial = self.env["helpdesk.intake.trial"]
        for wizard in self:
            mails = wizard.mail_ids._origin
            mails._check_can_apply_rules()
            with_tickets = mails._with_tickets()
            listed = with_tickets[:LISTED]
            was = listed._outcomes_in(self.env.companies)
            tried = {each.row_id: each for each in trial._try_rows(listed)}
            wizard.consequences = self.env["ir.qweb"]._render(
                "helpdesk_mailflow.apply_rules_consequences",
                {
                    "rows": [(mail, was[mail], self._would_be(tried[mail.id])) for mail in listed],
                    "more": len(with_tickets) - len(listed),
                    "others": len(mails) - len(with_tickets),
                },
                lang=self.env.lang,
                minimal_qcontext=True,
            )

    @api.model
    def _would_be(self, tried) -> str:
        if tried.plan:
            return self.env["helpdesk.intake.trial"]._outcome(tried.plan)
        return tried.error or self.env._("Held: its source is no longer kept")

    def action_confirm(self):
        """Do it, with the rights of the user."""
        self.ensure_one()
        self.mail_ids._apply_rules()
        return {"type": "ir.actions.act_window_close"}
