# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.addons.helpdesk_mailflow.models.intake_act_held import REASONS


def migrate(cr, version):
    """What the data of older versions lacks."""
    tell_why_mails_are_held(cr)


def tell_why_mails_are_held(cr):
    """Mails that wait for a person are found by the reason, which their last sentences give; of
    unknown senders contacts can be made. What was tried again in vain has none."""
    cr.execute(
        "SELECT id, trace, from_address, company_id FROM helpdesk_incoming_mail"
        " WHERE state = 'held' AND held_reason IS NULL AND error IS NULL"
    )
    for mail_id, trace, address, company_id in cr.fetchall():
        codes = [each["code"] for each in trace or () if each["code"] in REASONS]
        if not codes:
            continue
        reason = REASONS[codes[-1]]
        unknown = address if reason == "unknown_sender" and company_id else None
        cr.execute(
            "UPDATE helpdesk_incoming_mail SET held_reason = %s, unknown_email = %s WHERE id = %s",
            [reason, unknown, mail_id],
        )
