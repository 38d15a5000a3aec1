# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from .email_address import normalized_email
from .helpdesk_of_team import manages

#: Written in the name of the system alone: whoever could say that an address is proven would
#: send as anybody.
KEPT_BY_THE_ADDON = frozenset(
    (
        "state",
        "proof",
        "sent_date",
        "verified_date",
        "verified_by_id",
        "verification_bounced",
        "is_of_odoo",
        # computed, but what is written is believed until the end of the call
        "is_usable",
    )
)
#: What an address is before anything is proven.
UNPROVEN = {
    "state": "unverified",
    "proof": False,
    "sent_date": False,
    "verified_date": False,
    "verified_by_id": False,
    "verification_bounced": False,
}


class HelpdeskFromAddress(models.Model):
    """An address that we may send as, once it is proven to be ours."""

    _name = "helpdesk.from.address"
    _description = "From address"
    _inherit = ["mail.thread", "helpdesk.of.team"]
    _order = "company_id, is_default desc, email, id"
    _rec_names_search = ["email", "friendly_name"]
    _check_company_auto = True

    email = fields.Char("Address", required=True, tracking=True, index=True)
    friendly_name = fields.Char(
        "Friendly name",
        tracking=True,
        help="Shown before the address where no agent's or team's name is; the company's name"
        " if empty",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        index=True,
        tracking=True,
    )
    team_id = fields.Many2one(
        "helpdesk.ticket.team",
        check_company=True,
        tracking=True,
        index="btree_not_null",
        help="Only agents of this team are offered the address; all agents if empty",
    )
    sends_via = fields.Selection(
        [
            ("odoo", "Odoo's outgoing server"),
            ("smtp", "Own SMTP server"),
            ("mailbox", "Connected mailbox"),
        ],
        string="Sends via",
        default="odoo",
        required=True,
        tracking=True,
    )
    # a server's host, user and password are a system admin's to see
    mail_server_id = fields.Many2one(
        "ir.mail_server",
        string="Outgoing mail server",
        groups="base.group_system",
        ondelete="restrict",
        index="btree_not_null",
        copy=False,
        help="For an own SMTP server or a connected mailbox",
    )
    state = fields.Selection(
        [
            ("unverified", "Not verified"),
            ("sent", "Verification sent"),
            ("verified", "Verified"),
        ],
        default="unverified",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    proof = fields.Selection(
        [
            ("odoo", "Odoo sends as it"),
            ("mail", "Link in a mail to it"),
            ("login", "Log-in at its own server"),
            ("mailbox", "Its mailbox is connected"),
            ("domain", "Made on the alias domain"),
        ],
        string="Proven by",
        readonly=True,
        copy=False,
    )
    sent_date = fields.Datetime("Verification sent on", readonly=True, copy=False)
    verified_date = fields.Datetime("Verified on", readonly=True, copy=False)
    verified_by_id = fields.Many2one(
        "res.users", string="Verified by", readonly=True, copy=False, tracking=True
    )
    enabled = fields.Boolean(
        default=True,
        copy=False,
        tracking=True,
        help="A disabled address is not offered; whatever would use it falls back to another",
    )
    is_default = fields.Boolean(
        "Default",
        copy=False,
        tracking=True,
        help="Answers whatever has no From address of its own in this company",
    )
    is_of_odoo = fields.Boolean(
        "Odoo's sender",
        readonly=True,
        copy=False,
        help="What Odoo itself sends as in this company; follows the alias domain",
    )
    is_usable = fields.Boolean(
        compute="_compute_is_usable",
        search="_search_is_usable",
        help="Verified and enabled: it can be sent as",
    )
    is_offered = fields.Boolean(
        compute="_compute_is_offered",
        search="_search_is_offered",
        help="The user may choose it: it can be sent as, and is for all teams or an own one",
    )
    several_teams = fields.Boolean(compute="_compute_several_teams")

    _email_unique = models.Constraint(
        "UNIQUE(email, company_id)", "This company has a From address like this already."
    )
    _default_unique = models.UniqueIndex(
        "(company_id) WHERE is_default", "A company has one default From address."
    )
    _of_odoo_unique = models.UniqueIndex(
        "(company_id) WHERE is_of_odoo", "Odoo itself sends as one address in a company."
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("state", "enabled")
    def _compute_is_usable(self):
        for address in self:
            address.is_usable = address.state == "verified" and address.enabled

    def _search_is_usable(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("state", "=", "verified"), ("enabled", "=", True)]

    @api.depends("state", "enabled", "team_id")
    @api.depends_context("uid")
    def _compute_is_offered(self):
        offered = self.search([("id", "in", self.ids), ("is_offered", "=", True)])
        for address in self:
            address.is_offered = address._origin in offered

    def _search_is_offered(self, operator, value):
        """Usable, and of all teams or of the user's own teams: those that the user is in, and
        those that the user leads, as record rules have it. Managers have those of all teams."""
        if operator != "in":
            return NotImplemented
        offered = Domain("is_usable", "=", True)
        if not manages(self.env(su=False)):
            offered &= (
                Domain("team_id", "=", False)
                | Domain("team_id.user_ids", "in", self.env.user.ids)
                | Domain("team_id.is_led", "=", True)
            )
        return offered

    @api.depends("email", "friendly_name")
    def _compute_display_name(self):
        # for people to read; headers get theirs from _formatted
        for address in self:
            address.display_name = (
                f'"{address.friendly_name}" <{address.email}>'
                if address.friendly_name
                else address.email or ""
            )

    @api.depends("company_id")
    def _compute_several_teams(self):
        count = self.env["helpdesk.ticket.team"].search_count([], limit=2)
        for address in self:
            address.several_teams = count > 1

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        values, wants_default = [], []
        for vals in vals_list:
            self._refuse_kept_by_the_addon(vals)
            vals = dict(vals, email=normalized_email(self.env, vals.get("email")))
            wants_default.append(vals.pop("is_default", False))
            vals["is_default"] = False
            if not self.env.su:
                # said outright, so that no default of the context is taken instead
                vals.update(UNPROVEN, is_of_odoo=False)
            values.append(vals)
        addresses = super().create(values)
        addresses._recognise_odoo_s_sender()
        addresses._recognise_generated()
        for address, wanted in zip(addresses, wants_default, strict=True):
            if wanted:
                address._make_default()
        addresses._keep_defaults(addresses.company_id)
        return addresses

    def write(self, vals):
        self._refuse_kept_by_the_addon(vals)
        if self.env.su and self.env.context.get("mailflow_by_system"):
            return super().write(vals)
        vals = dict(vals)
        if "email" in vals:
            vals["email"] = normalized_email(self.env, vals["email"])
            self._refuse_to_rename_odoo_s_sender(vals["email"])
        wants_default = vals.pop("is_default", None)
        losing = self._losing_their_proof(vals)
        disabled = self if not vals.get("enabled", True) else self.browse()
        (losing | disabled)._check_another_stays()
        companies = self.company_id
        losing._withdraw_proof()
        result = super().write(vals)
        if wants_default is False:
            self._refuse_to_leave_without_default()
        for address in self if wants_default else ():
            address._make_default()
        self._keep_defaults(companies | self.company_id)
        return result

    @api.model
    def _refuse_kept_by_the_addon(self, vals) -> None:
        if not self.env.su and vals.keys() & KEPT_BY_THE_ADDON:
            raise AccessError(
                self.env._(
                    "Whether a From address is verified is kept by Odoo itself. Send a"
                    " verification mail to the address instead."
                )
            )

    def _refuse_to_rename_odoo_s_sender(self, email: str) -> None:
        renamed = self.filtered(lambda address: address.is_of_odoo and address.email != email)
        if renamed:
            raise UserError(
                self.env._(
                    "%(email)s is what Odoo itself sends as, and follows the alias domain of"
                    " %(company)s. Add another From address instead, and make it the default.",
                    email=renamed[0].email,
                    company=renamed[0].company_id.name,
                )
            )

    def _losing_their_proof(self, vals):
        """Those whose proof does not hold for what they become.

        A log-in or a connected mailbox proves the way that mails take, so it does not hold
        for another way; the server could belong to anybody.
        """
        return self.filtered(
            lambda address: (
                vals.get("email", address.email) != address.email
                or vals.get("company_id", address.company_id.id) != address.company_id.id
                or (
                    address.proof in ("login", "mailbox")
                    and vals.get("sends_via", address.sends_via) != address.sends_via
                )
            )
        )

    def _by_system(self):
        """The records, to write what only the system may."""
        # sudo: the fields of KEPT_BY_THE_ADDON are refused to everybody else
        return self.sudo().with_context(mailflow_by_system=True)

    def _withdraw_proof(self) -> None:
        """Make the addresses unverified again; the caller sees to the defaults
        (:meth:`_keep_defaults`)."""
        self._by_system().write({**UNPROVEN, "is_default": False, "is_of_odoo": False})
        self.env["helpdesk.from.verification"]._close(self, "void")

    def _prove(self, proof: str, user=None) -> None:
        """Make the addresses verified.

        A proof by mail outlasts a log-in, since it holds for any way to send.

        :param proof: of the selection ``proof``
        :param user: who did it, if anybody is known
        """
        addresses = self._by_system()
        for address in addresses:
            kept = proof == "login" and address.state == "verified" and address.proof == "mail"
            if not kept:
                address.write(
                    {
                        "state": "verified",
                        "proof": proof,
                        "verified_date": fields.Datetime.now(),
                        "verified_by_id": user.id if user else False,
                        "verification_bounced": False,
                    }
                )
        self._keep_defaults(addresses.company_id)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_last(self):
        self._check_another_stays()

    def unlink(self):
        companies = self.company_id
        result = super().unlink()
        self._keep_defaults(companies)
        return result

    def _check_another_stays(self) -> None:
        """A company that can send keeps an address to send as.

        :raise UserError: without these a company has none
        """
        leaving = self.filtered("is_usable")
        for company, addresses in leaving.grouped("company_id").items():
            # sudo: the question is about the company, not about what the user sees
            left = self._usable_for(company) - leaving.sudo()
            if not left:
                raise UserError(
                    self.env._(
                        "%(email)s is the last From address that %(company)s can send as. Add"
                        " and verify another one first.",
                        email=addresses[0].email,
                        company=company.name,
                    )
                )

    # ------------------------------------------------------------
    # THE DEFAULT
    # ------------------------------------------------------------

    def _make_default(self) -> None:
        """Make it the address that its company answers with by default.

        :raise AccessError: what the whole company answers as is no team leader's to choose
        :raise ValidationError: it cannot be sent as
        """
        self.ensure_one()
        if not manages(self.env):
            raise AccessError(
                self.env._("Only a helpdesk manager chooses the default From address of a company.")
            )
        self._check_usable()
        former = self._by_system().search(
            [
                ("company_id", "=", self.company_id.id),
                ("is_default", "=", True),
                ("id", "!=", self.id),
            ]
        )
        former.write({"is_default": False})
        # the index allows one at a time
        former.flush_recordset(["is_default"])
        self._by_system().write({"is_default": True})

    def _refuse_to_leave_without_default(self) -> None:
        if any(address.is_default for address in self):
            raise UserError(
                self.env._("A company keeps a default From address. Make another one the default.")
            )

    @api.model
    def _keep_defaults(self, companies) -> None:
        """See that each company that can send has a default, and that it is a usable one."""
        addresses = self._by_system().search(
            [
                ("company_id", "in", companies.ids),
                "|",
                ("is_usable", "=", True),
                ("is_default", "=", True),
            ]
        )
        for of_company in addresses.grouped("company_id").values():
            default = of_company.filtered("is_default")
            if default.is_usable:
                continue
            default.write({"is_default": False})
            default.flush_recordset(["is_default"])
            (of_company - default)._default_one().write({"is_default": True})
        # which address answers is computed from all of them
        self.env["helpdesk.support.alias"].invalidate_model(["answers_via_id"], flush=False)
        self.env["helpdesk.ticket"].invalidate_model(["answers_via_id"], flush=False)

    # ------------------------------------------------------------
    # SENDING
    # ------------------------------------------------------------

    @api.model
    def _usable_for(self, company):
        """The addresses that a company can send as, the default first."""
        # sudo: whoever answers a ticket sends as these, also without being able to list them
        return self.sudo().search([("company_id", "=", company.id), ("is_usable", "=", True)])

    @api.model
    def _usable_by_company(self, companies) -> dict:
        """The addresses that companies can send as, with all rights: company -> addresses, the
        default first; each company is in it, and so is none, as while a form has it emptied."""
        # sudo: as in _usable_for
        usable = self.sudo().search([("company_id", "in", companies.ids), ("is_usable", "=", True)])
        by_company = usable.grouped("company_id")
        return {
            company: by_company.get(company, usable.browse())
            for company in (*companies, companies.browse())
        }

    def _check_usable(self) -> None:
        """Refuse what cannot be sent as, when somebody chooses it.

        :raise ValidationError: one is not verified, or disabled
        """
        for address in self:
            if address.is_usable:
                continue
            raise ValidationError(
                self.env._(
                    "Nothing can be answered as %(email)s: it is not verified. Send a verification"
                    " mail to it, and open the link in there.",
                    email=address.email,
                )
                if address.state != "verified"
                else self.env._(
                    "Nothing can be answered as %(email)s: it is disabled. Enable it first.",
                    email=address.email,
                )
            )

    def _of_team(self, team):
        """The first of the addresses that belongs to a team, or none."""
        return self.filtered(lambda address: team and address.team_id == team)[:1]

    def _default_one(self):
        """The default among the usable addresses of one company, or what would become it: what
        Odoo sends as, else the oldest one; or none."""
        first = self.sorted(lambda address: (not address.is_of_odoo, address.id))[:1]
        return self.filtered("is_default")[:1] or first

    @api.model
    def _offered_to(self, user, company):
        """The addresses of a company that a user may choose from (``is_offered``), with all
        rights, the default first."""
        # sudo: as in _usable_for
        addresses = self.with_user(user).sudo()
        offered = addresses.search([("company_id", "=", company.id), ("is_offered", "=", True)])
        return offered.with_env(self.sudo().env)

    def _mail_server(self):
        """The outgoing server that keeps the address as it is.

        :return: ``ir.mail_server`` with all rights; empty leaves it to Odoo
        """
        self.ensure_one()
        # sudo: servers are a system admin's; a mail only says which one it leaves by
        address = self.sudo()
        if address.sends_via != "odoo":
            return address.mail_server_id
        # with the address as Odoo's own sender, Odoo does not put another one in its place
        servers = self.env["ir.mail_server"].sudo().with_company(address.company_id)
        servers = servers.with_context(domain_notifications_email=address.email)
        return servers._find_mail_server(address.email)[0] or servers.browse()

    def _formatted(self, name: str | None = None) -> str:
        """The value of a From header.

        :param name: shown before the address; the friendly name, else the company's, if empty
        """
        self.ensure_one()
        # sudo: the name of the company
        name = name or self.friendly_name or self.sudo().company_id.name or ""
        return tools.formataddr((" ".join(name.split()), self.email))

    def _shown(self, name: str) -> str:
        """A From header for people to read; one for a mail is :meth:`_formatted`."""
        self.ensure_one()
        return f"{name} <{self.email}>" if name else self.email

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_make_default(self):
        self.write({"is_default": True})
        return True

    def action_enable(self):
        self.write({"enabled": True})
        return True
