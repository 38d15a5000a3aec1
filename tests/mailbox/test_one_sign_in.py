"""One sign-in for everything: reading and sending, the own mailbox and a shared one. All servers
are real, and ask the OpenID provider about each token."""

import dataclasses

import pytest
from servers.graph import Graph
from servers.openid_person import ANNA, SUPPORT
from servers.smtp import Smtp

from mailflow import errors, graph, oauth
from mailflow.mailbox import MailServer, connect
from mailflow.smtp import SmtpSettings, check

SALES = "sales@example.com"
MIME = b"From: support@example.com\r\nTo: carla@customer.example\r\n\r\nHello.\r\n"


class Servers:
    """What the token is for: each way is called with the mailbox and the token."""

    def __init__(self, dovecot, smtp, graph_server, account=ANNA):
        self.smtp, self.graph, self.account = smtp, graph_server, account
        self.incoming = {
            protocol: MailServer(
                protocol,
                dovecot.host,
                port,
                "tls",
                SUPPORT,
                timeout=10,
                ca_file=dovecot.ca_file,
                account=account,
            )
            for protocol, port in (("imap", dovecot.imaps_port), ("pop", dovecot.pops_port))
        }

    def use(self, way, mailbox, token):
        """Read, or ask whether one could send."""
        if way in self.incoming:
            server = dataclasses.replace(self.incoming[way], user=mailbox, token=token)
            with connect(server) as session:
                session.select("INBOX")
        elif way == "smtp":
            check(
                SmtpSettings(
                    self.smtp.host,
                    self.smtp.port,
                    "starttls",
                    mailbox,
                    mailbox,
                    ca_file=self.smtp.ca_file,
                    token=token,
                    account=self.account,
                )
            )
        else:
            graph.send_mail(
                token,
                MIME.replace(SUPPORT.encode(), mailbox.encode()),
                mailbox,
                ["carla@customer.example"],
                base=self.graph.base,
                ca_file=self.graph.ca_file,
            )


@pytest.fixture
def servers(openid, dovecot_with_tokens):
    dovecot = dovecot_with_tokens(
        users=(ANNA, SUPPORT, SALES),
        introspection_url=openid.introspection_url,
        introspection_ca=openid.ca_file,
        shared={SUPPORT: (ANNA,)},
    )
    if not dovecot.can_share:
        pytest.skip("Dovecot 2.4 shares no mailboxes by token")
    with (
        Smtp(encryption="starttls", tokens=openid.holder, shared={SUPPORT: (ANNA,)}) as smtp,
        Graph(tokens=openid.holder, send_as={ANNA: (SUPPORT,)}) as graph_server,
    ):
        yield Servers(dovecot, smtp, graph_server)


WAYS = ("imap", "pop", "smtp", "graph")


def test_one_sign_in_reads_and_sends(openid, app, granted, servers):
    for way in WAYS:
        servers.use(way, ANNA, granted.token)
        servers.use(way, SUPPORT, granted.token)
    assert [mail.sender for mail in servers.graph.take()] == [ANNA, SUPPORT]
    for way in WAYS:
        with pytest.raises((errors.MailboxNotAllowed, errors.SenderRefused)) as caught:
            servers.use(way, SALES, granted.token)
        assert type(caught.value) is (
            errors.SenderRefused if way == "graph" else errors.MailboxNotAllowed
        )
    openid.revoke(ANNA)
    for way in WAYS:
        with pytest.raises(errors.TokenRefused):
            servers.use(way, SUPPORT, granted.token)


def test_a_token_that_has_expired_is_renewed_and_works_again(openid, app, granted, servers):
    openid.clock_skew = 2 * openid.token_seconds
    for way in WAYS:
        with pytest.raises(errors.TokenRefused):
            servers.use(way, SUPPORT, granted.token)
    renewed = oauth.token_for(app, granted.cache, granted.account_id, oauth.MAIL_SCOPES, renew=True)
    for way in WAYS:
        servers.use(way, SUPPORT, renewed.token)
