# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..mailflow.note import note
from .intake_values import State

#: States of mails that may be processed again with the present rules.
CAN_BE_APPLIED = (
    State.DONE.value,
    State.IGNORED.value,
    State.NOT_TAKEN_IN.value,
    State.HELD.value,
)
#: Mails that are processed again at once, since somebody waits for it.
MOST = 500


class HelpdeskIncomingMail(models.Model):
    """Rules for mails that came in before them."""

    _inherit = "helpdesk.incoming.mail"

    can_apply_rules = fields.Boolean(compute="_compute_can_apply_rules")

    @api.depends("state", "start_only")
    @api.depends_context("uid")
    def _compute_can_apply_rules(self):
        writer = self._sees_ledger()
        for mail in self:
            mail.can_apply_rules = writer and mail.state in CAN_BE_APPLIED and not mail.start_only

    def action_apply_rules(self):
        """Process mails again with the present rules; asks first if some have tickets."""
        self._check_can_apply_rules()
        if self._with_tickets():
            wizard = self.env["helpdesk.apply.rules"].create({"mail_ids": [(6, 0, self.ids)]})
            return {
                "type": "ir.actions.act_window",
                "name": self.env._("Apply the rules"),
                "res_model": wizard._name,
                "res_id": wizard.id,
                "views": [(False, "form")],
                "target": "new",
            }
        self._apply_rules()
        return self._show_result()

    def _check_can_apply_rules(self) -> None:
        """
        :raise AccessError: the user may not decide about these mails
        :raise UserError: some are in no state for it
        """
        self._check_may_decide()
        wrong = self.filtered(lambda mail: not mail.can_apply_rules)
        if wrong:
            raise UserError(
                self.env._(
                    "Nothing was done, since rules cannot be applied to these mails (they wait,"
                    " failed, came twice or are not for helpdesk, or only their start is kept):"
                    " %(mails)s",
                    mails=", ".join(wrong[:5].mapped("display_name")),
                )
            )
        if len(self) > MOST:
            raise UserError(
                self.env._(
                    "Choose at most %(most)s mails; these are %(count)s.",
                    most=MOST,
                    count=len(self),
                )
            )

    def _with_tickets(self):
        """Those of which there is a ticket or a message of one, also of another company."""
        deliveries = self._deliveries()
        return self.filtered(lambda mail: mail.id in deliveries and deliveries[mail.id].ticket_id)

    def _apply_rules(self) -> None:
        """Process mails again as if they came in now. What was made of them stays."""
        self._check_can_apply_rules()
        # sudo: rights on the row were checked; tickets are made as for any incoming mail
        mails = self.sudo()
        mails._add_trace_to_all("person", note("person_apply_rules", user=self.env.user.name))
        mails.write(
            {
                "state": State.NEW.value,
                "tries": 0,
                "cut_offs": 0,
                "error": False,
                "next_try": False,
                # rules may ignore again what a person took in once
                "taken_in": False,
                "make_contact": False,
                "replayed": True,
            }
        )
        self.env["helpdesk.intake"].sudo()._process(mails.sorted("id"))
