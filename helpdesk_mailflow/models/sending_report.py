# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What a mail server said to the mail at hand, which Odoo does not pass on."""

import smtplib
import ssl
from datetime import datetime, timedelta

from ..mailflow.errors import (
    AccountMissing,
    AppRefused,
    KeyMissing,
    LoginRefused,
    MailboxError,
    MailRefused,
    MailTooLarge,
    SenderMailboxMissing,
    SenderRefused,
    SendingSlowed,
    SignInNeeded,
    UnexpectedAnswer,
)

#: Minutes until a mail that its server did not take is tried again; then always the last.
PAUSES = (1, 5, 15, 30, 60)
#: Notes of a mail that waits.
WAITING = (
    "mail_waits",
    "mail_waits_away",
    "mail_waits_login",
    "mail_waits_setup",
    "mail_waits_sign_in",
    "recipient_waits",
)
#: Until somebody does something about the connected account that mails leave by.
SIGN_IN = (AccountMissing, AppRefused, KeyMissing, SignInNeeded)
#: A mail that Microsoft Graph does not take, and would not take later.
FOR_GOOD = (MailRefused, MailTooLarge, SenderMailboxMissing, SenderRefused, UnexpectedAnswer)
#: After which a person has to look (hours), as mail servers give up themselves (RFC 5321
#: section 4.5.4.1 asks for four to five days between servers; an answer is staler sooner).
GIVE_UP = 72


class SendingReport:
    """Travels in the context of what sends.

    ``error`` is why the mail at hand was not taken, ``refused`` who of its recipients was not:
    address -> (SMTP reply code, text).
    """

    def __init__(self):
        self.error = None
        self.refused = {}

    def begin(self) -> None:
        """The next mail."""
        self.error = None
        self.refused = {}

    def failed(self, error: BaseException) -> None:
        self.error = error

    def listen_to(self, connection) -> None:
        """Keep what smtplib says of single recipients."""
        send_message = connection.send_message

        def send_and_keep(*args, **kwargs):
            refused = send_message(*args, **kwargs)
            self.refused = dict(refused or {})
            return refused

        connection.send_message = send_and_keep

    @property
    def is_temporary(self) -> bool:
        """Whether the same mail may be taken later: the server is away, or says so itself
        (4yz, RFC 5321 section 4.2.1). A log-in that it refuses may be mended by an admin."""
        error = self.error
        if isinstance(error, MailboxError):
            return error.temporary or not isinstance(error, FOR_GOOD)
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            return all(400 <= code < 500 for code, _text in error.recipients.values())
        if isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPConnectError):
            return True
        if isinstance(error, smtplib.SMTPResponseException):
            return 400 <= error.smtp_code < 500
        return isinstance(error, OSError)

    @property
    def is_about_sign_in(self) -> bool:
        """Whether nothing leaves before somebody has signed in again: however long that takes,
        what waits for it does not fail one by one."""
        return isinstance(self.error, SIGN_IN)

    @property
    def pause(self) -> int:
        """Seconds that the server wants to be left alone; 0 if it does not say."""
        slowed = isinstance(self.error, SendingSlowed)
        return int(self.error.values.get("seconds") or 0) if slowed else 0

    def why(self) -> tuple[str, dict[str, str]]:
        """Why the mail waits, as code and values of a note that agents read: without host and
        user, which are a system admin's to see."""
        error = self.error
        if self.is_about_sign_in:
            return "mail_waits_sign_in", {}
        if isinstance(error, LoginRefused) and not error.temporary:
            return "mail_waits_login", {}
        if isinstance(error, smtplib.SMTPAuthenticationError) and error.smtp_code >= 500:
            return "mail_waits_login", {}
        if isinstance(error, smtplib.SMTPRecipientsRefused) and error.recipients:
            return "mail_waits", {"answer": _said(*next(iter(error.recipients.values())))}
        if isinstance(error, smtplib.SMTPResponseException):
            return "mail_waits", {"answer": _said(error.smtp_code, error.smtp_error)}
        if isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError):
            return "mail_waits_setup", {}
        return "mail_waits_away", {}


def _said(code: int, text: bytes | str) -> str:
    words = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    return " ".join(f"{code} {words}".split())


def next_try(tries: int, now: datetime) -> datetime:
    """When to try again after so many tries (UTC, as ``now``)."""
    return now + timedelta(minutes=PAUSES[min(tries, len(PAUSES) - 1)])
