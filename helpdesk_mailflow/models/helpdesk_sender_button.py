# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..mailflow.domain import is_free_mail, public_suffix

#: What changes with the list, and is kept in the cache.
COMPUTED = (
    "listed_sender_id",
    "listed_sender_kind",
    "can_block_sender",
    "can_block_domain",
    "can_unblock_sender",
)


class HelpdeskSenderButton(models.AbstractModel):
    """Records that somebody wrote to us: whether the writer is blocked, and the buttons to do so.

    Whoever may write the record may block an address; a whole domain concerns people whom nobody
    thought of, so that is for helpdesk managers and team leaders.
    """

    _name = "helpdesk.sender.button"
    _description = "Buttons that block a sender"

    listed_sender_id = fields.Many2one("helpdesk.sender", compute="_compute_listed_sender")
    listed_sender_kind = fields.Selection(
        [("blocked", "Blocked"), ("trusted", "Trusted")],
        string="Sender",
        compute="_compute_listed_sender",
    )
    can_block_sender = fields.Boolean(compute="_compute_listed_sender")
    can_block_domain = fields.Boolean(compute="_compute_listed_sender")
    can_unblock_sender = fields.Boolean(compute="_compute_listed_sender")

    # ------------------------------------------------------------
    # HOOKS
    # ------------------------------------------------------------

    def _sender_places(self) -> dict:
        """Who wrote, and the company that may block them: record -> (address, ``res.company``).
        Records without either are absent."""
        raise NotImplementedError()

    def _sender_blockable(self):
        """Those whose sender the user may block."""
        raise NotImplementedError()

    def _leads_sender_team(self) -> bool:
        """Whether the user leads the team that the record is of."""
        raise NotImplementedError()

    def _sender_origin(self) -> dict:
        """Values of the new ``helpdesk.sender`` that say where it comes from."""
        raise NotImplementedError()

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_listed_sender(self):
        Sender = self.env["helpdesk.sender"]
        self.listed_sender_id = self.listed_sender_kind = False
        self.can_block_sender = self.can_block_domain = self.can_unblock_sender = False
        if not Sender.has_access("read"):
            return
        places = self._origin._sender_places()
        pairs = {record: (email, company.id) for record, (email, company) in places.items()}
        listed = Sender._lookup(set(pairs.values()))
        blockable = self._origin._sender_blockable()
        emails = {email for email, _company in pairs.values()}
        # nobody blocks us or a colleague
        never = set(self.env["mail.alias.domain"].sudo()._find_aliases(list(emails)))
        never |= Sender._addresses_of_users(emails)
        domains = self._blockable_domains(emails - never)
        for record in self:
            if record._origin not in pairs:
                continue
            email, _company_id = pairs[record._origin]
            sender = listed.get(pairs[record._origin], Sender)
            record.listed_sender_id = sender
            record.listed_sender_kind = sender.kind
            record.can_unblock_sender = sender.kind == "blocked" and sender._may_unblock()
            if email in never or record._origin not in blockable:
                continue
            address, domain = Sender._patterns(email)[:2]
            record.can_block_sender = sender.kind != "blocked" and sender.pattern != address
            record.can_block_domain = (
                domain in domains
                and (not sender or sender.pattern == address or sender.kind == "trusted")
                and sender.pattern != domain
                and record._origin._may_block_domain()
            )

    @api.model
    def _blockable_domains(self, emails) -> set[str]:
        """Domains of these addresses that belong to one organisation, and not to ours."""
        Sender = self.env["helpdesk.sender"]
        found = {pattern for email in emails for pattern in Sender._patterns(email)[1:2]}
        found = {
            domain
            for domain in found
            if not is_free_mail(domain) and public_suffix(domain) != domain
        }
        own = Sender._own_domains() if found else set()
        return {
            domain
            for domain in found
            if not any(each == domain or each.endswith(f".{domain}") for each in own)
        }

    def _may_block_domain(self) -> bool:
        return self.env["helpdesk.sender"].has_access("create") or self._leads_sender_team()

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_block_sender(self):
        """Block the address that wrote."""
        return self._block_sender(whole_domain=False)

    def action_block_domain(self):
        """Block everybody at the domain that wrote, and at those below it."""
        return self._block_sender(whole_domain=True)

    def _block_sender(self, whole_domain: bool):
        """
        :raise AccessError: the user may not
        :raise UserError: there is nobody to block, or it is one of us
        :return: a client action that says so, with a button to undo it
        """
        self.ensure_one()
        email, company = self._sender_places().get(self, ("", None))
        Sender = self.env["helpdesk.sender"]
        patterns = Sender._patterns(email)
        if not patterns:
            raise UserError(self.env._("There is no e-mail address that could be blocked."))
        if self not in self._sender_blockable():
            raise AccessError(
                self.env._("To block a sender, you need to be able to change the ticket.")
            )
        if whole_domain and not self._may_block_domain():
            raise AccessError(
                self.env._("Only helpdesk managers and team leaders can block a whole domain.")
            )
        pattern = patterns[1] if whole_domain else patterns[0]
        # sudo: the list is for managers to write; whoever may change a ticket may add who wrote
        # it, in the ticket's company
        before = Sender.sudo().search_count(
            [("pattern", "=", pattern), ("company_id", "=", company.id)]
        )
        sender = Sender.sudo()._block(pattern, company, **self._sender_origin())
        self.invalidate_recordset(COMPUTED)
        told = (
            self.env._("%(pattern)s was blocked already.", pattern=pattern)
            if before
            else self.env._(
                "%(pattern)s is blocked. Mail from there stays in the list of incoming mails and"
                " becomes no ticket.",
                pattern=pattern,
            )
        )
        return self._tell_sender(told, False if before else sender.id)

    def action_unblock_sender(self):
        """Take the entry that blocks the sender off the list."""
        self.ensure_one()
        sender = self.listed_sender_id
        if sender.kind != "blocked":
            return self._tell_sender(self.env._("The sender is not blocked."))
        pattern = sender.pattern
        sender.action_unblock()
        self.invalidate_recordset(COMPUTED)
        return self._tell_sender(
            self.env._("%(pattern)s is no longer blocked.", pattern=pattern),
        )

    @api.model
    def _tell_sender(self, message: str, sender_id=False):
        return {
            "type": "ir.actions.client",
            "tag": "helpdesk_mailflow.sender_listed",
            "params": {"message": message, "sender_id": sender_id},
        }
