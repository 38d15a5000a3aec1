# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import AccessError

from .helpdesk_support_alias_address import LEADING
from .sender_name import sender_name


class HelpdeskSupportAlias(models.Model):
    """Which From address answers the tickets of a support alias."""

    _name = "helpdesk.support.alias"
    _inherit = ["helpdesk.support.alias", "helpdesk.answers.via"]

    answers_via_id = fields.Many2one(
        domain="[('company_id', '=', company_id), ('is_offered', '=', True)]",
        help="The From address of answers. Empty it for the default: its own address if that is a"
        " From address, else one of its team, else the company's default.",
    )
    answer_via_warning = fields.Char(compute="_compute_answer_via_warning", compute_sudo=True)
    answer_via_lost = fields.Boolean(
        compute="_compute_answer_via_warning",
        compute_sudo=True,
        help="Answers to the answering address come into no support alias",
    )

    signature = fields.Html(
        help="Under answers to tickets that came in here. Empty: the signature of the assigned"
        " agent, from the agent's preferences.",
    )
    from_preview = fields.Char(
        "Your answers are from", compute="_compute_from_preview", compute_sudo=True
    )
    automatic_from_preview = fields.Char(
        "Automatic answers are from", compute="_compute_from_preview", compute_sudo=True
    )

    @api.depends("address_ids.email")
    def _compute_answers_via_id(self):
        return super()._compute_answers_via_id()

    def _answering_unchosen(self, usable):
        return self._own_from_address(usable)

    def _check_by_leader(self, vals) -> None:
        super()._check_by_leader(vals)
        if "answer_via_id" not in vals:
            return
        for company, queues in self.grouped("company_id").items():
            offered = self.env["helpdesk.from.address"]._offered_to(self.env.user, company)
            # sudo: to tell whose it is
            foreign = queues.sudo().answer_via_id.filtered("team_id") - offered
            if foreign:
                raise AccessError(
                    self.env._(
                        "%(email)s belongs to another team. Choose a From address of your team or"
                        " of all teams.",
                        email=foreign[0].email,
                    )
                )

    def _own_from_address(self, usable):
        """The one of ``usable`` that customers of the alias write to."""
        by_email = {address.email: address for address in usable}
        found = (by_email[email] for email in self._leading_emails() if email in by_email)
        return next(found, usable.browse())

    def _leading_emails(self) -> list[str]:
        """What customers write to, the alias's own address first."""
        addresses = self.address_ids.filtered(lambda address: address.kind in LEADING)
        return [self.email, *addresses.mapped("email")]

    def _disabled_from_address(self):
        """The From address that customers of the alias write to, if it was disabled and none of
        the kind is left; or none."""
        # sudo: who answers is told what became of it
        addresses = self.env["helpdesk.from.address"].sudo()
        emails = self._leading_emails() if self else []
        if not any(emails) or self.sudo().answers_via_id.email in emails:
            return addresses
        domain = [
            ("company_id", "=", self.company_id.id),
            ("email", "in", emails),
            ("state", "=", "verified"),
            ("enabled", "=", False),
        ]
        return addresses.search(domain, limit=1)

    @api.depends("answers_via_id", "email", "address_ids.email", "address_ids.kind")
    @api.depends_context("lang")
    def _compute_answer_via_warning(self):
        # sudo is the compute's: addresses of all aliases
        emails = self.answers_via_id.mapped("email")
        leading = self.env["helpdesk.support.alias.address"].search(
            [
                ("email", "in", emails),
                ("company_id", "in", self.company_id.ids),
                ("kind", "!=", "retired"),
            ]
        )
        comes_back = {(each.email, each.company_id) for each in leading}
        for queue in self:
            sender = queue.answers_via_id
            here = queue.address_ids.filtered(lambda address: address.kind != "retired")
            other = bool(sender and queue.email) and sender.email not in here.mapped("email")
            queue.answer_via_lost = other and (sender.email, queue.company_id) not in comes_back
            queue.answer_via_warning = False
            if queue.answer_via_lost:
                queue.answer_via_warning = self.env._(
                    "Customers write to %(alias)s and get answers from %(sender)s, and mail to"
                    " %(sender)s comes into no support alias: an answer to it may be lost to"
                    " Odoo. Add it to an alias as an address that is forwarded or fetched.",
                    alias=queue.email,
                    sender=sender.email,
                )
            elif other:
                queue.answer_via_warning = self.env._(
                    "Customers write to %(alias)s and get answers from %(sender)s.",
                    alias=queue.email,
                    sender=sender.email,
                )

    @api.depends("answers_via_id", "name", "friendly_name", "team_id", "company_id")
    @api.depends_context("uid")
    def _compute_from_preview(self):
        for queue in self:
            sender, of = queue.answers_via_id, (queue, queue.team_id, queue.company_id)
            me = self.env.user.partner_id
            queue.from_preview = sender and sender._shown(sender_name(sender, *of, me))
            queue.automatic_from_preview = sender and sender._shown(sender_name(sender, *of))

    def action_answer_as_itself(self):
        """Have the alias answer as what customers write to: make that a From address, have it
        verified, and show it. Once it is verified the alias answers via it, unless another
        one was chosen."""
        self.ensure_one()
        self.answers_via_id = False
        address = self.address_ids.filtered(lambda each: each.email == self.email)
        action = address.action_use_as_from_address()
        sender = self.env["helpdesk.from.address"].browse(action["res_id"])
        if sender.state == "unverified":
            sender.action_send_verification()
        return action
