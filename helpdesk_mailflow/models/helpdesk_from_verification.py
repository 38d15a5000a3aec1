# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import logging
import secrets
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models, tools
from odoo.exceptions import LockError, UserError
from odoo.fields import NO_ACCESS
from odoo.tools import consteq, misc

from . import own_mail
from .sending_turn import latest, take_turns
from .system_mail import send_proof

_logger = logging.getLogger(__name__)

#: Hours that the link of a verification mail can be used.
EXPIRY_HOURS = 72
#: Seconds between two verification mails to an address.
PAUSE_SECONDS = 60
#: Verification mails to an address within 24 hours.
SENDS_A_DAY = 5
#: Verification mails that a user has sent within an hour, whatever their addresses.
SENDS_AN_HOUR = 20
#: Days that is known what became of a verification mail, so that its link can say so.
KEPT_DAYS = 90
#: The header field with the token, by which a verification mail is known when it comes back.
HEADER = "X-Helpdesk-Verification"
#: Where the link leads; the token follows.
PATH = "/helpdesk/from-address/"

_SCOPE = "helpdesk_mailflow.from_verification"


class HelpdeskFromVerification(models.Model):
    """A mail to a From address, whose link proves that the address is ours.

    Its rows outlive the address, so that deleting and adding it again sends no more mails.
    """

    _name = "helpdesk.from.verification"
    _description = "Verification mail of a From address"
    _order = "id desc"
    _rec_name = "email"

    address_id = fields.Many2one("helpdesk.from.address", ondelete="set null", index=True)
    company_id = fields.Many2one("res.company", required=True, ondelete="cascade", index=True)
    email = fields.Char("Sent to", required=True, index=True)
    # half of the way to a link; the other half is the secret of the database
    nonce = fields.Char(required=True, groups=NO_ACCESS)
    message_id = fields.Char("Message-ID", required=True, index=True)
    asked_by_id = fields.Many2one("res.users", ondelete="set null", index="btree_not_null")
    expires = fields.Datetime(required=True)
    state = fields.Selection(
        [("open", "Open"), ("used", "Confirmed"), ("void", "Void")], required=True, default="open"
    )

    # ------------------------------------------------------------
    # SENDING
    # ------------------------------------------------------------

    @api.model
    def _send_to(self, address) -> None:
        """Send a verification mail to a From address.

        :raise UserError: too many were sent, or it cannot be sent
        """
        address.ensure_one()
        try:
            # whoever clicks twice gets one mail
            address.lock_for_update(allow_referencing=True)
        except LockError:
            raise UserError(
                self.env._("A verification mail to %(email)s is being sent.", email=address.email)
            ) from None
        self._check_rate(address)
        sender, server = self._sender(address.company_id)
        # sudo: rows are written by the system alone
        row = self.sudo().create(
            {
                "address_id": address.id,
                "company_id": address.company_id.id,
                "email": address.email,
                "nonce": secrets.token_urlsafe(16),
                "message_id": own_mail.message_id(self.env, 0, sender.rpartition("@")[2]),
                "asked_by_id": self.env.uid,
                "expires": fields.Datetime.now() + timedelta(hours=EXPIRY_HOURS),
            }
        )
        address._by_system().write(
            {
                "state": "sent",
                "sent_date": fields.Datetime.now(),
                "verification_bounced": False,
            }
        )
        # what can fail in the database does so before the mail is out
        self.env.flush_all()
        row._send(sender, server)

    def _check_rate(self, address) -> None:
        """:raise UserError: too many were sent, or one is being sent"""
        turns = (
            f"{self._name}:{address.company_id.id}:{address.email}",
            f"{self._name}:{self.env.uid}",
        )
        if not take_turns(self.env, *turns):
            raise UserError(
                self.env._(
                    "Another verification mail is being sent at this moment. Try again in a minute."
                )
            )
        now = fields.Datetime.now()
        rows = self.sudo()  # sudo: only how many there are
        recent = latest(
            rows,
            [
                ("company_id", "=", address.company_id.id),
                ("email", "=", address.email),
                ("create_date", ">", now - timedelta(days=1)),
            ],
            "create_date",
            SENDS_A_DAY,
        )
        if recent and recent[0] > now - timedelta(seconds=PAUSE_SECONDS):
            raise UserError(
                self.env._(
                    "A verification mail went to %(email)s less than a minute ago. Give it a"
                    " little time, and look into the spam folder of that mailbox.",
                    email=address.email,
                )
            )
        if len(recent) == SENDS_A_DAY:
            again = recent[-1] + timedelta(days=1)
            raise UserError(
                self.env._(
                    "%(count)s verification mails went to %(email)s within a day. Look into the"
                    " spam folder of that mailbox, and check that the address is right. Another"
                    " mail can be sent after %(when)s.",
                    count=len(recent),
                    email=address.email,
                    when=tools.format_datetime(self.env, again, dt_format="short"),
                )
            )
        asked = latest(
            rows,
            [
                ("asked_by_id", "=", self.env.uid),
                ("create_date", ">", now - timedelta(hours=1)),
            ],
            "create_date",
            SENDS_AN_HOUR,
        )
        if len(asked) == SENDS_AN_HOUR:
            again = asked[-1] + timedelta(hours=1)
            raise UserError(
                self.env._(
                    "You have sent %(count)s verification mails within an hour. Another one can be"
                    " sent after %(when)s.",
                    count=len(asked),
                    when=tools.format_datetime(self.env, again, dt_format="short"),
                )
            )

    @api.model
    def _sender(self, company):
        """What the mail leaves as, and by which server: what Odoo sends as, else another address
        that the company can send as.

        :return: (address, ``ir.mail_server`` or empty)
        :raise UserError: nobody has set any sender
        """
        FromAddress = self.env["helpdesk.from.address"]
        sender = FromAddress._odoo_sender(company)
        if sender:
            return sender, self.env["ir.mail_server"].sudo()
        other = FromAddress._usable_for(company)[:1]
        if not other:
            raise UserError(
                self.env._(
                    "Odoo does not know yet what to send mails as. Set an alias domain for"
                    " %(company)s in the general settings first.",
                    company=company.name,
                )
            )
        return other.email, other._mail_server()

    def _send(self, sender: str, server) -> None:
        self.ensure_one()
        headers = {
            **own_mail.stamp_header(self.env, "verification", self.address_id.id),
            HEADER: self._token(),
        }
        mail = send_proof(
            self.env,
            self.company_id,
            server,
            subject=self.env._("Confirm the address %(email)s", email=self.email),
            body_html=self._body(),
            sender=sender,
            email_to=self.email,
            message_id=self.message_id,
            headers=headers,
        )
        if mail.exists() and mail.state == "exception":
            reason = mail.failure_reason or ""
            _logger.warning("The verification mail to %s was not sent: %s", self.email, reason)
            raise UserError(self._failure(reason))

    def _failure(self, reason: str) -> str:
        if self.env.user.has_group("base.group_system"):
            return self.env._(
                "The verification mail could not be sent: %(reason)s\nCheck the outgoing mail"
                " servers in the general settings.",
                reason=reason,
            )
        # the reason may name hosts and users, which are a system admin's to see
        return self.env._(
            "The verification mail could not be sent. Ask an administrator to check the outgoing"
            " mail servers; the log tells why."
        )

    def _body(self):
        return self.env["ir.qweb"]._render(
            "helpdesk_mailflow.from_verification_mail",
            {
                "verification": self,
                "link": self.address_id.get_base_url() + PATH + self._token(),
                "hours": EXPIRY_HOURS,
            },
            lang=self.env.lang,
            minimal_qcontext=True,
        )

    # ------------------------------------------------------------
    # THE LINK
    # ------------------------------------------------------------

    def _token(self) -> str:
        """What the link ends with: signed, and bound to this mail, the record and the address."""
        self.ensure_one()
        row = self.sudo()
        values = [row.id, row.address_id.id, row.email, row.nonce, int(row.expires.timestamp())]
        return misc.hash_sign(self.env(su=True), _SCOPE, values)

    @api.model
    def _read_token(self, token: str):
        """What a link is good for. Changes nothing.

        :return: (status, row with all rights, possibly empty). The status is ``open`` for a link
            that can be confirmed, else ``unknown``, ``gone`` (the From address was deleted),
            ``changed`` (it has another address now), ``used``, ``void`` or ``expired``
        """
        nothing = self.sudo().browse()
        try:
            values = misc.verify_hash_signed(self.env(su=True), _SCOPE, token)
        except ValueError:
            # cut off or made up: it does not even have the form of a token
            values = None
        if not values:
            return "unknown", nothing
        row_id, address_id, email, nonce, expires = values
        row = self.sudo().browse(row_id).exists()
        if not row:
            late = expires <= fields.Datetime.now().timestamp()
            return ("expired" if late else "unknown"), nothing
        if row.email != email or not consteq(row.nonce, nonce):
            return "unknown", nothing
        address = row.address_id
        if not address or address.id != address_id:
            return "gone", row
        if address.email != email or address.company_id != row.company_id:
            return "changed", row
        if row.state != "open":
            return row.state, row
        if row.expires <= fields.Datetime.now():
            return "expired", row
        return "open", row

    @api.model
    def _confirm(self, token: str, user):
        """Verify the From address of a link, which is used up by that.

        :param user: who confirms; the public user stands for whoever reads the mailbox
        :return: as :meth:`_read_token`, with ``confirmed`` for a link that was open
        """
        status, row = self._read_token(token)
        if status != "open":
            return status, row
        known = user if user and user._is_internal() else row.asked_by_id
        # the chatter names who did it, or the system
        address = row.address_id.with_user(known or SUPERUSER_ID)
        address._prove("mail", user=known)
        self._close(row.address_id, "used")
        return "confirmed", row

    def _leads_to_another_company(self) -> bool:
        """Whether mail to the address is another company's, which who asked does not work for."""
        self.ensure_one()
        # sudo: of all companies; the answer stays in here
        own = self.env["helpdesk.own.address"].sudo()
        owners = own.search(
            [("email", "=", self.email), ("company_id", "!=", False), ("kind", "!=", "from")]
        ).company_id
        return bool(owners) and not owners & (self.company_id | self.asked_by_id.company_ids)

    @api.model
    def _close(self, addresses, state: str) -> None:
        """No link to these From addresses can be used any more."""
        # sudo: rows are written by the system alone
        rows = self.sudo().search([("address_id", "in", addresses.ids), ("state", "=", "open")])
        rows.state = state

    @api.autovacuum
    def _gc_verifications(self):
        late = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        self.sudo().search([("create_date", "<", late)], limit=10_000).unlink()
