# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from psycopg2.extras import execute_values

from odoo import SUPERUSER_ID, api

from odoo.addons.helpdesk_mailflow.hooks import give_each_company_examples
from odoo.addons.helpdesk_mailflow.mailflow.subject import subject_key


def migrate(cr, version):
    """What a new database has from the start, and what the data of older ones lacks."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    give_each_company_examples(env)
    mark_mails_without_facts(cr)
    give_open_tickets_their_subject(cr)
    env.ref("helpdesk_mailflow.ir_cron_read_facts")._trigger()


def mark_mails_without_facts(cr):
    """Rules look at facts, which mails that came in before have none of: a job reads them from
    the sources that are still kept. What waits gets them when it is acted on."""
    cr.execute(
        "UPDATE helpdesk_incoming_mail mail SET facts_due = TRUE"
        " FROM helpdesk_incoming_mail_source source WHERE source.mail_id = mail.id"
        " AND mail.facts_read IS NOT TRUE AND mail.state NOT IN ('new', 'failed')"
    )


def give_open_tickets_their_subject(cr):
    """Rules find open tickets by their subject."""
    cr.execute(
        "SELECT ticket.id, ticket.name FROM helpdesk_ticket ticket"
        " LEFT JOIN helpdesk_ticket_stage stage ON stage.id = ticket.stage_id"
        " WHERE ticket.subject_key IS NULL AND NOT COALESCE(stage.closed, FALSE)"
    )
    rows = [(ticket_id, subject_key(name or "")) for ticket_id, name in cr.fetchall()]
    if rows:
        # not cr: it takes one statement, execute_values makes several
        execute_values(
            cr._obj,
            "UPDATE helpdesk_ticket SET subject_key = NULLIF(new.key, '')"
            " FROM (VALUES %s) AS new(id, key) WHERE helpdesk_ticket.id = new.id",
            rows,
            page_size=1000,
        )
