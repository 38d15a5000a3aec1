# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Mails to be attached to another mail (``message/rfc822``): originals, and ones made anew."""

import email.policy
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class File:
    """Something that a mail carries.

    :param content_type: ``image/png``; what is none counts as ``application/octet-stream``
    :param cid: what the HTML calls it by (``cid:…``), if it does
    """

    name: str
    content: bytes
    content_type: str = ""
    cid: str = ""

    @property
    def types(self) -> tuple[str, str]:
        main, slash, sub = self.content_type.partition(";")[0].strip().lower().partition("/")
        if not (slash and main.isalnum() and sub) or main in ("multipart", "message"):
            return "application", "octet-stream"
        return main, sub


def rebuild(
    headers: Iterable[tuple[str, str]],
    date: datetime | None,
    text: str,
    html: str = "",
    files: Iterable[File] = (),
) -> bytes:
    """A mail as it may have looked, of which only the content was kept.

    :param headers: (name, value), e.g. From, To, Subject; empty ones are left out
    :param date: aware, or UTC
    :param html: refers to files with a ``cid`` of :class:`File`
    """
    message = EmailMessage(policy=email.policy.SMTP)
    for name, value in headers:
        # a line break would begin another header
        value = " ".join("".join(c if c.isprintable() else " " for c in value or "").split())
        if value:
            message[name] = value
    if date:
        message["Date"] = format_datetime(date)
    message.set_content(text or "", charset="utf-8")
    files = list(files)
    if html:
        message.add_alternative(html, subtype="html", charset="utf-8")
        body = message.get_payload()[-1]
        for file in (each for each in files if each.cid):
            main, sub = file.types
            body.add_related(
                file.content,
                main,
                sub,
                cid=f"<{file.cid}>",
                filename=file.name,
                disposition="inline",
            )
    for file in (each for each in files if not (each.cid and html)):
        main, sub = file.types
        message.add_attachment(file.content, main, sub, filename=file.name)
    return message.as_bytes()


def is_attachable(raw: bytes) -> bool:
    """Whether a mail can go into another one as ``message/rfc822``: what arrives from outside
    may be too broken for Python to write it again."""
    try:
        outer = EmailMessage(policy=email.policy.SMTP)
        outer.add_attachment(BytesParser().parsebytes(raw), filename="mail.eml")
        outer.as_bytes()
    except Exception as error:  # noqa: BLE001 -- whatever a hostile mail does to the library
        _logger.info("A mail cannot be attached as it is: %r", error)
        return False
    return True
