"""Mails by which a provider asks whether it may forward a mailbox to us.

A forged one would have a person click a link. So a link counts only if it leads to a host of the
provider, straight: not to one that sends the browser on to anywhere. Nothing here opens it.
"""

import html as entities
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from .mail import Mail


@dataclass(frozen=True)
class Confirmation:
    """What a provider asks.

    :param provider: its name, such as ``Gmail``
    :param code: to be typed at the provider, if there is one
    :param link: to be opened by a person, if there is one; at a host of the provider
    :param mailbox: address of the mailbox that is to be forwarded, if it is named
    """

    provider: str
    code: str | None = None
    link: str | None = None
    mailbox: str | None = None


@dataclass(frozen=True)
class _Provider:
    """How a provider asks.

    :param sender: searched for in the address that it writes from
    :param subject: searched for in the subject
    :param host: matches the hosts that its links may lead to
    """

    name: str
    sender: re.Pattern[str]
    subject: re.Pattern[str]
    host: re.Pattern[str]


# "Forward" in the languages that providers write, and what they call the other address.
_ASKS = (
    r"forward|weiterleit|transf[eé]r|redirec|redirig|reenv[ií]|encaminh|inoltr|doorst|doorgest"
    r"|videre[bs]|vidareb|edelleenl|przekaz|přepos|prepos|továbbít|redirecț|yönlendir|προώθησ"
    r"|пересыл|переадрес|перенаправ|転送|转发|轉寄|轉發|전달|forwarding address"
)
# These domains have customers, too: only addresses that a service writes from.
_SERVICE = (
    r"^(?:\S*no-?reply|support|notif\w*|verif\w*|confirm\w*|account\S*|service|security|robot"
    r"|welcome|hello|mail|mailings|id|contact|devnull)@(?:[\w-]+\.)*"
)
_UNDER = r"^(?:[\w-]+\.)*"


def _of(name: str, sender: str, host: str) -> _Provider:
    return _Provider(
        name,
        re.compile(_SERVICE + sender + "$"),
        re.compile(_ASKS, re.IGNORECASE),
        re.compile(_UNDER + host + "$"),
    )


#: The address of Gmail is enough: it sends nothing else. Only its mail hosts: others of google.com
#: send browsers on to any address.
_GMAIL = _Provider(
    "Gmail",
    re.compile(r"^forwarding-noreply@google\.com$"),
    re.compile(""),
    re.compile(r"^(?:mail|mail-settings|isolated\.mail)\.google\.com$"),
)
_ZOHO = r"zoho(?:mail|corp|cloud|accounts)?\.(?:com|eu|in|jp|ca|sa|uk|com\.au|com\.cn)"
_YAHOO = r"(?:yahoo(?:-inc)?\.com|yahoo\.(?:com?\.)?[a-z]{2}|aol\.com)"
_MICROSOFT = r"(?:outlook|microsoft|live|hotmail|office365|office)\.com"
PROVIDERS = (
    _GMAIL,
    _of("Yahoo", _YAHOO, _YAHOO),
    _of("Zoho", _ZOHO, _ZOHO),
    _of("Outlook", _MICROSOFT, _MICROSOFT),
    _of("Yandex", r"yandex\.(?:com?\.)?[a-z]{2,3}", r"(?:yandex\.(?:com?\.)?[a-z]{2,3}|ya\.ru)"),
    _of("Mail.ru", r"mail\.ru", r"mail\.ru"),
    _of("Fastmail", r"(?:fastmail|messagingengine)\.(?:com|help|fm)", r"fastmail\.(?:com|help|fm)"),
    _of("Proton", r"(?:protonmail\.(?:com|ch)|proton\.me)", r"(?:protonmail\.com|proton\.me)"),
    _of("GMX", r"(?:gmx|web)\.(?:net|de|com|at|ch)", r"(?:gmx|web)\.(?:net|de|com|at|ch)"),
    _of("iCloud", r"(?:icloud|apple)\.com", r"(?:icloud|apple)\.com"),
)

_CODE = re.compile(
    r"(?:confirmation code|verification code|security code|bestätigungscode|verifizierungscode"
    r"|code de (?:confirmation|vérification)|código de (?:confirm|verific)\w+"
    r"|codice di (?:conferma|verifica)|bevestigingscode|verificatiecode|kod potwierdzając\w*"
    r"|код подтверждения|確認コード|验证码|確認碼|驗證碼|인증 코드|확인 코드|code)"
    r"\W{1,6}(?:is\W{1,3})?((?=[A-Z-]{0,15}\d)[A-Z0-9][A-Z0-9-]{4,15}\b)",
    re.IGNORECASE,
)
_SUBJECT_CODE = re.compile(r"\(#\s?([A-Z0-9-]{5,16})\)", re.IGNORECASE)
# Gmail's older links have brackets as they are.
_LINK = re.compile(r"https://[^\s<>\"')]{8,1000}")
# What leads to a confirmation, and what takes it back or only explains it.
_CONFIRMS = re.compile(r"/vf-|confirm|verif|forward|accept|activate|approve", re.IGNORECASE)
_ELSE = re.compile(
    r"/uf-|cancel|decline|unsubscribe|/answer/|/help|//help|support\.", re.IGNORECASE
)
_MAILBOX = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}")
# Hosts of providers that show what their customers wrote, or lead on to anywhere.
_OF_CUSTOMERS = re.compile(
    r"^(?:.*\.)?(?:bookings?|calendar|cliq|cloud|cl?ck|click|creator|disk|docs?|drive|forms?|groups"
    r"|links?|meet|my|notebook|onedrive|pages|projects|redirects?|r|rd|safelinks|safety|share|show"
    r"|sheets?|sites|social|storage|survey|sway|video|webinar|workdrive|writer|wiki)\."
)
_LOOKED_AT = 64 * 1024


def confirmation(mail: Mail) -> Confirmation | None:
    """What a provider asks by a mail; None if it is no such mail, or has nothing to confirm by."""
    sender = mail.from_.normalized
    for provider in PROVIDERS:
        if provider.sender.search(sender) and provider.subject.search(mail.subject):
            text = f"{mail.subject}\n{mail.text}"[:_LOOKED_AT]
            code = _SUBJECT_CODE.search(mail.subject) or _CODE.search(text)
            link = next(_links(provider, mail), None)
            if code or link:
                return Confirmation(
                    provider.name, code[1] if code else None, link, _mailbox(mail, sender)
                )
    return None


def _links(provider: _Provider, mail: Mail) -> Iterator[str]:
    source = entities.unescape((mail.html or "")[:_LOOKED_AT])
    for text in (mail.text[:_LOOKED_AT], source):
        for found in _LINK.findall(text):
            link = found.rstrip(".,;]")
            path = link.partition("//")[2].partition("/")[2]
            if (
                leads_to(provider.host, link)
                and ("/vf-" in path if provider is _GMAIL else _CONFIRMS.search(link))
                and not _ELSE.search(link)
            ):
                yield link


def leads_to(host: re.Pattern[str], link: str) -> bool:
    """Whether a link leads to one of these hosts, and shows so: no user or port before the
    path, nothing that browsers read in another way, no further address to be sent on to, nor a
    host that shows what customers of the provider wrote."""
    if not link.isascii() or "\\" in link:
        return False
    try:
        parts = urlsplit(link)
        name = (parts.hostname or "").lower()
    except ValueError:
        return False
    if parts.scheme != "https" or parts.netloc.lower() != name:
        return False
    rest = unquote(unquote(unquote(link[len("https://") :])))
    # what is left encoded after that, or begins another address without saying how ("//")
    if re.search(r"%[0-9a-f]{2}|[\\\x00-\x20]|//|https?:", rest, re.IGNORECASE):
        return False
    return bool(host.match(name)) and not _OF_CUSTOMERS.match(name)


def _mailbox(mail: Mail, sender: str) -> str | None:
    """The mailbox that is to be forwarded: the first address, in the subject or at the top of the
    text, that is neither who writes nor who is written to."""
    written_to = {each.normalized for each in mail.to} | {each.email for each in mail.recipients}
    for text in (mail.subject, mail.text[:2000]):
        for found in _MAILBOX.findall(text):
            email = found.strip(".'").lower()
            if email != sender and email not in written_to:
                return email
    return None
