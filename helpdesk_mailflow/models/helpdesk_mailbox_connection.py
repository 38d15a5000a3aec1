# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError

from ..mailflow.errors import MailboxError
from .email_address import normalized_email
from .fetchmail_server_begin import days_ago
from .helpdesk_of_team import SYSTEM, manages

#: The steps of the guide, in their order.
STEPS = [
    ("address", "Address"),
    ("road", "How"),
    ("connect", "Connect"),
    ("place", "Team and answers"),
    ("test", "Test"),
    ("done", "Done"),
]
#: Of the context, set by the screen: the step that it shows.
SEEN = "mailflow_step"
#: What the guide alone writes: *Discard* deletes what it says, with the rights of whoever presses.
KEPT_BY_GUIDE = {"made": False, "activated_date": False, "activated_by_id": False}
#: Roads that a password or token is needed for, which is a system admin's.
WITH_CREDENTIALS = frozenset(("microsoft", "gmail", "provider"))


class HelpdeskMailboxConnection(models.Model):
    """The guide *Connect a mailbox*, from a support address to mail that flows in and out.

    It is kept, so that it can be left and continued, and so that what it set up can be found.
    Each step is left by ``_leave_<step>`` and entered by ``_enter_<step>``; the step *connect*
    of each road by ``_leave_connect_<road>`` and ``_enter_connect_<road>``. The secrets that are
    typed on the way go to the mail scanner and the From address at once.
    """

    _name = "helpdesk.mailbox.connection"
    _description = "Mailbox connection"
    _order = "id desc"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    email = fields.Char("Support address", help="What customers write to")
    step = fields.Selection(STEPS, default="address", required=True, readonly=True, copy=False)
    road = fields.Selection(
        [
            ("microsoft", "Microsoft 365"),
            ("gmail", "Gmail or Google Workspace"),
            ("provider", "Another provider"),
            ("forward", "Forward it to a provided address"),
            ("provided", "Use a provided address"),
        ],
        string="How mail comes in",
    )
    suggested_road = fields.Selection(
        [("microsoft", "Microsoft 365"), ("gmail", "Gmail"), ("provider", "Another provider")],
        readonly=True,
        help="What the address's provider is, as far as that could be found",
    )
    direction = fields.Selection(
        [
            ("both", "Tickets come in, and answers leave"),
            ("in", "Only tickets come in"),
            ("out", "Only answers leave"),
        ],
        string="Use it for",
        default="both",
        required=True,
    )
    team_id = fields.Many2one("helpdesk.ticket.team", check_company=True)
    alias_id = fields.Many2one(
        "helpdesk.support.alias", string="Support alias", check_company=True, index="btree_not_null"
    )
    from_address_id = fields.Many2one(
        "helpdesk.from.address", string="From address", check_company=True, index="btree_not_null"
    )
    scanner_id = fields.Many2one(
        "fetchmail.server",
        string="Mail scanner",
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups=SYSTEM,
    )
    scanner_user = fields.Char(related="scanner_id.user", related_sudo=True)
    begin = fields.Selection(
        [
            ("next", "With the next new mail"),
            ("days", "With the mails of the last days"),
        ],
        default="next",
        required=True,
    )
    begin_days = fields.Integer("Days back", default=7)
    begin_count = fields.Integer(default=-1, readonly=True, copy=False, help="-1: not counted")
    begun = fields.Boolean(compute="_compute_begun", compute_sudo=True)
    problem = fields.Text(readonly=True, copy=False, help="Why the step could not be left")
    activated_date = fields.Datetime("Active since", readonly=True, copy=False)
    activated_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    # so that "Discard" takes away just that, with the rights of whoever presses it
    made = fields.Json(readonly=True, copy=False, help="What the guide made: [[model, id], …]")
    state = fields.Selection(
        [("open", "Not finished"), ("active", "Active")], compute="_compute_state", store=True
    )
    may_use_credentials = fields.Boolean(compute="_compute_may_use_credentials")

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("email", "road")
    def _compute_display_name(self):
        roads = dict(self._fields["road"]._description_selection(self.env))
        for connection in self:
            connection.display_name = (
                connection.email or roads.get(connection.road) or self.env._("New connection")
            )

    @api.depends("activated_date")
    def _compute_state(self):
        for connection in self:
            connection.state = "active" if connection.activated_date else "open"

    @api.depends("scanner_id.begun")
    def _compute_begun(self):
        for connection in self:
            connection.begun = connection.scanner_id.begun

    @api.depends_context("uid")
    def _compute_may_use_credentials(self):
        self.may_use_credentials = self.env.user.has_group(SYSTEM)

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            # said outright, so that no default of the context is taken instead
            vals_list = [{**vals, **KEPT_BY_GUIDE} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            vals = {name: value for name, value in vals.items() if name not in KEPT_BY_GUIDE}
        result = super().write(vals)
        if "company_id" in vals:
            # nobody puts a guide into a company that is not theirs
            self.check_access("write")
        return result

    # ------------------------------------------------------------
    # STEPS
    # ------------------------------------------------------------

    def action_next(self):
        """Leave the present step for the next one; stays, and says why, if that is not
        possible yet.

        Whoever sees another step than the present one (a second click, another window) is shown
        the present one.
        """
        self.ensure_one()
        if self._shows_another_step():
            return None
        return self._go(self._leave_and_enter)

    def _shows_another_step(self) -> bool:
        """Whether the screen shows a step that the guide is not at any more."""
        return self.env.context.get(SEEN, self.step) != self.step

    def _go(self, walk):
        """Take a step; if it is refused nothing of it stays but what was said.

        :param walk: without parameters; may raise UserError
        :return: its action, or None for the form as it is now
        """
        self.check_access("write")
        self.problem = False
        self.env.flush_all()
        try:
            with self.env.cr.savepoint():
                return walk()
        except AccessError:
            raise
        except UserError as refusal:
            self.env.invalidate_all()
            self.problem = str(refusal)
            return None

    def _leave_and_enter(self):
        if self.step == STEPS[-1][0]:
            return None
        action = getattr(self, f"_leave_{self.step}")()
        if action:
            return action
        return self._enter(self._step_after())

    def _enter(self, step: str):
        self.step = step
        enter = getattr(self, f"_enter_{step}", None)
        return enter() if enter else None

    def _step_after(self) -> str:
        names = [name for name, _label in STEPS]
        after = names[names.index(self.step) + 1]
        # a provided address has nothing to connect
        if after == "connect" and self.road == "provided":
            after = "place"
        return after

    def action_back(self):
        """The step before; nothing that was made goes."""
        self.ensure_one()
        if self._shows_another_step():
            return
        names = [name for name, _label in STEPS]
        before = max(names.index(self.step) - 1, 0)
        if self.road == "provided":
            before = 0 if names[before] in ("road", "connect") else before
        self.write({"step": names[before], "problem": False})

    # --- address

    def _leave_address(self):
        if not (self.email or "").strip():
            raise UserError(
                self.env._(
                    "Type the address that your customers write to. If there is none yet, use a"
                    " provided one."
                )
            )
        self.email = normalized_email(self.env, self.email)
        self._refuse_read_elsewhere()
        self._forget_former_address()
        self._look_up()
        if self.suggested_road and not self.road and self.may_use_credentials:
            self.road = self.suggested_road

    def _forget_former_address(self) -> None:
        """Somebody went back and corrected the address: what was set up for the former one does
        not stay, as far as the guide has made it."""
        kept = self._used_meanwhile()
        sender = self.from_address_id
        if sender and sender.email != self.email:
            self.from_address_id = False
            # sudo: nothing but that nothing waits any longer
            self.sudo().sender_waits = False
            if self._has_made(sender) and sender not in kept.get(sender._name, ()):
                self._by_keeper(sender).unlink()
        addresses = self._by_keeper(self.env["helpdesk.support.alias.address"])
        ids = [record_id for model, record_id in self.made or [] if model == addresses._name]
        addresses.browse(ids).exists().filtered(
            lambda each: each.email != self.email and each not in kept.get(each._name, ())
        ).unlink()

    def _look_up(self) -> None:
        """Find out who the provider of the address is (``suggested_road``), and what its
        settings are."""

    def action_use_provided(self):
        """Without an address of one's own: go on with a provided one."""
        self.ensure_one()
        if self._shows_another_step():
            return None
        self.road = "provided"
        return self._go(lambda: self._enter("place"))

    # --- road

    def _leave_road(self):
        if not self.road:
            raise UserError(self.env._("Choose how mail shall come in."))
        self._check_rights()

    def _check_rights(self) -> None:
        if self.road in WITH_CREDENTIALS and not self.env.user.has_group(SYSTEM):
            raise UserError(
                self.env._(
                    "A mailbox is connected with its password or a sign-in, which only a system"
                    " administrator can do. Ask one, or forward the mailbox to a provided address."
                )
            )

    # --- connect

    def _enter_connect(self):
        return self._of_road("_enter_connect")

    def _leave_connect(self):
        self._check_rights()
        reads = self.direction != "out"
        if reads:
            self._refuse_connected_already()
        action = self._of_road("_leave_connect")
        if reads:
            # now that host and user are known, which may be those of another address
            self._refuse_connected_already()
        return action

    def _of_road(self, name: str):
        method = getattr(self, f"{name}_{self.road}", None)
        return method() if method else None

    # --- place

    def _leave_place(self):
        self._keep_alias()

    # --- test and activation

    def _leave_test(self):
        """Activation is the last step: nothing runs before."""
        self._activate()

    def action_count(self):
        """Say how many mails would be taken in."""
        self.ensure_one()
        return self._go(self._count)

    def _count(self) -> None:
        self.begin_count = -1
        if self.begin == "days" and self.scanner_id:
            since = days_ago(self.env, self.begin_days)
            scanner = self.scanner_id
            try:
                self.begin_count = scanner._count_since(since)
            except MailboxError as error:
                raise UserError(scanner._in_words(error)) from error

    @api.onchange("begin", "begin_days")
    def _onchange_begin(self):
        self.begin_count = -1

    def _begin(self) -> None:
        """Set where the mail scanner begins, unless it has begun."""
        if not self.env.user.has_group(SYSTEM):
            # who may not see mail scanners has none to begin
            return
        if self.scanner_id and not self.scanner_id.begun:
            since = days_ago(self.env, self.begin_days) if self.begin == "days" else None
            self.scanner_id._begin_reading(since)

    def _activate(self) -> None:
        self._begin()
        scanner = self.scanner_id if self.env.user.has_group(SYSTEM) else None
        if scanner and scanner.state != "done":
            # another guide may have been faster
            self._refuse_connected_already()
            scanner._activate()
        if not self.activated_date:
            # sudo: see write
            self.sudo().write(
                {"activated_date": fields.Datetime.now(), "activated_by_id": self.env.user.id}
            )
            self._activate_sender()
            self._set_up_alias()

    # ------------------------------------------------------------
    # WHAT IS SET UP
    # ------------------------------------------------------------

    def _keep_scanner(self, vals: dict):
        """The mail scanner of the connection, made or changed; it stays inactive.

        :param vals: of ``fetchmail.server``
        """
        self._check_rights()
        if self.scanner_id:
            changed = {
                name: value
                for name, value in vals.items()
                if name not in self.scanner_id._fields
                or self.scanner_id._fields[name].type == "many2one"
                or self.scanner_id[name] != value
            }
            self.scanner_id.write(changed)
        else:
            self.scanner_id = self.env["fetchmail.server"].create(
                {
                    "name": self.email,
                    "user": self.email,
                    "company_id": self.company_id.id,
                    "is_scanner": True,
                    "server_type": "imap",
                    **vals,
                }
            )
            self._note_made(self.scanner_id)
        return self.scanner_id

    def _keep_from_address(self, vals: dict):
        """The From address of the connection, made or changed. One that is made is disabled
        until the activation, so that nothing leaves as it, and it does not become the default.

        :param vals: of ``helpdesk.from.address``
        """
        address = self._present_from_address()
        if address:
            address.write(vals)
        else:
            address = address.create(
                {
                    "email": self.email,
                    "company_id": self.company_id.id,
                    # to a provided address mail comes from the start
                    "enabled": bool(self.activated_date) or self.road == "provided",
                    **vals,
                }
            )
            self._note_made(address)
        self.from_address_id = address
        return address

    def _present_from_address(self):
        return self._own_from_address() or self.env["helpdesk.from.address"].search(
            [("email", "=", self.email), ("company_id", "=", self.company_id.id)], limit=1
        )

    def _own_from_address(self):
        """The From address of the connection, if it is that of the present address: the server
        and password of another one have nothing to do with it."""
        address = self.from_address_id
        return address if address.email == self.email else address.browse()

    def _keep_alias(self):
        """The support alias of the connection, with the address leading to it, the scanner's
        mails going there, and answers leaving via the From address."""
        self._keep_team()
        queues = self._by_keeper(self.env["helpdesk.support.alias"])
        if not self.alias_id:
            self.alias_id = queues.create(
                {
                    "name": self._alias_title(),
                    "company_id": self.company_id.id,
                    "team_id": self.team_id.id,
                }
            )
            self._note_made(self.alias_id)
        queue = self._by_keeper(self.alias_id)
        self._set_up_alias()
        if self.email and self.road != "provided" and self.direction != "out":
            self._keep_external_address(queue)
        if self.env.user.has_group(SYSTEM) and self.scanner_id:
            self.scanner_id.default_alias_id = queue
        return queue

    def _set_up_alias(self) -> None:
        """Set who gets the tickets of the support alias, and what they are answered via."""
        if not self._may_change_alias():
            return
        queue = self._by_keeper(self.alias_id)
        if self.team_id and queue.team_id != self.team_id:
            queue.team_id = self.team_id
        if self.from_address_id.is_usable and queue.answer_via_id != self.from_address_id:
            queue.answer_via_id = self.from_address_id

    def _may_change_alias(self) -> bool:
        """A support alias that was there before may be in use: it goes on as it is until the
        activation."""
        return bool(self.activated_date) or self._has_made(self.alias_id)

    def _keep_team(self) -> None:
        """The team that tickets go to; by default the company's only one."""
        if not self.team_id:
            teams = self.env["helpdesk.ticket.team"].search(
                [("company_id", "in", (False, self.company_id.id))], limit=2
            )
            self.team_id = teams if len(teams) == 1 else False

    def _alias_title(self) -> str:
        local_part = (self.email or "support").partition("@")[0]
        return local_part.replace(".", " ").replace("-", " ").replace("_", " ").capitalize()

    def _keep_external_address(self, queue) -> None:
        """Mail to the support address leads to the alias."""
        addresses = self._by_keeper(self.env["helpdesk.support.alias.address"])
        known = addresses.search([("email", "=", tools.email_normalize(self.email))], limit=1)
        if not known:
            made = addresses.create({"alias_id": queue.id, "email": self.email})
            self._note_made(made)
        elif known.alias_id != queue:
            raise UserError(
                self.env._(
                    "Mail to %(email)s goes to the support alias “%(alias)s” already. Choose that"
                    " one, or take the address away from it first.",
                    email=self.email,
                    alias=known.alias_id.name,
                )
            )

    def _by_keeper(self, records):
        # sudo: a system admin, who may take any right, need not be a helpdesk manager
        return records.sudo() if self.env.user.has_group(SYSTEM) else records

    def _note_made(self, records) -> None:
        # sudo: see write
        self.sudo().made = [*(self.made or []), *([each._name, each.id] for each in records)]

    def _has_made(self, record) -> bool:
        """Whether the guide made a record."""
        return bool(record) and [record._name, record.id] in (self.made or [])

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    @api.model
    def action_connect(self):
        """Begin a connection, or go on with those that are not finished."""
        if not manages(self.env):
            raise AccessError(self.env._("Only a helpdesk manager connects mailboxes."))
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mailflow.mailbox_connection_action"
        )
        if not self.search_count([("company_id", "=", self.env.company.id)], limit=1):
            action["views"] = [(False, "form")]
        return action
