# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import SUPERUSER_ID, api

from odoo.addons.helpdesk_mailflow.hooks import give_each_company_examples


def migrate(cr, version):
    """What a new database has from the start, and what the data of older ones lacks."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    give_each_company_examples(env)
    mark_mails_without_facts(cr)
    env.ref("helpdesk_mailflow.ir_cron_read_facts")._trigger()


def mark_mails_without_facts(cr):
    """Rules look at facts, which mails that came in before have none of: a job reads them from
    the sources that are still kept. What waits gets them when it is acted on."""
    cr.execute(
        "UPDATE helpdesk_incoming_mail mail SET facts_due = TRUE"
        " FROM helpdesk_incoming_mail_source source WHERE source.mail_id = mail.id"
        " AND mail.facts_read IS NOT TRUE AND mail.state NOT IN ('new', 'failed')"
    )
