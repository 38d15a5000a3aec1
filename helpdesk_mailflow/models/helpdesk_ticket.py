# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import fields, models

from .reviewed_overrides import unknown_overrides


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    # looked up for each incoming mail; helpdesk_mgmt has no index on them
    number = fields.Char(index=True)
    partner_id = fields.Many2one(index="btree_not_null")
    commercial_partner_id = fields.Many2one(string="Account", index="btree_not_null")
    support_alias_id = fields.Many2one(
        "helpdesk.support.alias",
        string="Queue",
        ondelete="set null",
        index="btree_not_null",
        copy=False,
        check_company=True,
        tracking=True,
        help="The support alias that the ticket came in by",
    )
    support_alias_color = fields.Integer(related="support_alias_id.color", string="Queue color")
    incoming_mail_count = fields.Integer(compute="_compute_incoming_mail_count")

    def _compute_incoming_mail_count(self):
        # sudo: who may read the ticket may read the mails it is made of
        counts = dict(
            self.env["helpdesk.incoming.mail.delivery"]
            .sudo()
            ._read_group([("ticket_id", "in", self.ids)], ["ticket_id"], ["mail_id:count_distinct"])
        )
        for ticket in self:
            ticket.incoming_mail_count = counts.get(ticket, 0)

    def action_open_incoming_mails(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.incoming_mail_action"
        )
        action["domain"] = [("ticket_ids", "in", self.ids)]
        action["context"] = {"create": False}
        mails = self.env["helpdesk.incoming.mail"].search(action["domain"], limit=2)
        if len(mails) == 1:
            action.update(res_id=mails.id, views=[(False, "form")], view_mode="form")
        return action

    def _message_compute_real_author(self, author_id):
        """As Odoo does for a customer's message that OdooBot posts, without asking the database
        for each message whether OdooBot's contact still exists."""
        root_id = self.env["ir.model.data"]._xmlid_to_res_id("base.partner_root")
        if (
            self.env.user.active
            or not author_id
            or author_id == root_id
            or unknown_overrides(self, "_message_compute_real_author")
        ):
            return super()._message_compute_real_author(author_id)
        author = self.env["res.partner"].browse(author_id)
        return author if author.active else author.browse()
