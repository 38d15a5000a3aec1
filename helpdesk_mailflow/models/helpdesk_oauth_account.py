# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import hashlib
from contextlib import contextmanager
from urllib.parse import quote

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import NO_ACCESS, Domain

from ..mailflow import cloud, oauth
from ..mailflow.errors import AppRefused, MailboxError, SignInNeeded
from . import mailbox_errors
from .helpdesk_oauth_token import Kept, standing, stored_problem

START = "/helpdesk/oauth/start/"
#: What refers to an account by its ``oauth_account_id``, and is told when one is still used.
USED_BY = ("fetchmail.server", "helpdesk.from.address")


class HelpdeskOauthAccount(models.Model):
    """Connected account: an authorisation that mail scanners and From addresses share.

    Its tokens and whether they work are kept in ``helpdesk.oauth.token``, so that a worker that
    renews them never waits for somebody who edits the account, nor the other way round.
    """

    _name = "helpdesk.oauth.account"
    _description = "Connected account"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "username, id"
    _rec_names_search = ["username", "app_id.name"]
    _check_company_auto = True

    app_id = fields.Many2one(
        "helpdesk.oauth.app",
        string="App registration",
        required=True,
        ondelete="restrict",
        check_company=True,
        index=True,
        default=lambda self: self._default_app_id(),
        domain="[('company_id', 'in', (company_id, False))]",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    flow = fields.Selection(
        [("user", "Somebody signs in"), ("app", "The app itself")],
        string="Access of",
        default="user",
        required=True,
        help="The app itself needs no person: it may use the mailboxes of one tenant that an"
        " administrator has given it rights on",
    )
    username = fields.Char(
        "Account name",
        help="Who signs in; filled in by the sign-in. Mailboxes may have other names",
    )
    person_name = fields.Char("Name", readonly=True, copy=False)
    # the authority's own name of the account: addresses change
    account_key = fields.Char(groups=NO_ACCESS, copy=False)
    token_ids = fields.One2many("helpdesk.oauth.token", "account_id", groups=NO_ACCESS)
    state = fields.Selection(
        [("new", "Not signed in"), ("ok", "Connected"), ("problem", "Sign in again")],
        compute="_compute_state",
        search="_search_state",
    )
    problem = fields.Text(compute="_compute_state")
    problem_since = fields.Datetime("Since", compute="_compute_state")
    scanner_ids = fields.Many2many(
        "fetchmail.server", string="Mail scanners", compute="_compute_used_by"
    )
    from_address_ids = fields.Many2many(
        "helpdesk.from.address", string="From addresses", compute="_compute_used_by"
    )
    used_by = fields.Char("Used by", compute="_compute_used_by")

    _key_unique = models.UniqueIndex(
        "(company_id, app_id, account_key) WHERE account_key IS NOT NULL",
        "This account is connected already. Sign in to it again instead.",
    )
    _app_unique = models.UniqueIndex(
        "(company_id, app_id) WHERE flow = 'app'",
        "The app itself is connected already in this company. Use that one.",
    )

    # ------------------------------------------------------------
    # FIELDS
    # ------------------------------------------------------------

    @api.model
    def _default_app_id(self):
        """The one there is to choose."""
        apps = self.env["helpdesk.oauth.app"].search(
            [("company_id", "in", (self.env.company.id, False))], limit=2
        )
        return apps if len(apps) == 1 else apps.browse()

    @api.depends("username", "flow", "app_id.name")
    def _compute_display_name(self):
        for account in self:
            name = account.username or self.env._("New account")
            if account.flow == "app":
                name = account.app_id.name or self.env._("The app itself")
            account.display_name = name

    @api.depends(
        "token_ids.state",
        "flow",
        "app_id.tenant",
        "app_id.authority",
        "app_id.client_id",
        "app_id.credential",
        "app_id.sealed_secret",
        "app_id.sealed_private_key",
        "app_id.certificate",
    )
    def _compute_state(self):
        # sudo: tokens have no rights of their own; whether they work is for who sees the account
        for account in self:
            row = account.sudo().token_ids[:1]
            state = standing(row, account.sudo()) if row else "new"
            account.state = state
            account.problem_since = state == "problem" and row.problem_since
            account.problem = state == "problem" and mailbox_errors.sentence(
                self.env, stored_problem(row.problem_code or "", row.problem_values)
            )

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        # what is kept is not what holds, once the app registration is another; accounts are few
        # sudo: the rules of who asks are applied to what is found
        found = self.sudo().search(Domain.TRUE)
        return [("id", "in", found.filtered(lambda account: account.state in value).ids)]

    def _compute_used_by(self):
        found = {model: self._users_of(model) for model in USED_BY}
        for account in self:
            scanners, addresses = (found[model].get(account.id) for model in USED_BY)
            account.scanner_ids = scanners
            account.from_address_ids = addresses
            names = (scanners or self.env[USED_BY[0]]).mapped("display_name")
            names += (addresses or self.env[USED_BY[1]]).mapped("display_name")
            account.used_by = ", ".join(names)

    def _users_of(self, model: str) -> dict:
        """Records of a model that use these accounts, also archived ones, by account id."""
        records = self.env[model].with_context(active_test=False)
        # sudo: whether an account is used does not depend on who asks
        users = records.sudo().search([("oauth_account_id", "in", self.ids)])
        return {
            account.id: each.with_env(self.env)
            for account, each in users.grouped("oauth_account_id").items()
        }

    @api.onchange("company_id")
    def _onchange_company_id(self):
        if self.app_id.company_id and self.app_id.company_id != self.company_id:
            self.app_id = False

    @api.constrains("flow", "app_id")
    def _check_flow(self):
        for account in self:
            if account.flow == "app" and not account.app_id._is_of_one_tenant():
                raise ValidationError(
                    self.env._(
                        "The app itself works for one organisation. Fill in the tenant of"
                        " %(app)s: the directory ID, or a domain of the organisation.",
                        app=account.app_id.name,
                    )
                )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        accounts = super().create(vals_list)
        # sudo: rows of tokens are the addon's own
        accounts.env["helpdesk.oauth.token"].sudo().create(
            [{"account_id": account.id} for account in accounts]
        )
        return accounts

    def write(self, vals):
        moved = self.filtered(
            lambda account: (
                ("app_id" in vals and vals["app_id"] != account.app_id.id)
                or ("flow" in vals and vals["flow"] != account.flow)
            )
        )
        elsewhere = self.filtered(
            lambda account: vals.get("company_id", account.company_id.id) != account.company_id.id
        )
        used = (moved | elsewhere).filtered("used_by")
        if used:
            raise UserError(
                self.env._(
                    "%(account)s is used by %(users)s. Make a new authorisation instead, and"
                    " choose it there.",
                    account=used[0].display_name,
                    users=used[0].used_by,
                )
            )
        result = super().write(vals)
        if moved:
            moved._forget_who()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for account in self:
            if account.used_by:
                raise UserError(
                    self.env._(
                        "%(account)s cannot be removed while it is used by %(users)s. Choose"
                        " another account or a password there first.",
                        account=account.display_name,
                        users=account.used_by,
                    )
                )

    def unlink(self):
        # sudo: activities of others, which the account takes along
        self.sudo().token_ids.activity_ids.unlink()
        return super().unlink()

    # ------------------------------------------------------------
    # TOKENS
    # ------------------------------------------------------------

    def _access_token(self, resource: str = "mail", renew: bool | str = False) -> str:
        """An access token that is valid for some minutes.

        A lasting refusal is noted on the account, and told to those who can mend it; until
        somebody signs in again nothing is asked any more, and the same error comes at once.

        :param resource: ``mail`` (IMAP, POP, SMTP) or ``graph`` (Microsoft Graph)
        :param renew: ask for a new one; or the token that was refused, so that one which
            another worker got meanwhile is taken
        :raise MailboxError: there is none: SignInNeeded, AppRefused, KeyMissing, or the way to
            the authority
        """
        self.ensure_one()
        # sudo: scanners and senders use the account of whoever set them up
        account = self.sudo()
        account._check_app_is_complete()
        return account.env["helpdesk.oauth.token"]._current(account, resource, renew=renew)

    def _check_app_is_complete(self) -> None:
        """:raise AppRefused: nothing can be asked without a secret, as in a neutralised copy"""
        self.ensure_one()
        if not self.app_id._is_complete():
            raise AppRefused("app_refused_missing", app=self.app_id.name)

    def _ask(self, resource: str, cache: str, *, renew: bool) -> oauth.Granted:
        """Ask the authority.

        :param cache: msal's, as it was kept
        """
        self.ensure_one()
        scopes = self._scopes(resource)
        if self.flow == "app":
            return oauth.app_token(self.app_id._engine_app(), cache, scopes, renew=renew)
        if not cache:
            raise SignInNeeded("sign_in_needed_first")
        return oauth.token_for(
            self.app_id._engine_app(), cache, self.account_key, scopes, renew=renew
        )

    def _scopes(self, resource: str) -> tuple[str, ...]:
        """What is asked for, in the cloud that its app registration is in."""
        self.ensure_one()
        return cloud.scopes(self.app_id.authority_url or "", self.flow, resource)

    def _token_changed(self) -> None:
        """Read anew what was written on another cursor."""
        self.env["helpdesk.oauth.token"].invalidate_model(flush=False)
        self.invalidate_recordset(["state", "problem", "problem_since"], flush=False)

    def _has_problem(self) -> bool:
        """Whether somebody has to sign in again before it can be used."""
        self.ensure_one()
        # sudo: scanners and senders ask
        return self.sudo().state == "problem"

    def _may_ask(self) -> bool:
        """Whether there is any use in asking for its mailboxes: not while somebody has to sign
        in first."""
        self.ensure_one()
        account = self.sudo()  # as in _has_problem
        if not account.app_id._is_complete():
            return False
        return account.state == "ok" or (account.state == "new" and account.flow == "app")

    def _fingerprints(self) -> tuple[str, str]:
        """(what the tokens are for, what the app proves itself by), each as a hash.

        Tokens that were given for something else are not used, and a problem with another
        secret is none any more.
        """
        self.ensure_one()
        app = self.sudo().app_id  # sudo: nobody reads what is sealed; this is a hash of it
        identity = (app.id, app.authority_url, app.client_id, self.flow)
        if app.credential == "secret":
            credentials = (app.sealed_secret,)
        else:
            credentials = (app.sealed_private_key, app.certificate)
        return _hash(identity), _hash(credentials)

    def _forget_who(self) -> None:
        """Whoever signs in next need not be who was signed in before."""
        # sudo: the key is the addon's own
        self.sudo().filtered("account_key").write({"account_key": False, "person_name": False})

    # ------------------------------------------------------------
    # SIGNING IN
    # ------------------------------------------------------------

    def action_sign_in(self):
        """Sign in, or sign in again; the app itself is asked at once."""
        self.ensure_one()
        self.check_access("write")
        return self._sign_in_action()

    def _sign_in_action(self, then: str | None = None, resource: str = "mail") -> dict:
        """What the client does to have somebody sign in.

        :param then: path inside Odoo to come back to; by default the account
        :param resource: as of :meth:`_access_token`
        """
        self.ensure_one()
        try:
            self._check_app_is_complete()
        except MailboxError as error:
            raise UserError(mailbox_errors.sentence(self.env, error)) from None
        if self.flow == "app":
            return self._check_app(resource, then)
        url = f"{START}{self.id}?resource={resource}&then={quote(then or self._path(), safe='')}"
        return {"type": "ir.actions.act_url", "url": url, "target": "self"}

    def _path(self) -> str:
        """Of its form."""
        self.ensure_one()
        return f"/odoo/connected-accounts/{self.id}"

    def _check_app(self, resource: str, then: str | None) -> dict:
        """Ask for a token in the name of the app, and say what came of it."""
        token = self.env["helpdesk.oauth.token"].sudo()  # as in _access_token
        try:
            token._current(self.sudo(), resource, renew=True, force=True)
        except MailboxError as error:
            raise UserError(mailbox_errors.sentence(self.env, error)) from None
        after = {"type": "ir.actions.client", "tag": "soft_reload"}
        if then:
            after = {"type": "ir.actions.act_url", "url": then, "target": "self"}
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": self.env._("The app registration works."),
                "type": "success",
                "next": after,
            },
        }

    def _begin_sign_in(self, state: str, resource: str) -> dict:
        """What the engine needs to finish the sign-in; ``auth_uri`` is where to send the browser.

        :raise MailboxError: the authority cannot be reached, or does not take the app
        """
        self.ensure_one()
        scopes = self._scopes(resource)
        if resource != "mail":
            # mailboxes go on to be read: the person is asked for both at once
            scopes += self._scopes("mail")
        return oauth.begin_sign_in(
            self.app_id._engine_app(),
            scopes,
            self.app_id.redirect_uri,
            state=state,
            login_hint=self.username or "",
        )

    def _finish_sign_in(self, flow: dict, answer: dict, resource: str):
        """Keep what the authority gives for its answer.

        :param flow: of :meth:`_begin_sign_in`
        :param answer: the query of the way back
        :return: the account that is signed in now: another one if the person has connected it
            in this company before
        :raise MailboxError: there is no token
        :raise UserError: somebody else has signed in
        """
        self.ensure_one()
        granted = oauth.finish_sign_in(self.app_id._engine_app(), flow, answer)
        with self._own_transaction() as account:
            signed_in, had_problem = account._keep_sign_in(granted, resource)
        self.env.invalidate_all()
        signed_in = self.browse(signed_in.id)
        if had_problem:
            signed_in.sudo()._tell_recovery()
        return signed_in

    @contextmanager
    def _own_transaction(self):
        """The account with all rights, in a transaction of its own: what the authority gave was
        given once."""
        Token = self.env["helpdesk.oauth.token"]
        with Token._own_cursor() as cursor:
            # sudo: whoever may sign in was asked before
            account = self.with_env(self.env(cr=cursor, su=True))
            yield account
            account.env.flush_all()

    def _keep_sign_in(self, granted: oauth.Granted, resource: str):
        """As :meth:`_finish_sign_in`, in a transaction of its own.

        :return: (the account, whether it had a problem)
        """
        Token = self.env["helpdesk.oauth.token"]
        account = self
        if self.account_key and self.account_key != granted.account_id:
            raise UserError(
                self.env._(
                    "You signed in as %(who)s, but this is the connection of %(account)s. Sign in"
                    " as %(account)s, or make a new authorisation for %(who)s.",
                    who=granted.username,
                    account=self.display_name,
                )
            )
        if not self.account_key:
            known = self.search(
                [
                    ("company_id", "=", self.company_id.id),
                    ("app_id", "=", self.app_id.id),
                    ("account_key", "=", granted.account_id),
                ]
            )
            if known:
                self._become(known)
                account = known
        row = Token._read_locked(self.env.cr, account)
        # what was granted before is asked for again by the new refresh token
        granted_before = Token._granted(row, account) if account.account_key else []
        kept = Kept(tokens=dict.fromkeys(("mail", *granted_before), ("", 0.0)))
        kept.add(resource, granted)
        account.write(
            {
                "username": granted.username,
                "person_name": granted.name,
                "account_key": granted.account_id,
            }
        )
        account.flush_recordset()
        Token._keep(self.env.cr, row, account, kept)
        account._token_changed()
        account._catch_up()
        return account, row.state == "problem"

    def _become(self, known) -> None:
        """Let what refers to this account refer to one that is the same, and remove this one."""
        self.ensure_one()
        fields_of_accounts = self.env["ir.model.fields"].search(
            [
                ("relation", "=", self._name),
                ("ttype", "=", "many2one"),
                ("store", "=", True),
                ("model", "!=", "helpdesk.oauth.token"),
            ]
        )
        for field in fields_of_accounts:
            records = self.env[field.model].with_context(active_test=False)
            if records._abstract:
                continue
            records.search([(field.name, "=", self.id)]).write({field.name: known.id})
        self.env.flush_all()
        self.unlink()

    def _catch_up(self) -> None:
        """What waited for the sign-in goes on: mailboxes are read, waiting mails are sent."""
        self.env.ref("helpdesk_mailflow.ir_cron_scan")._trigger()
        servers = self.env["ir.mail_server"].sudo().with_context(active_test=False)
        servers = servers.search([("helpdesk_oauth_account_id", "in", self.ids)])
        # sudo: mails of whoever wrote them
        waiting = (
            self.env["mail.mail"]
            .sudo()
            .search(
                Domain("mail_server_id", "in", servers.ids)
                & Domain("state", "=", "outgoing")
                & Domain("helpdesk_tries", ">", 0)
            )
        )
        # those that are being sent at this moment need no push
        if waiting := waiting.try_lock_for_update(allow_referencing=True):
            waiting.scheduled_date = False
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()


def _hash(values: tuple) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()
