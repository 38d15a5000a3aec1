# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
import re
import secrets
from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import LockError, UserError
from odoo.fields import NO_ACCESS, Domain
from odoo.tools import SQL, consteq

from ..mailflow.kind import Kind
from ..mailflow.mail import Mail
from ..mailflow.mailbox import first_day
from . import own_mail
from .sending_turn import latest, take_turns
from .system_mail import send_proof

_logger = logging.getLogger(__name__)

#: Hours after which a test mail that comes back proves nothing any more.
EXPIRY_HOURS = 24
#: Minutes after which a test mail is late.
LATE_MINUTES = 30
#: Test mails to an address, and that a user has sent, within an hour.
SENDS_AN_HOUR = 6
USER_SENDS_AN_HOUR = 20
#: Days that is known what became of a test mail.
KEPT_DAYS = 90
#: The header field with the token. Forwarders may strip it, and rewrite the Message-ID, so the
#: token stands in the subject and in the text, too.
HEADER = "X-Helpdesk-Connection-Test"

#: Seconds between two looks into a mailbox that is not read yet, and to wait for its answer.
LOOK_PAUSE = 10
LOOK_TIMEOUT = 15.0
#: Of its newest mails so many are looked at, and of each so many bytes.
LOOKED_AT = 10
START_BYTES = 16 * 1024

#: Characters of the text that are searched for the token; above it may stand what a mailbox adds.
_LOOKED_AT = 8000
_TOKENS = 4
_TOKEN = re.compile(r"\bhdtest-([1-9][0-9]{0,8})-([0-9a-f]{32})\b", re.IGNORECASE)
#: What a person's answer begins with, in the languages of mail programs.
_REPLY = re.compile(
    r"\s*(?:re|aw|sv|vs|antw|odp|ynt|res|rif|r|回复|答复|回覆|отв)\s*(?:\[\d+\])?\s*[:：]",
    re.IGNORECASE,
)
#: What answers a test mail, or tells of it, is not that mail.
_ABOUT_IT = (Kind.AUTO_REPLY, Kind.BOUNCE, Kind.RECEIPT, Kind.FEEDBACK)


class HelpdeskMailboxTest(models.Model):
    """A mail to the support address of a connection, which shows whether it comes in.

    Rows outlive the connection, so that deleting and adding it again sends no more mails.
    """

    _name = "helpdesk.mailbox.test"
    _description = "Test mail of a mailbox connection"
    _order = "id desc"
    _rec_name = "email"

    connection_id = fields.Many2one("helpdesk.mailbox.connection", ondelete="set null", index=True)
    company_id = fields.Many2one("res.company", required=True, ondelete="cascade", index=True)
    email = fields.Char("Sent to", required=True, index=True)
    sender = fields.Char("Sent as", required=True)
    # with the secret of the database what is signed; without it nobody can make the token
    nonce = fields.Char(required=True, groups=NO_ACCESS)
    message_id = fields.Char("Message-ID", required=True, index=True)
    asked_by_id = fields.Many2one("res.users", ondelete="set null", index="btree_not_null")
    sent = fields.Datetime(required=True)
    back = fields.Datetime("Came back")
    way = fields.Selection(
        [("in", "Came in as a mail"), ("seen", "Seen in the mailbox")], help="How it came back"
    )
    came_from = fields.Char(
        help="The sender that it came back with, if that is another: then the mailbox forwards"
        " mails in its own name, rather than redirecting them"
    )
    bounced = fields.Boolean()
    looked = fields.Datetime(help="When the mailbox was looked into for it")

    # ------------------------------------------------------------
    # SENDING
    # ------------------------------------------------------------

    @api.model
    def _send_for(self, connection):
        """Send a test mail to the address of a connection.

        :return: its row
        :raise UserError: too many were sent, or it cannot be sent
        """
        connection.ensure_one()
        try:
            # whoever clicks twice sends one mail
            connection.lock_for_update(allow_referencing=True)
        except LockError:
            raise UserError(
                self.env._("A test mail to %(email)s is being sent.", email=connection.email)
            ) from None
        email = tools.email_normalize(connection.email or "")
        if not email:
            raise UserError(self.env._("There is no address yet that a test mail could go to."))
        self._check_rate(connection.company_id, email)
        sender, server = connection._test_sender()
        # sudo: rows are written by the system alone
        row = self.sudo().create(
            {
                "connection_id": connection.id,
                "company_id": connection.company_id.id,
                "email": email,
                "sender": sender,
                "nonce": secrets.token_urlsafe(16),
                "message_id": own_mail.message_id(self.env, 0, sender.rpartition("@")[2]),
                "asked_by_id": self.env.uid,
                "sent": fields.Datetime.now(),
            }
        )
        # what can fail in the database does so before the mail is out
        self.env.flush_all()
        row.with_env(self.env(su=True))._send(server)
        return row

    def _check_rate(self, company, email: str) -> None:
        """Of several guides that send at once, each sees what the others have sent.

        :raise UserError: too many were sent, or one is being sent
        """
        turns = (f"{self._name}:{company.id}:{email}", f"{self._name}:{self.env.uid}")
        if not take_turns(self.env, *turns):
            raise UserError(
                self.env._("Another test mail is being sent at this moment. Try again in a minute.")
            )
        since = Domain("sent", ">", fields.Datetime.now() - timedelta(hours=1))
        rows = self.sudo()  # sudo: only how many there are
        to_it = Domain("company_id", "=", company.id) & Domain("email", "=", email)
        by_user = Domain("asked_by_id", "=", self.env.uid)
        for domain, most in ((to_it, SENDS_AN_HOUR), (by_user, USER_SENDS_AN_HOUR)):
            sent = latest(rows, domain & since, "sent", most)
            if len(sent) == most:
                again = sent[-1] + timedelta(hours=1)
                raise UserError(
                    self.env._(
                        "%(count)s test mails were sent within an hour. Another one can be sent"
                        " after %(when)s.",
                        count=most,
                        when=tools.format_datetime(self.env, again, dt_format="short"),
                    )
                )

    def _send(self, server) -> None:
        self.ensure_one()
        token = self._token()
        mail = send_proof(
            self.env,
            self.company_id,
            server,
            subject=self.env._("Test of the support address [%(token)s]", token=token),
            body_html=self.env["ir.qweb"]._render(
                "helpdesk_mailflow.mailbox_test_mail",
                {"test": self, "token": token},
                lang=self.env.lang,
                minimal_qcontext=True,
            ),
            sender=self.sender,
            email_to=self.email,
            message_id=self.message_id,
            headers={**own_mail.stamp_header(self.env, "connection", self.id), HEADER: token},
        )
        if mail.exists() and mail.state != "sent":
            # also one that would wait and be tried again: somebody waits for it now
            reason = mail.failure_reason or ""
            _logger.warning("The test mail to %s was not sent: %s", self.email, reason)
            raise UserError(self._failure(reason))

    def _failure(self, reason: str) -> str:
        if self.env.user.has_group("base.group_system"):
            return self.env._(
                "The test mail could not be sent: %(reason)s\nCheck the outgoing mail server.",
                reason=reason,
            )
        # the reason may name hosts and users, which are a system admin's to see
        return self.env._(
            "The test mail could not be sent. Ask an administrator to check the outgoing mail"
            " servers; the log tells why."
        )

    # ------------------------------------------------------------
    # COMING BACK
    # ------------------------------------------------------------

    def _token(self) -> str:
        """What a test mail is known by: signed, of this row and its connection alone."""
        self.ensure_one()
        row = self.sudo()
        signed = own_mail.sign(self.env, "connection-test", f"{row.id}:{row.email}:{row.nonce}")
        return f"hdtest-{row.id}-{signed}"

    @api.model
    def _tokens_in(self, mail: Mail) -> list[tuple[int, str]]:
        """(id, token) of all that look like tokens in a mail, whoever wrote them."""
        places = (
            *mail.header_all(HEADER)[:_TOKENS],
            mail.subject,
            mail.text[:_LOOKED_AT],
        )
        found = [match for place in places for match in _TOKEN.finditer(place)][:_TOKENS]
        return list(dict.fromkeys((int(match[1]), match[0].lower()) for match in found))

    @api.model
    def _proven_by(self, entries, kinds) -> dict[int, "HelpdeskMailboxTest"]:
        """Which of these mails are test mails that are waited for: row id -> test; the others
        are absent.

        Nobody but who reads the mailbox has seen the token, and it counts once.

        :param kinds: row id -> KindResult
        """
        said = {
            each.row_id: self._tokens_in(each.mail)
            for each in entries
            if kinds[each.row_id].kind not in _ABOUT_IT and not self._answers(each.mail)
        }
        ids = {number for tokens in said.values() for number, _token in tokens}
        if not ids:
            return {}
        # sudo: rows are the system's
        since = fields.Datetime.now() - timedelta(hours=EXPIRY_HOURS)
        waiting = self.sudo().search(
            [("id", "in", list(ids)), ("back", "=", False), ("sent", ">", since)]
        )
        waiting = {
            row.id: row for row in waiting if row.email == (row.connection_id.email or "").lower()
        }
        found = {}
        for row_id in sorted(said):
            for number, token in said[row_id]:
                row = waiting.get(number)
                if row and consteq(row._token(), token):
                    # once: what else repeats it, even in the same batch, is a mail to look at
                    found[row_id] = waiting.pop(number)
                    break
        return found

    @api.model
    def _answers(self, mail: Mail) -> bool:
        """Whether a person answered the test mail, whose subject and text the answer repeats."""
        return bool(_REPLY.match(mail.subject))

    def _came_back(self, mail: Mail | None = None, way: str = "in") -> bool:
        """Note that a test mail is back.

        :param mail: as it came back
        :return: whether it was waited for
        """
        self.ensure_one()
        row = self.sudo()
        if row.back:
            return False
        sender = mail.from_.normalized if mail else row.sender
        row.write(
            {
                "back": fields.Datetime.now(),
                "way": way,
                "came_from": sender if sender != row.sender else False,
                "bounced": False,
            }
        )
        return True

    @api.model
    def _bounced(self, test_ids) -> None:
        """Test mails could not be delivered."""
        # sudo: rows are the system's
        rows = self.sudo().browse(test_ids).exists()
        rows.filtered(lambda row: not row.back).bounced = True

    def _look_in_ledger(self) -> bool:
        """Whether it is in the list of incoming mails: it may have come in before the
        transaction that sent it was committed, when nobody knew of it yet."""
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM helpdesk_incoming_mail WHERE message_id = %s AND state = 'ignored'"
                " LIMIT 1",
                self.message_id,
            )
        )
        return bool(rows) and self._came_back()

    def _look_in_mailbox(self, scanner) -> bool:
        """Whether it lies in the mailbox of a mail scanner that is not active yet, which is
        left as it is: nothing is fetched but the start of what came in since.

        :raise MailboxError: the mailbox cannot be read
        """
        self.ensure_one()
        now = fields.Datetime.now()
        row = self.sudo()
        if row.looked and row.looked > now - timedelta(seconds=LOOK_PAUSE):
            return False
        row.looked = now
        token = row._token().encode()
        with scanner._connect_mailbox(LOOK_TIMEOUT) as mailbox:
            for folder in scanner._folders_to_read():
                mailbox.select(folder.name)
                # POP lists all, the newest last
                for uid in mailbox.find(since=first_day(row.sent))[-LOOKED_AT:]:
                    size = mailbox.heads([uid])[uid].size
                    if token in mailbox.fetch_start(uid, min(size, START_BYTES)):
                        return row._came_back(way="seen")
        return False

    @api.autovacuum
    def _gc_tests(self):
        late = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        self.sudo().search([("create_date", "<", late)], limit=10_000).unlink()
