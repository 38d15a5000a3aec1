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

    :param exchange: resource that people consent to for IMAP, POP and SMTP
    :param exchange_app: the same for an app by itself
    :param graph: of Microsoft Graph, without a version
    """

    imap: str
    smtp: str
    exchange: str
    exchange_app: str
    graph: str


WORLD = Cloud(
    imap="outlook.office365.com",
    smtp="smtp.office365.com",
    exchange="https://outlook.office.com",
    exchange_app="https://outlook.office365.com",
    graph="https://graph.microsoft.com",
)
_US = Cloud(
    imap="outlook.office365.us",
    smtp="smtp.office365.us",
    exchange="https://outlook.office365.us",
    exchange_app="https://outlook.office365.us",
    graph="https://graph.microsoft.us",
)
_CHINA = Cloud(
    imap="partner.outlook.cn",
    smtp="smtp.partner.outlook.cn",
    exchange="https://partner.outlook.cn",
    exchange_app="https://partner.outlook.cn",
    graph="https://microsoftgraph.chinacloudapi.cn",
)
#: By the host that people sign in at.
NATIONAL = {
    "login.microsoftonline.us": _US,
    "login.partner.microsoftonline.cn": _CHINA,
    "login.chinacloudapi.cn": _CHINA,
}
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
    return NATIONAL.get((urlsplit(authority).hostname or "").lower(), WORLD)


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
