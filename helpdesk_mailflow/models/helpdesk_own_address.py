# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.tools import SQL


class HelpdeskOwnAddress(models.Model):
    """Every address that is ours, wherever it is kept: to read, not to write.

    Nothing about tickets is sent to them (:mod:`.helpdesk_outgoing_filter`), since it would
    come back as a new mail.
    """

    _name = "helpdesk.own.address"
    _description = "Own address"
    _auto = False
    _order = "email, id"
    _rec_name = "email"
    _depends = {
        "helpdesk.support.alias": ["alias_id"],
        "helpdesk.support.alias.address": ["alias_id", "company_id", "email", "kind"],
        "helpdesk.from.address": ["company_id", "email", "friendly_name", "state"],
        "fetchmail.server": ["active", "company_id", "is_scanner", "name", "object_id", "user"],
        "mail.alias": ["alias_full_name", "alias_model_id"],
        "mail.alias.domain": ["bounce_alias", "catchall_alias", "name"],
        "res.partner": ["email_normalized"],
        "res.users": ["active", "partner_id", "share"],
    }

    email = fields.Char("Address", readonly=True)
    kind = fields.Selection(
        [
            ("alias", "Support alias"),
            ("past", "Support alias, in the past"),
            ("retired", "Support alias, retired"),
            ("external", "Forwarded or fetched"),
            ("scanner", "Mail scanner"),
            ("from", "From address"),
            ("domain", "Alias domain"),
            ("odoo", "Odoo alias that opens tickets"),
        ],
        string="Comes from",
        readonly=True,
    )
    company_id = fields.Many2one("res.company", readonly=True)
    alias_id = fields.Many2one("helpdesk.support.alias", string="Support alias", readonly=True)
    label = fields.Char(readonly=True, help="Of what has no name that everybody may read")
    source = fields.Char("Name", compute="_compute_source")
    active = fields.Boolean(readonly=True, help="Off for a mail scanner that is archived")
    is_user = fields.Boolean(
        "Still gets mail",
        readonly=True,
        help="A From address that is also how a user is written to. Mail about tickets is sent to"
        " this user, since it leads to no ticket.",
    )

    @property
    def _table_query(self):
        """One branch for each place where addresses are kept.

        Ids are those of the records there with the number of the branch, and all branches are
        of the same types: only then PostgreSQL looks an address up by the indexes there.
        """
        ticket_model = self.env["ir.model"]._get_id("helpdesk.ticket")
        return SQL(
            """
            SELECT address.id * 8 AS id, address.email::text AS email,
                   (CASE address.kind WHEN 'own' THEN 'alias' ELSE address.kind END)::text AS kind,
                   address.company_id AS company_id, address.alias_id AS alias_id,
                   NULL::text AS label, TRUE AS active, FALSE AS is_user
              FROM helpdesk_support_alias_address address
             UNION ALL
            SELECT server.id * 8 + 1, lower(trim(server."user")), 'scanner'::text,
                   server.company_id, NULL::integer, server.name::text, server.active, FALSE
              FROM fetchmail_server server
             WHERE (server.is_scanner OR server.object_id = %(ticket_model)s)
               AND server."user" LIKE '%%_@_%%'
             UNION ALL
            SELECT sender.id * 8 + 2, sender.email::text, 'from'::text, sender.company_id,
                   NULL::integer, sender.friendly_name::text, TRUE,
                   EXISTS (SELECT 1
                             FROM res_users usr
                             JOIN res_partner partner ON partner.id = usr.partner_id
                            WHERE partner.email_normalized = sender.email
                              AND usr.active AND NOT usr.share)
              FROM helpdesk_from_address sender
             WHERE sender.state = 'verified'
             UNION ALL
            SELECT domain.id * 8 + 3, lower(domain.bounce_alias || '@' || domain.name),
                   'domain'::text, NULL::integer, NULL::integer, domain.name::text, TRUE, FALSE
              FROM mail_alias_domain domain
             WHERE domain.bounce_alias <> ''
             UNION ALL
            SELECT domain.id * 8 + 4, lower(domain.catchall_alias || '@' || domain.name),
                   'domain'::text, NULL::integer, NULL::integer, domain.name::text, TRUE, FALSE
              FROM mail_alias_domain domain
             WHERE domain.catchall_alias <> ''
             UNION ALL
            SELECT alias.id * 8 + 5, alias.alias_full_name::text, 'odoo'::text, NULL::integer,
                   NULL::integer, NULL::text, TRUE, FALSE
              FROM mail_alias alias
             WHERE alias.alias_model_id = %(ticket_model)s AND alias.alias_full_name LIKE '%%_@_%%'
               AND NOT EXISTS (SELECT 1 FROM helpdesk_support_alias queue
                                WHERE queue.alias_id = alias.id)
            """,
            ticket_model=ticket_model,
        )

    @api.depends("alias_id.name", "label")
    def _compute_source(self):
        for address in self:
            address.source = address.alias_id.name or address.label

    @api.model
    def _query(self) -> SQL:
        """The rows as SQL, with everything written that they are made of."""
        for name, names in self._depends.items():
            self.env[name].flush_model(names)
        return self._table_query
