# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from markupsafe import Markup

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError

#: Fields that name a ticket where the conversation goes on, or that it belongs to.
LINKS = ("linked_ticket_id", "merged_into_id")


class HelpdeskTicket(models.Model):
    """Tickets that refer to others: continued, merged, or named by a mail whose writer does not
    take part there. For agents only: customers would read the titles of others' tickets."""

    _inherit = "helpdesk.ticket"

    linked_ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Refers to",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
        copy=False,
        check_company=True,
        groups="base.group_user",
        help="The ticket that its first mail refers to",
    )
    link_kind = fields.Selection(
        [
            ("unverified", "Its sender is not known to take part there"),
            ("closed", "It goes on with a closed ticket"),
            ("archived", "It goes on with an archived ticket"),
        ],
        string="Why it refers there",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    unverified_sender = fields.Boolean(
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="Its first mail refers to a ticket that the sender does not take part in, or it could"
        " not be proven who wrote",
    )
    linking_ticket_ids = fields.One2many(
        "helpdesk.ticket", "linked_ticket_id", readonly=True, groups="base.group_user"
    )
    linking_ticket_count = fields.Integer(
        compute="_compute_linking_ticket_count", groups="base.group_user"
    )
    merged_into_id = fields.Many2one(
        "helpdesk.ticket",
        string="Merged into",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="Where its messages are now. While it is archived, answers to it go there.",
    )

    @api.depends("linking_ticket_ids")
    def _compute_linking_ticket_count(self):
        # with the rights of who looks: others' tickets are not counted
        counts = dict(
            self._read_group(
                [("linked_ticket_id", "in", self.ids)], ["linked_ticket_id"], ["__count"]
            )
        )
        for ticket in self:
            ticket.linking_ticket_count = counts.get(ticket, 0)

    def action_open_linking_tickets(self):
        """The tickets that refer to this one."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Tickets that refer to %s", self.number),
            "res_model": "helpdesk.ticket",
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
            "domain": [("linked_ticket_id", "=", self.id)],
            "context": {"create": False},
        }

    @api.model_create_multi
    def create(self, vals_list):
        self._check_may_link(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_may_link([vals])
        return super().write(vals)

    def _check_may_link(self, vals_list) -> None:
        """Answers follow from one ticket to another, so nobody leads them into a ticket of
        others.

        :raise AccessError: the other ticket is not the user's to change
        """
        if self.env.su:
            return
        ids = {vals[name] for vals in vals_list for name in LINKS if vals.get(name)}
        self.browse(ids).check_access("write")

    # ------------------------------------------------------------
    # WHAT AN AGENT DECIDES
    # ------------------------------------------------------------

    def action_keep_apart(self):
        """Somebody has looked at it: it is a ticket like any other."""
        self.ensure_one()
        self.check_access("write")
        self.unverified_sender = False
        self._message_log(body=self.env._("Somebody has checked it: it stays a ticket of its own."))

    def action_belongs_to_linked(self):
        """Move what was written into the ticket that it refers to, and let the sender take part
        there. This ticket is archived; answers to it go there, too."""
        self.ensure_one()
        target = self.linked_ticket_id
        if not target or target == self:
            raise UserError(self.env._("It refers to no ticket, so it cannot be added to one."))
        (self | target).check_access("write")
        if self.company_id != target.company_id:
            raise AccessError(self.env._("Tickets of two companies cannot be joined."))
        # sudo: whoever may write to both tickets may join them, also what others wrote there
        source, into = self.sudo(), target.sudo()
        messages = source.message_ids.filtered(lambda each: each.message_type != "notification")
        files = self.env["ir.attachment"].sudo()
        files = files.search([("res_model", "=", self._name), ("res_id", "=", self.id)])
        files.write({"res_id": target.id})
        messages.write({"res_id": target.id})
        deliveries = self.env["helpdesk.incoming.mail.delivery"].sudo()
        deliveries.search([("ticket_id", "=", self.id)]).write({"ticket_id": target.id})
        into._mailflow_let_take_part(source.partner_name, source.partner_email)
        source.write({"unverified_sender": False, "merged_into_id": target.id, "active": False})
        source._message_log(
            body=self.env._("What was written here is now in %s.", target._get_html_link())
        )
        into._message_log(
            body=self.env._(
                "The mails of %(ticket)s were added, and %(sender)s takes part from now on.",
                ticket=self._get_html_link(),
                sender=source.partner_email or "-",
            )
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "helpdesk.ticket",
            "views": [(False, "form")],
            "res_id": target.id,
        }

    def _mailflow_let_take_part(self, name: str, email: str) -> None:
        """Somebody takes part from now on, without becoming a contact."""
        self.ensure_one()
        normalized = tools.email_normalize(email or "")
        if not normalized or normalized in self._mailflow_requester_emails():
            return
        if normalized not in tools.email_normalize_all(self.email_cc or ""):
            added = tools.formataddr((name if name != email else "", normalized))
            self.email_cc = ", ".join(filter(None, (self.email_cc, added)))

    # ------------------------------------------------------------
    # WHAT THE INTAKE TELLS
    # ------------------------------------------------------------

    def _mailflow_tell_linked(self) -> None:
        """A line for the agents of the ticket that this one refers to. It names no more than the
        number and the sender: what was written is read where it is."""
        self.ensure_one()
        linked = self.linked_ticket_id
        here = Markup(self._get_html_link(title=self.number))
        if self.link_kind == "unverified":
            body = self.env._(
                "A mail from %(address)s refers to this ticket, but is not known to be from"
                " somebody who takes part in it. It is in %(ticket)s.",
                address=self.partner_email or "-",
                ticket=here,
            )
        else:
            body = self.env._("The conversation goes on in %(ticket)s.", ticket=here)
        linked._message_log(body=body)

    def _mailflow_has_moved_to(self, target_id: int) -> None:
        """Note where the messages of these tickets are now, for answers to them."""
        left = {
            ticket.id
            for (ticket_id,) in self.env["mail.message"]
            # sudo: also messages that whoever moves them may not read
            .sudo()
            ._read_group(
                [
                    ("model", "=", self._name),
                    ("res_id", "in", self.ids),
                    ("message_type", "!=", "notification"),
                ],
                ["res_id"],
            )
            for ticket in self.browse(ticket_id)
        }
        # sudo: as above
        self.sudo().filtered(lambda each: each.id not in left).merged_into_id = target_id
