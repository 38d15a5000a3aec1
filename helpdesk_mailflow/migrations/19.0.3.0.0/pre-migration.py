# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo.tools.sql import create_column, table_columns


def migrate(cr, version):
    """What has to be in place before the models are loaded."""
    turn_mailbox_todo_into_steps(cr)
    store_whether_tickets_are_closed(cr)


def turn_mailbox_todo_into_steps(cr):
    """``mailbox_todo`` held one word and holds a list of steps, see mailbox_steps.py."""
    column = table_columns(cr, "helpdesk_incoming_mail").get("mailbox_todo")
    if not column or column["udt_name"] == "jsonb":
        return
    # NULL stays NULL: the partial index has the rows that want something
    cr.execute(
        "ALTER TABLE helpdesk_incoming_mail ALTER COLUMN mailbox_todo TYPE jsonb USING CASE"
        " WHEN mailbox_todo IS NOT NULL"
        " THEN jsonb_build_array(jsonb_build_object('do', mailbox_todo)) END"
    )
    # Odoo cannot remove the choices of a field that is no selection any more
    cr.execute(
        "DELETE FROM ir_model_fields_selection USING ir_model_fields field"
        " WHERE field_id = field.id AND field.model = 'helpdesk.incoming.mail'"
        " AND field.name = 'mailbox_todo'"
    )
    cr.execute(
        "DELETE FROM ir_model_data WHERE model = 'ir.model.fields.selection'"
        " AND name LIKE 'selection\\_\\_helpdesk\\_incoming\\_mail\\_\\_mailbox\\_todo\\_\\_%'"
    )


def store_whether_tickets_are_closed(cr):
    """In one statement; Odoo would go through all tickets one by one."""
    if "closed" in table_columns(cr, "helpdesk_ticket"):
        return
    create_column(cr, "helpdesk_ticket", "closed", "boolean")
    cr.execute(
        "UPDATE helpdesk_ticket ticket SET closed = TRUE FROM helpdesk_ticket_stage stage"
        " WHERE stage.id = ticket.stage_id AND stage.closed"
    )
