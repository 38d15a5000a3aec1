# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Where Microsoft's clouds are: that of the world, and the national ones, which know nothing of
its hosts, and whose tokens are for resources of their own.

Sources: "National cloud deployments" of Microsoft Graph, and "Microsoft 365 U.S. Government GCC
High endpoints" / "URLs and IP address ranges for Microsoft 365 operated by 21Vianet" at
learn.microsoft.com.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from . import oauth


@dataclass(frozen=True)
class Cloud:
    """Hosts of one cloud.

    :param domains: of its mail servers, none of which anybody else has
    :param exchange: resource that people consent to for IMAP, POP and SMTP
    :param exchange_app: the same for an app by itself
    :param graph: of Microsoft Graph, without a version
    """

    imap: str
    smtp: str
    exchange: str
    exchange_app: str
    graph: str
    domains: tuple[str, ...]


WORLD = Cloud(
    imap="outlook.office365.com",
    smtp="smtp.office365.com",
    exchange="https://outlook.office.com",
    exchange_app="https://outlook.office365.com",
    graph="https://graph.microsoft.com",
    domains=("office365.com", "outlook.com", "outlook.office.com"),
)
_US = Cloud(
    imap="outlook.office365.us",
    smtp="smtp.office365.us",
    exchange="https://outlook.office365.us",
    exchange_app="https://outlook.office365.us",
    graph="https://graph.microsoft.us",
    domains=("office365.us",),
)
_CHINA = Cloud(
    imap="partner.outlook.cn",
    smtp="smtp.partner.outlook.cn",
    exchange="https://partner.outlook.cn",
    exchange_app="https://partner.outlook.cn",
    graph="https://microsoftgraph.chinacloudapi.cn",
    domains=("partner.outlook.cn",),
)
#: By the host that people sign in at.
NATIONAL = {
    "login.microsoftonline.us": _US,
    "login.partner.microsoftonline.cn": _CHINA,
    "login.chinacloudapi.cn": _CHINA,
}
#: Where people sign in to the cloud of the world, by any of its names.
WORLDWIDE = ("login.microsoftonline.com", "login.microsoft.com", "login.windows.net")
#: What a token is good for in the cloud of the world, by flow and resource.
SCOPES = {
    ("user", "mail"): oauth.MAIL_SCOPES,
    ("user", "graph"): oauth.GRAPH_SCOPES,
    ("app", "mail"): oauth.APP_MAIL_SCOPES,
    ("app", "graph"): oauth.APP_GRAPH_SCOPES,
}
RESOURCES = frozenset(resource for _flow, resource in SCOPES)


def cloud_of(authority: str) -> Cloud:
    """The cloud that an authority (an address) signs in to; that of the world for any other."""
    return NATIONAL.get(_host_of(authority), WORLD)


def may_have_token(authority: str, host: str) -> bool:
    """Whether a mail server is one that the tokens of an authority are meant for.

    Microsoft's are for the servers of their cloud alone: any other could read the mailbox with
    them. Which servers those of another OpenID server are for is known to its users alone.
    """
    at = _host_of(authority)
    if at not in WORLDWIDE and at not in NATIONAL:
        return True
    name = host.strip().lower().rstrip(".")
    return any(
        name == domain or name.endswith(f".{domain}") for domain in cloud_of(authority).domains
    )


def _host_of(address: str) -> str:
    return (urlsplit(address).hostname or "").lower()


def scopes(authority: str, flow: str, resource: str) -> tuple[str, ...]:
    """What to ask an authority for.

    :param flow: "user" or "app"
    :param resource: one of :data:`RESOURCES`
    """
    cloud = cloud_of(authority)
    moved = {
        WORLD.exchange: cloud.exchange,
        WORLD.exchange_app: cloud.exchange_app,
        WORLD.graph: cloud.graph,
    }
    found = []
    for scope in SCOPES[flow, resource]:
        base, _slash, permission = scope.rpartition("/")
        found.append(f"{moved[base]}/{permission}")
    return tuple(found)
