# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The roads of the guide that need no access to a mailbox: one forwards it to a provided address,
the other uses that address as it is."""

from odoo import api, fields, models, tools
from odoo.exceptions import UserError

#: Roads on which mail comes in by an address that Odoo provides.
BY_PROVIDED = ("forward", "provided")


class HelpdeskMailboxConnection(models.Model):
    _inherit = "helpdesk.mailbox.connection"

    forward_from = fields.Selection(
        [
            ("outlook", "Microsoft 365: a rule of the mailbox"),
            ("exchange", "Microsoft 365: the administrator sets it"),
            ("outlook_com", "Outlook.com, Hotmail"),
            ("gmail", "Gmail"),
            ("workspace", "Google Workspace: the administrator sets it"),
            ("other", "Another provider"),
        ],
        string="Where is the mailbox?",
        default="other",
    )
    # of the directions two: what is forwarded comes in
    answers_too = fields.Boolean(
        "Yes, let answers leave as it",
        compute="_compute_answers_too",
        inverse="_inverse_answers_too",
    )
    provided_email = fields.Char("Provided address", compute="_compute_provided_email")
    forwarded_to = fields.Char(readonly=True, copy=False, help="What was shown to forward to")
    confirmation_mail_id = fields.Many2one(
        "helpdesk.incoming.mail", compute="_compute_confirmation", compute_sudo=True
    )
    confirmation_provider = fields.Char(compute="_compute_confirmation", compute_sudo=True)
    confirmation_code = fields.Char(
        "Confirmation code", compute="_compute_confirmation", compute_sudo=True
    )
    confirmation_link = fields.Char(compute="_compute_confirmation", compute_sudo=True)
    confirmation_of = fields.Char(compute="_compute_confirmation", compute_sudo=True)

    @api.depends("alias_id", "alias_id.alias_name", "alias_id.alias_domain_name")
    def _compute_provided_email(self):
        for connection in self:
            queue = connection.alias_id
            connection.provided_email = (
                f"{queue.alias_name}@{queue.alias_domain_name}"
                if queue.alias_name and queue.alias_domain_name
                else False
            )

    @api.depends("alias_id", "email", "road", "step")
    def _compute_confirmation(self):
        Mail = self.env["helpdesk.incoming.mail"].sudo()
        for connection in self:
            mail = Mail
            if connection.alias_id and connection.road == "forward":
                email = tools.email_normalize(connection.email or "") or ""
                mail = Mail.search(
                    [
                        ("kind", "=", "forwarding"),
                        ("company_id", "=", connection.company_id.id),
                        ("delivery_ids.alias_id", "=", connection.alias_id._origin.id),
                        # not all providers name the mailbox
                        ("confirmation_mailbox", "in", (False, email)),
                    ],
                    limit=1,
                )
            connection.confirmation_mail_id = mail
            connection.confirmation_provider = mail.confirmation_provider
            connection.confirmation_code = mail.confirmation_code
            connection.confirmation_link = mail.confirmation_link
            connection.confirmation_of = mail.confirmation_mailbox

    @api.depends("direction")
    def _compute_answers_too(self):
        for connection in self:
            connection.answers_too = connection.direction != "in"

    def _inverse_answers_too(self):
        for connection in self:
            connection.direction = "both" if connection.answers_too else "in"

    # ------------------------------------------------------------
    # STEPS
    # ------------------------------------------------------------

    def _enter_connect_forward(self):
        if self.direction == "out":
            # chosen on another road
            self.direction = "both"
        if not self.alias_id:
            # the address to forward to is shown now; the step after next may choose another
            # support alias, where the mails then go, too
            known = self._leading_alias()
            self.alias_id = known or self._likely_alias()
            # one that nothing came in by may still be called otherwise
            self.fresh_alias_id = False if known else self.alias_id
        self._keep_alias()
        if self.forward_from == "other":
            suggested = {"microsoft": "outlook", "gmail": "gmail"}
            self.forward_from = suggested.get(self.suggested_road, "other")

    def _leave_connect_forward(self):
        self._keep_alias()
        self.forwarded_to = self.provided_email
        if self.direction != "in":
            self._offer_as_from_address()

    def _offer_as_from_address(self) -> None:
        """Answers may leave as the support address, once a mail to it has come back: forwarded
        here it verifies the address by itself."""
        address = self._keep_from_address({})
        if address.state == "unverified" and address.is_verified_by_mail:
            address._send_verification()

    # ------------------------------------------------------------
    # WHAT IS SET UP
    # ------------------------------------------------------------

    def _keep_alias(self):
        if self.road == "forward":
            self._refuse_own_address()
        queue = super()._keep_alias()
        if self.road in BY_PROVIDED:
            if not queue.sudo().alias_id.alias_name or not queue.alias_domain_name:
                queue.action_generate_address()
            self.invalidate_recordset(["provided_email"])
        if self.road == "provided":
            self.email = self.provided_email
            if self.direction != "in":
                self._answer_as_provided()
        return queue

    def _refuse_own_address(self) -> None:
        """What is an alias of Odoo's already is not forwarded to one."""
        email = tools.email_normalize(self.email or "")
        # sudo: aliases are a system admin's; that there is one is no secret
        if email and self.env["mail.alias"].sudo().search_count(
            [("alias_full_name", "=", email)], limit=1
        ):
            raise UserError(
                self.env._(
                    "%(email)s is an address of Odoo's own, so it need not be forwarded. Go back"
                    " and use it as a provided address, or type the address of your mailbox.",
                    email=email,
                )
            )

    def _answer_as_provided(self) -> None:
        address = self.from_address_id or self._keep_from_address({})
        if not address.is_usable and address.state == "unverified" and address.is_verified_by_mail:
            # what somebody typed on the alias domain is proven by a mail that comes back
            address._send_verification()
        self._set_up_alias()

    def _keep_external_address(self, queue) -> None:
        # what the guide itself made follows its choice of another alias
        addresses = self._by_keeper(self.env["helpdesk.support.alias.address"])
        email = tools.email_normalize(self.email)
        known = addresses.search([("email", "=", email), ("kind", "=", "external")], limit=1)
        if known and known.alias_id != queue and self._has_made(known):
            known.alias_id = queue
        return super()._keep_external_address(queue)

    # ------------------------------------------------------------
    # CONFIRMATION
    # ------------------------------------------------------------

    def poll_confirmation(self) -> bool:
        """Whether a provider's confirmation mail is here; asked for by the form every few
        seconds."""
        self.ensure_one()
        self.check_access("read")
        self.invalidate_recordset(["confirmation_mail_id"])
        return bool(self.confirmation_mail_id)

    def action_open_confirmation(self):
        """Open the provider's link, in the browser of the person who clicked."""
        self.ensure_one()
        if not self.confirmation_link:
            raise UserError(self.env._("The confirmation mail has no link of its provider."))
        return {"type": "ir.actions.act_url", "url": self.confirmation_link, "target": "new"}

    def action_open_confirmation_mail(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "helpdesk.incoming.mail",
            "res_id": self.confirmation_mail_id.id,
            "views": [(False, "form")],
        }
