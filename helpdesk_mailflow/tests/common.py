# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What the tests share: mails as bytes, a company with a mail domain, doors."""

import itertools
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from unittest.mock import patch

from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import misc

from odoo.addons.mail.tests.common import MailCase

from ..mailflow.autoconfig import Found
from ..models import helpdesk_mailbox_connection_lookup
from ..models.intake import Arrival

DOMAIN = "mailflow.test"
DATE = "Tue, 03 Mar 2026 09:30:00 +0000"
MARTA = "Marta Lindqvist <marta@acorn-tests.example>"
#: The smallest PNG that browsers show.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000000000400010d0a2db40000000049454e44ae426082"
)

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Sent:
    """A mail that was handed to a mail server.

    :param server: host name
    :param sender: envelope sender
    :param recipients: of the envelope
    """

    message: EmailMessage
    server: str
    sender: str
    recipients: tuple[str, ...]

    def __getitem__(self, header):
        value = self.message[header]
        return value and str(value)

    @property
    def html(self) -> str:
        return self.message.get_body(("html",)).get_content()


def mail(
    subject="The printer burns",
    from_=MARTA,
    to=f"support@{DOMAIN}",
    text="It smells of smoke.",
    html=None,
    attachments=(),
    inline=(),
    message_id=None,
    date=DATE,
    headers=(),
) -> bytes:
    """A mail as it lies in a mailbox; ``None`` leaves a header out.

    :param attachments: (file name, content type, bytes)
    :param inline: (Content-ID, bytes of a PNG) that the HTML refers to
    :param headers: further (name, value), on top, as servers add them
    """
    if message_id is None:
        message_id = f"<mail-{next(_numbers)}@acorn-tests.example>"
    lines = list(headers)
    fields = {"From": from_, "To": to, "Subject": subject, "Date": date, "Message-ID": message_id}
    lines += [(name, value) for name, value in fields.items() if value is not None]
    body = EmailMessage()
    body.set_content(text)
    if html is not None:
        body.add_alternative(html, subtype="html")
        for cid, content in inline:
            body.get_payload()[-1].add_related(
                content, "image", "png", cid=f"<{cid}>", filename=f"{cid}.png"
            )
    for name, content_type, content in attachments:
        main, _slash, sub = content_type.partition("/")
        body.add_attachment(content, main, sub, filename=name)
    head = "".join(f"{name}: {value}\n" for name, value in lines).encode()
    return head + body.as_bytes()


def bounce(of: str, to: str, recipient: str, **values) -> bytes:
    """A delivery report (RFC 3464).

    :param of: Message-ID of the message that was not delivered
    :param recipient: whom it was not delivered to
    """
    head = mail(
        subject=values.pop("subject", "Undelivered Mail Returned to Sender"),
        from_="Mail Delivery System <MAILER-DAEMON@mx.acorn-tests.example>",
        to=to,
        **values,
    ).partition(b"Content-Type:")[0]
    return (
        head
        + (
            'Content-Type: multipart/report; report-type=delivery-status; boundary="dsn"\n\n'
            f"--dsn\nContent-Type: text/plain\n\n<{recipient}>: mailbox full\n"
            "--dsn\nContent-Type: message/delivery-status\n\n"
            "Reporting-MTA: dns; mx.acorn-tests.example\n\n"
            f"Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: 5.2.2\n\n"
            f"--dsn\nContent-Type: text/rfc822-headers\n\nMessage-ID: {of}\n\n--dsn--\n"
        ).encode()
    )


class BrowserCase(HttpCase):
    """Screens in a browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leave_out("mail/static/lib/selfie_segmentation/selfie_segmentation.js")
        # once for all tours
        for bundle in ("web.assets_web", "web.assets_tests"):
            cls.env["ir.qweb"]._get_asset_bundle(bundle, css=False).js()

    @classmethod
    def leave_out(cls, path):
        """Do without a script that packages of Odoo leave out: each script that cannot be
        had is an error in the browser's console, and ends a tour."""
        try:
            misc.file_path(path)
        except FileNotFoundError:
            cls.env["ir.asset"].create(
                {
                    "name": f"{path} is not there",
                    "bundle": "web.assets_backend",
                    "directive": "remove",
                    "path": path,
                }
            )


@tagged("post_install", "-at_install")
class MailflowCase(MailCase):
    """A company on an alias domain of its own, with one support alias ``support@``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the guide asks the whole world about an address; tests of that say what it answers
        cls.startClassPatcher(
            patch.object(
                helpdesk_mailbox_connection_lookup,
                "look_up",
                lambda email, **_options: Found(email=email),
            )
        )
        cls.env = cls.env(
            context=dict(
                cls.env.context, no_reset_password=True, mailflow_no_generated_address=True
            )
        )
        cls.company = cls.env.company
        # the first domain of a database is given to all aliases that have none
        for alias in cls.env["mail.alias"].search([("alias_domain_id", "=", False)]):
            alias.alias_name = False
        cls.domain = cls.env["mail.alias.domain"].create(
            {"name": DOMAIN, "bounce_alias": "bounce", "catchall_alias": "catchall"}
        )
        cls.company.alias_domain_id = cls.domain
        cls.company.helpdesk_create_contacts = "always"
        cls.team = cls.env["helpdesk.ticket.team"].create(
            {"name": "Front desk", "company_id": cls.company.id, "alias_name": False}
        )
        cls.support = cls.make_alias("Support", "support", team_id=cls.team.id)

    @classmethod
    def make_alias(cls, name, local_part, **values):
        values.setdefault("company_id", cls.company.id)
        return cls.env["helpdesk.support.alias"].create(
            {"name": name, "alias_name": local_part, **values}
        )

    @classmethod
    def make_company(cls, name, domain=None):
        company = cls.env["res.company"].create({"name": name})
        company.alias_domain_id = domain or cls.domain
        return company

    @classmethod
    def make_user(cls, login, *groups, company=None, companies=None, **values):
        company = company or cls.company
        return new_test_user(
            cls.env,
            login,
            ",".join(groups) or "base.group_user",
            company_id=company.id,
            company_ids=[(6, 0, (companies or company).ids)],
            **values,
        )

    @classmethod
    def make_contact(cls, name, email, **values):
        return cls.env["res.partner"].create({"name": name, "email": email, **values})

    def take(self, raw, model=False, **values):
        """Hand a mail to Odoo's gateway; returns its row of the ledger (empty if none)."""
        Mail = self.env["helpdesk.incoming.mail"]
        last = Mail.search([], order="id desc", limit=1)
        self.env["mail.thread"].message_process(model, raw, **values)
        return Mail.search([("id", ">", last.id or 0)])

    def take_ticket(self, raw, **values):
        """The same, for a mail that opens one ticket; returns the ticket."""
        row = self.take(raw, **values)
        self.assertEqual(row.state, "done", row.why)
        self.assertEqual(row.delivery_ids.mapped("outcome"), ["ticket"], row.why)
        return row.ticket_ids

    def take_batch(self, *raws):
        """Store several mails and process them together, as a scanner does."""
        intake = self.env["helpdesk.intake"]
        origin = ("stored_rpc", {"size": 1})
        rows = intake._store([Arrival(raw, {"door": "rpc"}, origin) for raw in raws])
        intake._process(rows)
        return rows

    @classmethod
    def make_scanner(cls, **values):
        """A mail scanner that nothing connects; ``authserv_id`` names the server that is
        believed."""
        return cls.env["fetchmail.server"].create(
            {
                "name": "Mailbox",
                "is_scanner": True,
                "server_type": "imap",
                "server": "imap.acorn-tests.example",
                "company_id": cls.company.id,
                **values,
            }
        )

    def fetch(self, raw, folder=None, **values):
        """Take in a mail as if a scanner had fetched it; returns its row of the ledger.

        :param folder: else the first one of ``self.scanner``
        """
        folder = folder or self.scanner._all_folders()[:1]
        values = {"door": "scanner", "folder_id": folder.id, **values}
        intake = self.env["helpdesk.intake"]
        row = intake._store([Arrival(raw, values, ("stored_rpc", {"size": len(raw)}))])
        intake._process(row)
        return row

    @contextmanager
    def sent_mails(self, refuse=None):
        """The mails that are sent meanwhile, as a list of :class:`Sent`.

        :param refuse: takes (host, message, recipients); may raise as smtplib does, or return
            the refused recipients
        """
        sent = []

        class Session:
            def __init__(self, host, port=0, **_options):
                self.host = host
                if refuse:
                    refuse(host, None, ())

            def send_message(self, message, sender, recipients):
                refused = (refuse and refuse(self.host, message, recipients)) or {}
                sent.append(Sent(message, self.host, sender, tuple(recipients)))
                return refused

            def quit(self):
                pass

            set_debuglevel = starttls = login = ehlo_or_helo_if_needed = (
                lambda self, *_arguments, **_options: None
            )

        servers = type(self.env["ir.mail_server"])
        with (
            patch("smtplib.SMTP", Session),
            patch("smtplib.SMTP_SSL", Session),
            patch.object(servers, "_disable_send", lambda _: False),
        ):
            yield sent

    def codes(self, row):
        """The codes of the sentences in a trace."""
        return [item["code"] for item in row.trace]

    def deliveries(self, row):
        return [(each.alias_id.name, each.outcome) for each in row.delivery_ids]

    @contextmanager
    def own_transaction(self):
        """An environment whose cursor can be committed, as a cron has it."""
        with self.enter_registry_test_mode(), self.registry.cursor() as cursor:
            yield self.env(cr=cursor)
