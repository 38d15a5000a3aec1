# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Mails to our own addresses that prove something by arriving there."""

from odoo import SUPERUSER_ID, tools


def send_proof(env, company, server, **values):
    """Send a mail at once, in the name of the company.

    As the system, and without a record: whoever could read the message in Odoo would have what it
    proves without having the mailbox.

    :param server: ``ir.mail_server``, empty for Odoo's choice
    :param values: ``subject``, ``body_html``, ``sender`` and ``email_to`` (bare addresses),
        ``message_id``, and ``headers`` on top of those of mail that programs send
    :return: ``mail.mail`` as it was left: gone if it was sent. Its ``failure_reason`` may name
        hosts and users
    """
    sender = tools.formataddr((company.name or "", values.pop("sender")))
    headers = {
        **values.pop("headers"),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    mail = (
        env["mail.mail"]
        .with_user(SUPERUSER_ID)
        .with_company(company)
        .create(
            {
                **values,
                "email_from": sender,
                "reply_to": sender,
                "headers": repr(headers),
                "mail_server_id": server.id,
                "record_company_id": company.id,
                "record_alias_domain_id": company.alias_domain_id.id,
                "is_internal": True,
                "auto_delete": True,
            }
        )
    )
    mail.send()
    return mail
