# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What concerns tickets goes to nobody on the outgoing filter, whoever wrote it: followers,
composers, templates, automation, the queue."""

import ast

from odoo import models, tools

from . import own_mail, trace

#: Mails that are sent to an address of ours, to see whether they come back.
FOR_OWN_ADDRESSES = ("verification", "test", "connection")
#: Where addresses of a mail stand, beside its contacts; Bcc is kept among its headers.
PLACES = ("email_to", "email_cc", "Bcc")


def meant_for_own_address(stamp: tuple[str, str] | None) -> bool:
    """Whether a mail is meant to go to an address of ours. Its stamp tells, which is signed: a
    context could be made up by whoever sends.

    :param stamp: of the mail, as :func:`.own_mail.read_stamp` gives it
    """
    return bool(stamp and stamp[0] in FOR_OWN_ADDRESSES)


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _mailflow_headers(self) -> dict:
        self.ensure_one()
        try:
            headers = ast.literal_eval(self.headers or "{}")
        except (SyntaxError, TypeError, ValueError):
            # Odoo sends such a mail without these headers, and says so in its log
            return {}
        return headers if isinstance(headers, dict) else {}

    def _mailflow_stamp(self) -> tuple[str, str] | None:
        """(purpose, subject) of the stamp that a mail was given."""
        self.ensure_one()
        if own_mail.HEADER not in (self.headers or ""):
            return None
        return own_mail.read_stamp(
            self.env, str(self._mailflow_headers().get(own_mail.HEADER) or "")
        )

    def _mailflow_place(self, name: str) -> str:
        """The addresses that stand at one of :data:`PLACES`."""
        return (self._mailflow_headers().get(name) if name == "Bcc" else self[name]) or ""

    def _mailflow_withhold(self):
        """Take recipients on the outgoing filter out of mails that concern tickets.

        :return: mails that have no recipient left, which are cancelled
        """
        concerned = self.browse()
        for mail in self.filtered(lambda each: each.state == "outgoing"):
            stamp = mail._mailflow_stamp()
            if (mail.model == "helpdesk.ticket" or stamp) and not meant_for_own_address(stamp):
                concerned |= mail
        if not concerned:
            return concerned
        # sudo: a mail is sent by whoever may send it, which is another right
        tickets = self.env["helpdesk.ticket"].sudo()
        tickets = tickets.browse(concerned._of_tickets().mapped("res_id")).exists()
        tickets = {ticket.id: ticket for ticket in tickets}
        cancelled = self.browse()
        for company, mails in concerned.grouped(
            lambda mail: tickets[mail.res_id].company_id if mail.res_id in tickets
            and mail._of_tickets() else mail.record_company_id or mail.env.company
        ).items():  # fmt: skip
            emails = {
                email
                for mail in mails
                for value in (
                    *mail.recipient_ids.mapped("email"),
                    *map(mail._mailflow_place, PLACES),
                )
                for email in tools.email_normalize_all(value or "")
            }
            withheld = self.env["helpdesk.outgoing.filter"]._suppressed(emails, company)
            for mail in mails if withheld else ():
                ticket = tickets.get(mail.res_id) if mail._of_tickets() else None
                copy_to = ticket._mailflow_auto_cc() if ticket else ""
                if mail._mailflow_take_out(withheld, tools.email_normalize(copy_to)):
                    cancelled |= mail
        return cancelled

    def _mailflow_take_out(self, withheld, copy_to) -> bool:
        """Take addresses out of one mail, and say so on its message.

        :param withheld: address -> why nothing is sent there
        :param copy_to: our own address that a copy goes to, as the policy says
        :return: whether nobody is left whom the mail is for
        """
        self.ensure_one()
        told, partners = {}, {}
        leaving = self.env["res.partner"]
        for partner in self.recipient_ids:
            emails = tools.email_normalize_all(partner.email or "")
            met = [email for email in emails if email in withheld]
            told.update((email, withheld[email]) for email in met)
            # a contact with several addresses stays for those that are left
            if emails and len(met) == len(emails):
                leaving |= partner
                partners.update(dict.fromkeys(met, partner.id))
        left = {}
        for name in PLACES:
            left[name] = []
            for formatted in tools.mail.email_split_and_format(self._mailflow_place(name)):
                email = tools.email_normalize(formatted)
                if email not in withheld or (name == "email_cc" and email == copy_to):
                    left[name].append(formatted)
                else:
                    told[email] = withheld[email]
        if not told:
            return False
        meant = [each for each in left["email_cc"] if tools.email_normalize(each) != copy_to]
        nobody_left = not (self.recipient_ids - leaving or left["email_to"] or meant or left["Bcc"])
        if nobody_left:
            sentences = [
                trace.sentence(self.env, why.code, dict(why.values)) for why in told.values()
            ]
            self.write({"state": "cancel", "failure_reason": "\n".join(sentences)})
        else:
            self._mailflow_write_recipients(self.recipient_ids - leaving, left)
        for partner in self.mail_message_id.notified_partner_ids:
            partners.setdefault(partner.email_normalized, partner.id)
        self.env["helpdesk.outgoing.filter"]._tell(self.mail_message_id, told, partners)
        return nobody_left

    def _mailflow_write_recipients(self, partners, left: dict[str, list[str]]) -> None:
        """Keep these recipients only.

        :param left: by :data:`PLACES`
        """
        headers = self._mailflow_headers()
        values = {
            "recipient_ids": [(6, 0, partners.ids)],
            "email_to": ", ".join(left["email_to"]),
            "email_cc": ", ".join(left["email_cc"]),
        }
        if headers.pop("Bcc", None):
            if left["Bcc"]:
                headers["Bcc"] = ", ".join(left["Bcc"])
            values["headers"] = repr(headers)
        if not self.is_notification:
            # its message would be deleted with it, and with that what is told on it
            values["auto_delete"] = False
        self.write(values)
