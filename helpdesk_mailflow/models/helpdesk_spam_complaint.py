# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models

from .email_address import canonical_email


class HelpdeskSpamComplaint(models.Model):
    """Somebody marked a mail of ours as spam: nothing automatic is sent to that address any
    more. Answers of agents are: whoever asks gets an answer.

    Archived, a complaint is forgiven, and automatic mails are sent there again.
    """

    _name = "helpdesk.spam.complaint"
    _description = "Spam complaint"
    _order = "date desc, id desc"
    _rec_name = "email"
    _check_company_auto = True

    email = fields.Char("Address", required=True, readonly=True, index=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    date = fields.Datetime("Complained on", required=True, readonly=True)
    ticket_id = fields.Many2one(
        "helpdesk.ticket", readonly=True, ondelete="set null", index="btree_not_null"
    )
    message_id = fields.Many2one(
        "mail.message",
        "About",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    mail_id = fields.Many2one(
        "helpdesk.incoming.mail",
        "Report",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    active = fields.Boolean(default=True)

    _once = models.UniqueIndex(
        "(email, company_id) WHERE active",
        "There is a complaint of this address already.",
    )

    @api.model
    def _take_note(self, complaints: list[dict]) -> None:
        """Keep complaints, one of each address and company: the latest.

        :param complaints: values of rows
        """
        if not complaints:
            return
        known = {
            (row.email, row.company_id.id): row
            for row in self.search([("email", "in", [each["email"] for each in complaints])])
        }
        new = {}
        for values in complaints:
            key = values["email"], values["company_id"]
            row = known.get(key)
            if row:
                row.write({**values, "date": max(row.date, values["date"])})
            else:
                new[key] = values
        self.create(list(new.values()))

    @api.model
    def _who_complained(self, wishes: list[dict]) -> set[tuple[str, int]]:
        """Pairs of a recipient and a company among automatic mails that somebody wants to send,
        which are not to be sent.

        :param wishes: with ``recipient`` and ``company_id``
        """
        places = {
            (each["recipient"], each["company_id"]): canonical_email(each["recipient"] or "")
            for each in wishes
        }
        # sudo: what is sent does not depend on who may see complaints
        rows = self.sudo().search(
            [
                ("email", "in", list(places.values())),
                ("company_id", "in", [company_id for _recipient, company_id in places]),
            ]
        )
        known = {(row.email, row.company_id.id) for row in rows}
        return {place for place, email in places.items() if (email, place[1]) in known}

    def action_forgive(self):
        """Send automatic mails there again."""
        self.action_archive()

    def action_open_ticket(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "helpdesk.ticket",
            "res_id": self.ticket_id.id,
            "views": [(False, "form")],
        }
