# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Sending a mail through Microsoft Graph (``sendMail`` with MIME content).

For mailboxes that may not send by SMTP. There is no envelope here: Graph sends to whom the
headers name, from whom the header From names, and bounces go to that address.

Large attachments could only be added to a draft, in pieces and not as MIME, with a permission to
read and write all mail (Mail.ReadWrite); so a mail that is too large is refused instead.
"""

from __future__ import annotations

import base64
import email.policy
import http.client
import json
import re
from collections.abc import Iterable
from datetime import datetime, timezone
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import HeaderParser
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit

from .domain import ascii_domain
from .errors import (
    ConnectionRefused,
    LoginRefused,
    MailboxError,
    MailRefused,
    MailTooLarge,
    SenderMailboxMissing,
    SenderRefused,
    SendingSlowed,
    TokenNotSent,
    TokenRefused,
    UnexpectedAnswer,
)
from .oauth_http import Answer, Place, request
from .sasl import is_app_only
from .scrub import in_words

BASE = "https://graph.microsoft.com/v1.0"
#: The largest request, in bytes. The mail travels in base64, so that it may have three quarters
#: of it. Above, Graph answers 413, or even 200 with nothing done (202 is success).
MAX_REQUEST = 4 * 1024 * 1024
#: The largest mail, in bytes.
MAX_MIME = MAX_REQUEST // 4 * 3
#: `values["doing"]` of an error on the way, once the mail is being handed over: whether it was
#: sent is then not known.
SENDING = "sending the mail"
_CHECKING = "asking about the sender"
# What is sent at least in this many bytes per second is not given up.
_MIN_RATE = 64 * 1024
_DEFAULT_PAUSE = 60
_MAX_PAUSE = 24 * 3600
_LINE_END = re.compile(rb"\r\n|\r|\n")
_NO_MAILBOX = {
    "ErrorInvalidUser",
    "ErrorNonExistentMailbox",
    "ErrorItemNotFound",
    "MailboxNotEnabledForRESTAPI",
    "MailboxNotSupportedForRESTAPI",
    "Request_ResourceNotFound",
    "ResourceNotFound",
}
_TOO_LARGE = {
    "ErrorMessageSizeExceeded",
    "ErrorSendMessageSizeExceeded",
    "RequestEntityTooLarge",
    "RequestBodyTooLarge",
}
_SLOWER = {"ApplicationThrottled", "ErrorExceededMessageLimit", "TooManyRequests"}


def send_mail(
    token: str,
    mime: bytes,
    sender: str,
    recipients: Iterable[str],
    *,
    mailbox: str = "",
    base: str = BASE,
    ca_file: str | None = None,
    timeout: float = 60.0,
):
    """Send a mail as it is, but to these recipients: those of them whom To and Cc do not name
    become Bcc, and who is named there but is no recipient is left out.

    :param token: for Microsoft Graph, with Mail.Send (Mail.Send.Shared)
    :param mime: the whole message; its From is `sender`
    :param recipients: bare addresses
    :param mailbox: whose; it keeps a copy among its sent mails. By default that of the account
        that signed in; of `sender`, if the token is the app's own
    :param timeout: seconds to wait for the connection and the answer; more for a large mail
    :raises TokenRefused: renew it
    :raises SenderRefused: no right to send as the address
    :raises SenderMailboxMissing:
    :raises MailTooLarge: see :data:`MAX_MIME`
    :raises SendingSlowed: with ``values["seconds"]`` to wait
    :raises MailRefused: anything else about the mail
    :raises MailboxError: the way there; see :data:`SENDING`
    """
    size = len(mime)
    graph = _Graph(token, sender, mailbox, base, ca_file, timeout + size / _MIN_RATE)
    if size > MAX_MIME:
        raise graph.too_large(size)
    try:
        mime = with_recipients(mime, recipients)
    except ValueError as error:  # an address that is none
        raise graph.mail_refused(error) from error
    size = len(mime)
    if size > MAX_MIME:
        raise graph.too_large(size)
    answer = graph.post(base64.b64encode(mime), SENDING)
    if answer.status_code == 202:
        return
    if answer.status_code == 200:
        raise graph.too_large(size)
    raise graph.refused(answer, size)


def check_sender(
    token: str,
    sender: str,
    *,
    mailbox: str = "",
    base: str = BASE,
    ca_file: str | None = None,
    timeout: float = 20.0,
):
    """Whether Graph takes the token, and mails of the mailbox. Nothing is sent: what is handed over
    is no mail, and being told so is the good answer. Whether an account may send as an address that
    is not its own shows only with the first mail.

    :raises MailboxError: as :func:`send_mail`
    """
    graph = _Graph(token, sender, mailbox, base, ca_file, timeout)
    answer = graph.post(b"!", _CHECKING)
    code, _message = _error(answer)
    if answer.status_code == 400 and code not in _NO_MAILBOX:
        return
    raise graph.refused(answer, 1)


class _Graph:
    def __init__(
        self,
        token: str,
        sender: str,
        mailbox: str,
        base: str,
        ca_file: str | None,
        timeout: float,
    ):
        try:
            parts = urlsplit(base)
            port = parts.port or 443
        except ValueError as error:
            raise TokenNotSent("token_not_sent_address", host=base) from error
        if parts.scheme != "https" or not parts.hostname:
            raise TokenNotSent("token_not_sent_address", host=base)
        self.sender = sender
        if not mailbox and is_app_only(token):
            mailbox = sender
        self._place = Place(
            parts.hostname, port, timeout, ca_file, user=mailbox or sender, token=token
        )
        owner = f"users/{quote(mailbox, safe='@')}" if mailbox else "me"
        self._target = f"{parts.path}/{owner}/sendMail"

    def post(self, body: bytes, doing: str) -> Answer:
        """Hand something over to be sent."""
        token = self._place.token
        if not token.isascii() or not token.isprintable() or " " in token:
            raise self._token_refused("characters that cannot be sent")
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "text/plain",
            "Accept": "application/json",
        }
        place = self._place
        try:
            return request(place, "POST", self._target, body, headers, doing)
        except (http.client.HTTPException, ValueError) as error:
            raise UnexpectedAnswer(
                host=place.host, protocol="HTTP", doing=doing, answer=in_words(error, place)
            ) from None

    def refused(self, answer: Answer, size: int) -> MailboxError:
        """What an answer means that is not the good one."""
        status = answer.status_code
        code, message = _error(answer)
        words = in_words(f"{code}: {message}" if code else f"HTTP {status}", self._place)
        values = {"host": self._place.host, "sender": self.sender, "answer": words}
        if status == 429 or code in _SLOWER:
            return SendingSlowed(seconds=_pause(answer), **values)
        if status == 413 or code in _TOO_LARGE:
            return self.too_large(size)
        if status == 401:
            return self._token_refused(words)
        if status == 404 or code in _NO_MAILBOX:
            return SenderMailboxMissing(**values)
        if code == "ErrorSendAsDenied":
            return SenderRefused("sender_refused_graph_send_as", **values)
        if status == 403:
            return SenderRefused("sender_refused_graph", **values)
        if status >= 500 or code == "ErrorMailboxStoreUnavailable":
            return ConnectionRefused("connection_refused_busy", port=self._place.port, **values)
        if code == "ErrorInvalidRecipients":
            return MailRefused("mail_refused_recipients", **values)
        return MailRefused(**values)

    def mail_refused(self, error: ValueError) -> MailRefused:
        """The error for recipients that cannot be written into a header."""
        return MailRefused(
            "mail_refused_recipients",
            host=self._place.host,
            answer=in_words(error, self._place),
        )

    def too_large(self, size: int) -> MailTooLarge:
        """The error for a mail of so many bytes."""
        megabyte = 1024 * 1024
        return MailTooLarge(
            host=self._place.host,
            limit=f"{MAX_MIME / megabyte:g}",
            size=f"{size / megabyte:.1f}",
        )

    def _token_refused(self, words: str) -> LoginRefused:
        return TokenRefused(host=self._place.host, user=self._place.user, answer=words)


def _error(answer: Answer) -> tuple[str, str]:
    """Code and message of an error; empty if it is none that Graph makes."""
    try:
        said = json.loads(answer.text)["error"]
        return str(said["code"]), str(said.get("message") or "")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return "", ""


def _pause(answer: Answer) -> int:
    """Seconds to wait (Retry-After, RFC 9110, 10.2.3)."""
    text = (answer.headers.get("Retry-After") or "").strip()
    if text.isdecimal():
        return min(int(text[:9]), _MAX_PAUSE)
    try:
        until = parsedate_to_datetime(text)
        seconds = int((until - datetime.now(timezone.utc)).total_seconds()) + 1
    except (ArithmeticError, ValueError, TypeError, LookupError):
        return _DEFAULT_PAUSE
    return min(max(seconds, 1), _MAX_PAUSE)


# --- the message


def with_recipients(mime: bytes, recipients: Iterable[str]) -> bytes:
    """The message with headers that name these recipients and no others, and with CRLF. All its
    other headers and its body stay as they are; so do To and Cc that need no change.

    :param recipients: bare addresses
    """
    mime = _LINE_END.sub(b"\r\n", mime)
    head, blank, body = mime.partition(b"\r\n\r\n")
    parsed = HeaderParser(policy=email.policy.SMTP).parsestr(head.decode("utf-8", "replace"))
    wanted = {_key(address): address for address in recipients}
    missing = dict(wanted)
    rewritten: dict[str, bytes] = {}
    for name in ("To", "Cc"):
        named = [each for text in parsed.get_all(name, []) for each in text.addresses]
        kept = [each for each in named if _key(each.addr_spec) in wanted]
        for each in kept:
            missing.pop(_key(each.addr_spec), None)
        if len(kept) < len(named) or (named and not kept):
            rewritten[name.lower()] = _header(name, kept)
    rewritten["bcc"] = _header("Bcc", [_address(each) for each in missing.values()])
    lines = []
    for line in re.split(rb"\r\n(?![ \t])", head):
        name = line.partition(b":")[0].strip().lower().decode("latin-1")
        if name not in rewritten:
            lines.append(line)
        elif name != "bcc" and rewritten[name]:
            lines.append(rewritten.pop(name))
            rewritten[name] = b""
    if rewritten["bcc"]:
        lines.append(rewritten["bcc"])
    return b"\r\n".join(lines) + (blank or b"\r\n\r\n") + body


def _header(name: str, addresses: list[Address]) -> bytes:
    """A header line, folded, without its line ending; empty without addresses."""
    if not addresses:
        return b""
    message = EmailMessage(policy=email.policy.SMTP)
    message[name] = addresses
    return message.as_bytes().partition(b"\r\n\r\n")[0]


def _key(address: str) -> str:
    local, _at, domain = address.rpartition("@")
    return f"{local}@{ascii_domain(domain)}".lower()


def _address(text: str) -> Address:
    local, _at, domain = text.rpartition("@")
    return Address(username=local, domain=ascii_domain(domain))
