# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import escape_psql

from .email_address import normalized_email
from .helpdesk_of_team import manages

#: Kinds of addresses that customers may be told to write to.
LEADING = frozenset(("own", "external"))


class HelpdeskSupportAliasAddress(models.Model):
    """An address that leads to a support alias."""

    _name = "helpdesk.support.alias.address"
    _description = "Address of a support alias"
    _inherit = ["helpdesk.of.team"]
    _order = "kind desc, email"
    _rec_name = "email"

    alias_id = fields.Many2one(
        "helpdesk.support.alias",
        string="Support alias",
        required=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(related="alias_id.company_id", store=True, index=True)
    email = fields.Char("Address", required=True)
    kind = fields.Selection(
        [
            ("own", "Own"),
            ("external", "Forwarded or fetched"),
            ("past", "Past"),
            ("retired", "Retired"),
        ],
        required=True,
        default="external",
        help="Mail to a past address still comes in here, mail to a retired one no longer does",
    )

    generated = fields.Boolean(
        readonly=True,
        copy=False,
        help="Made by Odoo on the alias domain, for nobody else: that proves that it is ours",
    )

    _email_unique = models.Constraint(
        "UNIQUE(email)", "This address already leads to a support alias."
    )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["email"] = normalized_email(self.env, vals.get("email"))
            if not self.env.su:
                # said outright, so that no default of the context is taken instead
                vals["generated"] = False
        self._refuse_retired([vals["email"] for vals in vals_list])
        addresses = super().create(vals_list)
        addresses._refuse_kept_by_sync()
        addresses._refuse_of_other_teams()
        return addresses

    def write(self, vals):
        if "email" in vals:
            vals = dict(vals, email=normalized_email(self.env, vals["email"]))
            self._refuse_retired([vals["email"]])
        if "generated" in vals and not self.env.su:
            vals = {name: value for name, value in vals.items() if name != "generated"}
        self._refuse_kept_by_sync()
        result = super().write(vals)
        self._refuse_kept_by_sync()
        if vals.keys() & {"email", "alias_id"}:
            self._refuse_of_other_teams()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_external_only(self):
        # a retired address leads nowhere; deleted it may become somebody else's
        self.filtered(lambda address: address.kind != "retired")._refuse_kept_by_sync()

    def _refuse_kept_by_sync(self) -> None:
        """Own and past addresses follow the Odoo alias; typed by hand they would take mail away
        from whatever has the address in Odoo."""
        kept = self.filtered(lambda address: address.kind != "external")
        if kept and not self.env.su:
            raise AccessError(
                self.env._(
                    "%(email)s follows the local part of its support alias. Only addresses that"
                    " are forwarded or fetched are written by hand.",
                    email=kept[0].email,
                )
            )

    def _refuse_retired(self, emails) -> None:
        """A retired address is brought back where it was retired, rather than typed anew."""
        # sudo: it may be of a queue that the user does not see
        retired = self.sudo().search(
            [("email", "in", emails), ("kind", "=", "retired"), ("id", "not in", self.ids)], limit=1
        )
        if retired:
            raise ValidationError(
                self.env._(
                    "%(email)s is a retired address of a support alias. Bring it back or delete it"
                    " there first.",
                    email=retired.email,
                )
            )

    @api.constrains("email", "kind")
    def _check_not_of_odoo(self):
        """An external address must not be one that Odoo itself gives to something else."""
        external = self.filtered(lambda address: address.kind == "external")
        # sudo: aliases of other models, too
        taken = (
            self.env["mail.alias"]
            .sudo()
            .search([("alias_full_name", "in", external.mapped("email"))])
        )
        if taken:
            raise ValidationError(
                self.env._(
                    "%(email)s is an alias of Odoo's own (%(model)s). Mail to it is routed there.",
                    email=taken[0].alias_full_name,
                    model=taken[0].alias_model_id.name,
                )
            )
        # sudo: these may belong to other companies
        names = [email.rpartition("@")[2] for email in external.mapped("email")]
        domains = self.env["mail.alias.domain"].sudo().search([("name", "in", names)])
        scanners = self.env["fetchmail.server"].sudo().with_context(active_test=False)
        for address in external:
            if address.email in (
                *domains.mapped("catchall_email"),
                *domains.mapped("bounce_email"),
                *domains.mapped("default_from_email"),
            ):
                raise ValidationError(
                    self.env._("Odoo itself sends and answers as %(email)s.", email=address.email)
                )
            if scanners.search_count(
                [
                    ("is_scanner", "=", True),
                    ("user", "=ilike", escape_psql(address.email)),
                    ("company_id", "!=", address.company_id.id),
                ],
                limit=1,
            ):
                raise ValidationError(
                    self.env._(
                        "%(email)s is the mailbox of another company's mail scanner.",
                        email=address.email,
                    )
                )

    def _refuse_of_other_teams(self) -> None:
        """The leader of a team does not lead mail away from other teams, by the address of a
        mailbox that is theirs."""
        # not a constraint: those have all rights
        if manages(self.env):
            return
        for address in self.filtered(lambda each: each.kind == "external"):
            # sudo: scanners are a system admin's
            queues = self.env["fetchmail.server"].sudo().with_context(active_test=False)
            queues = queues.search(
                [("is_scanner", "=", True), ("user", "=ilike", escape_psql(address.email))]
            ).default_alias_id
            if queues and not queues.with_env(self.env).has_access("write"):
                raise ValidationError(
                    self.env._(
                        "Mail to %(email)s belongs to another team. Ask a helpdesk manager to"
                        " change that.",
                        email=address.email,
                    )
                )

    # ------------------------------------------------------------
    # GENERATED ADDRESSES
    # ------------------------------------------------------------

    @api.model
    def _mark_generated(self, email: str) -> None:
        """Note that an address of ours was made by Odoo."""
        # sudo: written by the system alone
        self.sudo().search([("email", "=", email), ("kind", "=", "own")]).generated = True

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_retire(self):
        """Mail to these past addresses no longer comes in by their support aliases.

        They stay known as ours, so that nothing is sent to them and nobody becomes a contact
        by them, until they are deleted.
        """
        return self._switch("past", "retired")

    def action_bring_back(self):
        """Mail to these retired addresses comes in by their support aliases again."""
        return self._switch("retired", "past")

    def action_use_as_from_address(self):
        """Open the From address with this address; a new one still has to be verified."""
        self.ensure_one()
        FromAddress = self.env["helpdesk.from.address"]
        found = FromAddress.search(
            [("email", "=", self.email), ("company_id", "=", self.company_id.id)], limit=1
        )
        if not found:
            queue = self.alias_id
            found = FromAddress.create(
                {
                    "email": self.email,
                    "friendly_name": queue.friendly_name,
                    "company_id": queue.company_id.id,
                    "team_id": queue.team_id.id,
                }
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("From address"),
            "res_model": found._name,
            "res_id": found.id,
            "views": [(False, "form")],
        }

    def action_delete(self):
        """Forget retired addresses: they are no longer known as ours."""
        self.filtered(lambda address: address.kind == "retired").unlink()
        return True

    def _switch(self, before: str, after: str) -> bool:
        # who may change an external address may retire a past one; its kind stays ours to write
        self.check_access("write")
        # sudo: see _refuse_kept_by_sync
        for address in self.sudo().filtered(lambda each: each.kind == before):
            address.kind = after
            if after == "retired":
                address._withdraw_proof_by_domain()
                told = self.env._("%(email)s was retired: mail to it no longer comes in here.")
            else:
                told = self.env._("%(email)s was brought back: mail to it comes in here again.")
            address.alias_id._message_log(body=told % {"email": address.email})
        return True

    def _withdraw_proof_by_domain(self) -> None:
        """What no longer leads to us is no longer proven by leading to us."""
        # sudo: proofs are the system's to write
        senders = self.env["helpdesk.from.address"].sudo()
        senders = senders.search([("email", "in", self.mapped("email")), ("proof", "=", "domain")])
        senders._withdraw_proof()
        senders._keep_defaults(senders.company_id)
