# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The tokens of connected accounts: where they are kept, and how they are renewed."""

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg2

from odoo import fields, models
from odoo.fields import NO_ACCESS
from odoo.sql_db import Cursor

from ..mailflow.errors import AppRefused, ConnectionTimedOut, KeyMissing, MailboxError, SignInNeeded
from ..mailflow.oauth import Granted
from .secret_box import open_sealed, seal

#: A token is not handed out for its last minutes: who gets it still has to use it.
MARGIN = timedelta(minutes=3)
#: Seconds that a worker waits while others ask for the token that it wants, too.
PATIENCE = 60
COLUMNS = "id, sealed, generation, state, identity, credentials, problem_code, problem_values"


@dataclass
class Kept:
    """What is kept encrypted for an account.

    :param cache: msal's
    :param tokens: resource -> (access token, when it expires as a POSIX time); the resources
        that were ever granted, with an empty token if it was not asked for since
    """

    cache: str = field(default="", repr=False)
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict, repr=False)

    @classmethod
    def opened(cls, env, sealed: str | None) -> "Kept":
        """:raise KeyMissing: see ``secret_box``"""
        if not sealed:
            return cls()
        values = json.loads(open_sealed(env, sealed))
        return cls(values["cache"], {key: tuple(each) for key, each in values["tokens"].items()})

    def sealed(self, env) -> str:
        return seal(env, json.dumps({"cache": self.cache, "tokens": self.tokens}))

    def token(self, resource: str, margin: timedelta = MARGIN) -> str:
        """The access token if it is valid for a while, else empty."""
        token, expires = self.tokens.get(resource, ("", 0.0))
        valid = datetime.fromtimestamp(expires, timezone.utc) - margin > datetime.now(timezone.utc)
        return token if valid else ""

    def add(self, resource: str, granted: Granted) -> None:
        self.cache = granted.cache
        self.tokens[resource] = (granted.token, granted.expires.timestamp())


class Row(NamedTuple):
    """:data:`COLUMNS` of a row."""

    id: int
    sealed: str | None
    generation: int
    state: str
    identity: str | None
    credentials: str | None
    problem_code: str | None
    problem_values: dict | None

    def problem(self) -> MailboxError:
        return stored_problem(self.problem_code or "", self.problem_values)


def stored_problem(code: str, values: dict[str, str] | None) -> MailboxError:
    """The error that was noted as code and values."""
    kind = AppRefused if code.startswith(AppRefused.code) else SignInNeeded
    try:
        return kind(code, **(values or {}))
    except KeyError:
        # noted by a version that had another sentence for it
        return SignInNeeded("sign_in_needed_first")


def standing(row, account) -> str:
    """The state of an account as it is now: a row is left alone when the app registration
    changes, so that nothing has to wait for its lock.

    :param row: a :class:`Row`, or a record of ``helpdesk.oauth.token``
    """
    identity, credentials = account._fingerprints()
    if row.identity and row.identity != identity:
        # signed in by another app, or as another one
        return "new"
    mended = row.credentials != credentials and (row.problem_code or "").startswith(AppRefused.code)
    if row.state == "problem" and mended:
        return "ok" if row.sealed else "new"
    return row.state


class HelpdeskOauthToken(models.Model):
    """The tokens of one connected account, encrypted, and whether they still work.

    A row is read and written on a cursor of its own, committed at once: an authority takes each
    refresh token once, so one that was given must outlast a rollback of what it was asked for.
    The cursor is READ COMMITTED: of several workers that find the token expired one takes the
    row's lock and asks, and the others then read what it got. Under REPEATABLE READ they would
    fail, or see what was there before.

    An account that is not committed yet has no row for that cursor: then nothing is kept.
    """

    _name = "helpdesk.oauth.token"
    _description = "Tokens of a connected account"

    account_id = fields.Many2one(
        "helpdesk.oauth.account", required=True, ondelete="cascade", readonly=True
    )
    sealed = fields.Text(groups=NO_ACCESS)
    generation = fields.Integer(default=0, required=True, help="Counts what was written")
    state = fields.Selection(
        [("new", "Not signed in"), ("ok", "Connected"), ("problem", "Sign in again")],
        default="new",
        required=True,
    )
    identity = fields.Char(help="Hash of the app registration that the tokens are for")
    credentials = fields.Char(help="Hash of the encrypted secret that the app had")
    problem_code = fields.Char()
    problem_values = fields.Json()
    problem_since = fields.Datetime()
    is_told = fields.Boolean("The problem was told to those who can mend it")
    activity_ids = fields.Many2many("mail.activity", help="By which it was told")

    _account_unique = models.Constraint(
        "UNIQUE(account_id)", "A connected account has one row of tokens."
    )

    @contextmanager
    def _own_cursor(self):
        """A cursor that is committed at the end."""
        with self.env.registry.cursor() as cursor:
            # tests share one transaction, which cannot change any more
            if isinstance(cursor, Cursor):
                cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            yield cursor

    # ------------------------------------------------------------
    # ASKING
    # ------------------------------------------------------------

    def _current(
        self, account, resource: str, *, renew: bool | str = False, force: bool = False
    ) -> str:
        """An access token of an account; see ``helpdesk.oauth.account._access_token``.

        :param force: ask also while a problem is noted
        """
        failure = None
        with self._own_cursor() as cursor:
            row = self._read(cursor, account)
            if row is None:
                return account._ask(resource, "", renew=False).token
            token, kept = self._usable(row, account, resource, renew, force)
            if token:
                return token
            seen = row.generation
            row = self._read_locked(cursor, account)
            if row is None:
                raise SignInNeeded("sign_in_needed_first")
            if row.generation != seen:
                # somebody else asked while we waited
                _token, kept = self._usable(row, account, resource)
                if token := kept.token(resource, timedelta(0)):
                    return token
            try:
                granted = account._ask(resource, kept.cache, renew=bool(renew))
            except MailboxError as error:
                never = account.flow == "user" and resource not in kept.tokens
                if never or not _is_lasting(error):
                    # nobody has signed in for this resource yet, so nothing broke; or it passes
                    raise
                self._keep_problem(cursor, row, account, error)
                failure = error
            else:
                kept.add(resource, granted)
                self._keep(cursor, row, account, kept)
        account._token_changed()
        if failure:
            account._tell_problem()
            raise failure
        if row.state == "problem":
            account._tell_recovery()
        return granted.token

    def _usable(
        self, row: Row, account, resource: str, renew: bool | str = False, force: bool = False
    ) -> tuple[str, Kept]:
        """A token that needs no asking, if there is one, and what is kept.

        :raise MailboxError: asking is of no use until somebody signs in again
        """
        state = standing(row, account)
        if state == "problem" and not force:
            raise row.problem()
        if state == "new":
            return "", Kept()
        kept = Kept.opened(self.env, row.sealed)
        token = kept.token(resource)
        refused = renew is True or token == renew
        return ("" if refused else token), kept

    def _granted(self, row: Row, account) -> list[str]:
        """The resources that tokens were given for; none if that cannot be read any more."""
        if standing(row, account) == "new":
            return []
        try:
            return list(Kept.opened(self.env, row.sealed).tokens)
        except KeyMissing:
            # they are about to be replaced, which is what the error asks for
            return []

    # ------------------------------------------------------------
    # ROWS
    # ------------------------------------------------------------

    def _read(self, cursor, account, lock: str = "") -> Row | None:
        cursor.execute(
            f"SELECT {COLUMNS} FROM helpdesk_oauth_token WHERE account_id = %s {lock}",
            [account.id],
            log_exceptions=False,
        )
        found = cursor.fetchone()
        return Row(*found) if found else None

    def _read_locked(self, cursor, account) -> Row | None:
        """The row as it is once nobody else writes it.

        :raise ConnectionTimedOut: others wait for the authority for too long
        """
        cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}s'")
        try:
            return self._read(cursor, account, "FOR UPDATE")
        except psycopg2.errors.LockNotAvailable:
            raise ConnectionTimedOut(
                "connection_timed_out_command",
                host=urlsplit(account.app_id.authority_url).hostname,
                doing="signing in",
                seconds=PATIENCE,
            ) from None

    def _keep(self, cursor, row: Row, account, kept: Kept) -> None:
        cursor.execute(
            """
            UPDATE helpdesk_oauth_token
               SET sealed = %s, generation = generation + 1, state = 'ok', identity = %s,
                   credentials = %s, problem_code = NULL, problem_values = NULL,
                   problem_since = NULL
             WHERE id = %s
            """,
            [kept.sealed(self.env), *account._fingerprints(), row.id],
        )

    def _keep_problem(self, cursor, row: Row, account, error: MailboxError) -> None:
        cursor.execute(
            """
            UPDATE helpdesk_oauth_token
               SET generation = generation + 1, state = 'problem', identity = %s,
                   credentials = %s, problem_code = %s, problem_values = %s,
                   problem_since = COALESCE(problem_since, now() AT TIME ZONE 'UTC')
             WHERE id = %s
            """,
            [*account._fingerprints(), error.code, json.dumps(error.values), row.id],
        )


def _is_lasting(error: MailboxError) -> bool:
    """Whether it stays like this until a person does something about the sign-in."""
    return isinstance(error, SignInNeeded | AppRefused) and not error.temporary
