# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models, tools
from odoo.exceptions import UserError

from ..mailflow.header import Address
from ..models.intake_values import Requester


class HelpdeskSetRequester(models.TransientModel):
    """Asks whose the ticket of a forwarded mail is. Setting it again undoes it."""

    _name = "helpdesk.set.requester"
    _description = "Set the requester of a ticket"

    ticket_id = fields.Many2one("helpdesk.ticket", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="ticket_id.company_id")
    candidate_ids = fields.One2many("helpdesk.set.requester.candidate", "wizard_id")
    candidate_id = fields.Many2one(
        "helpdesk.set.requester.candidate",
        "Found in the mail",
        domain="[('wizard_id', '=', id)]",
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Contact",
        domain="[('company_id', 'in', (False, company_id))]",
    )
    email = fields.Char("E-mail")
    name = fields.Char()
    has_original = fields.Boolean(readonly=True)
    take_original = fields.Boolean(
        "Title and text of the original mail",
        help="What the agent wrote above it becomes an internal note. Left as it is, the requester"
        " may read it in the portal.",
    )
    original_title = fields.Char(readonly=True)
    original_text = fields.Html(readonly=True)
    agents_words = fields.Html(readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        for wizard in wizards:
            wizard._fill()
        return wizards

    def _fill(self) -> None:
        """Offer who is named in the mail, the likeliest first."""
        ticket = self.ticket_id
        ticket.check_access("write")
        original = ticket._forwarded_original()
        stored = (ticket.forwarded_mail or {}).get("candidates") or []
        found = {email or name: (name, email) for name, email in stored}
        # who has it, and who forwarded it, to set it back
        name, email = ticket.partner_name or ticket.partner_id.name, ticket.partner_email
        if name or email:
            found.setdefault(tools.email_normalize(email or "") or name, (name, email))
        forwarder = (ticket.forwarded_mail or {}).get("by")
        if forwarder:
            found.setdefault(forwarder, (self._known_contact(forwarder).name, forwarder))
        values = {
            "candidate_ids": [
                (0, 0, {"name": name, "email": email, "sequence": number})
                for number, (name, email) in enumerate(found.values())
            ],
        }
        if original:
            values.update(
                has_original=True,
                take_original=True,
                original_title=original.subject or ticket.name,
                original_text=original.body,
                agents_words=original.above,
            )
        self.write(values)
        if stored:
            self.candidate_id = self.candidate_ids[:1]
            self._onchange_candidate_id()

    @api.onchange("candidate_id")
    def _onchange_candidate_id(self):
        if self.candidate_id:
            self.name, self.email = self.candidate_id.name, self.candidate_id.email
            self.partner_id = self._known_contact(self.candidate_id.email)

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        if self.partner_id:
            self.name, self.email = self.partner_id.name, self.partner_id.email

    def action_set(self):
        """Make the chosen one the requester, with the rights of the user."""
        self.ensure_one()
        partner, address = self._chosen()
        self.ticket_id._set_requester(partner, address, self.take_original and self.has_original)
        return {"type": "ir.actions.act_window_close"}

    # ------------------------------------------------------------
    # WHO
    # ------------------------------------------------------------

    def _chosen(self):
        """The contact, made if need be (it may stay empty), and the address."""
        if self.partner_id:
            if self.partner_id.company_id not in (self.env["res.company"], self.company_id):
                raise UserError(
                    self.env._(
                        "%(contact)s is a contact of another company. Choose one of"
                        " %(company)s, or type the address.",
                        contact=self.partner_id.display_name,
                        company=self.company_id.name,
                    )
                )
            email = self.partner_id.email_normalized or self.partner_id.email or ""
            return self.partner_id, Address(self.partner_id.name or "", email)
        email = tools.email_normalize(self.email or "")
        if not email:
            raise UserError(
                self.env._("Choose a contact, or type the e-mail address of whoever asks.")
            )
        # sudo: addresses of all companies are ours
        if self.env["mail.alias.domain"].sudo()._find_aliases([email]):
            raise UserError(
                self.env._(
                    "%(address)s is one of our own addresses. Type the address of whoever asks.",
                    address=email,
                )
            )
        address = Address((self.name or "").strip(), email)
        return self._known_contact(email) or self._new_contact(address), address

    def _known_contact(self, email):
        """The contact with an address that the intake would choose."""
        email = tools.email_normalize(email or "")
        if not email:
            return self.env["res.partner"]
        # sudo: as the intake looks contacts up; only those of the ticket's company are chosen
        judge = self.env["helpdesk.intake.judge"].sudo()
        found = judge._partners({email})[email].filtered(
            lambda each: each.company_id in (self.env["res.company"], self.company_id)
        )
        if not found:
            return self.env["res.partner"]
        return judge._best_partner(found, self.company_id.id)[0].with_env(self.env)

    def _new_contact(self, address: Address):
        """A contact, if the ticket's team makes contacts of whoever writes."""
        company, team = self.company_id, self.ticket_id.team_id
        # sudo: made as the intake makes it, which would have done so for the very mail
        judge = self.env["helpdesk.intake.judge"].sudo()
        if not judge._creates_contacts(company.id, team.id):
            return self.env["res.partner"]
        wanted = {(0, company.id, team.id): Requester(address, "forwarded")}
        account, _why = judge._accounts(wanted).get((address.domain, company.id), (None, None))
        values = judge._contact_values(address, account)
        return self.env["res.partner"].sudo().create(values).with_env(self.env)


class HelpdeskSetRequesterCandidate(models.TransientModel):
    """Somebody who may have written a forwarded mail."""

    _name = "helpdesk.set.requester.candidate"
    _description = "Candidate for the requester of a ticket"
    _order = "sequence, id"

    wizard_id = fields.Many2one("helpdesk.set.requester", required=True, ondelete="cascade")
    sequence = fields.Integer()
    name = fields.Char()
    email = fields.Char()

    @api.depends("name", "email")
    def _compute_display_name(self):
        for candidate in self:
            parts = [candidate.name, candidate.email and f"<{candidate.email}>"]
            candidate.display_name = " ".join(each for each in parts if each)
