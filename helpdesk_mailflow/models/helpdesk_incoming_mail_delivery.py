# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import fields, models


class HelpdeskIncomingMailDelivery(models.Model):
    """What an incoming mail became for one support alias.

    The unique index is what makes a ticket exactly once, whoever processes the mail,
    in how many processes and how often.
    """

    _name = "helpdesk.incoming.mail.delivery"
    _description = "Outcome of an incoming mail"
    _order = "id"
    _rec_name = "outcome"

    mail_id = fields.Many2one(
        "helpdesk.incoming.mail", required=True, ondelete="cascade", index=True, readonly=True
    )
    identity = fields.Char(
        required=True, readonly=True, help="Of the mail: Message-ID, From and Date"
    )
    alias_id = fields.Many2one(
        "helpdesk.support.alias",
        string="Support alias",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    alias_key = fields.Integer(
        required=True,
        readonly=True,
        default=0,
        help="The support alias' id, also after it was deleted; 0 for none, -1 for Odoo's gateway",
    )
    company_id = fields.Many2one("res.company", index=True, readonly=True)
    outcome = fields.Selection(
        [
            ("ticket", "New ticket"),
            ("reply", "Added to ticket"),
            ("note", "Noted on ticket"),
            ("bounce", "Not delivered"),
            ("receipt", "Receipt"),
            ("complaint", "Spam complaint"),
            ("ledger", "Kept here only"),
            ("not_taken_in", "Not taken in"),
            ("ignored", "Ignored"),
            ("held", "Held"),
            ("passed_on", "Handed to another part of Odoo"),
        ],
        required=True,
        readonly=True,
    )
    ticket_id = fields.Many2one(
        "helpdesk.ticket", ondelete="set null", index="btree_not_null", readonly=True
    )
    message_id = fields.Many2one(
        "mail.message", ondelete="set null", index="btree_not_null", readonly=True
    )

    _once = models.UniqueIndex("(identity, alias_key)")
