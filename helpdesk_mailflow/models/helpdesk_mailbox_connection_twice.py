# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""No mailbox is read twice: what the guide says of other mail scanners of the same mailbox."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import escape_psql


class HelpdeskMailboxConnection(models.Model):
    _inherit = "helpdesk.mailbox.connection"

    other_scanner = fields.Text(
        "Read already",
        compute="_compute_other_scanner",
        help="That another mail scanner reads the mailbox, or did so",
    )

    @api.depends("email", "direction", "company_id", "activated_date")
    @api.depends_context("lang")
    def _compute_other_scanner(self):
        for connection in self:
            connection.other_scanner = False
            if connection.activated_date or connection.direction == "out" or not connection.email:
                continue
            here = connection._other_scanners().filtered(connection._is_here)
            reads = here.filtered(lambda scanner: scanner.state == "done" and scanner.active)
            rests = here - reads - connection._scanners_of_guides()
            if reads:
                connection.other_scanner = connection._already_read_by(reads[0])
            elif rests:
                connection.other_scanner = self.env._(
                    "The mail scanner “%(scanner)s” is for the same mailbox, but not active. If"
                    " you go on here, a new one reads the mailbox: leave the other one inactive,"
                    " or delete it.",
                    scanner=rests[0].name,
                )

    def _other_scanners(self):
        """Mail scanners of the same mailbox, active or not, with all rights. A server may know it
        by another name than the address; what is read by that name elsewhere is another one."""
        self.ensure_one()
        # sudo: scanners are a system admin's; that the mailbox is read is no secret
        scanners = self.env["fetchmail.server"].sudo().with_context(active_test=False)
        own = self.sudo().scanner_id._origin
        same = Domain("user", "=ilike", escape_psql(self.email or ""))
        if own.server and own.user:
            names = {own.user.strip(), (self.email or "").partition("@")[0]}
            same |= Domain("server", "=ilike", escape_psql(own.server.strip())) & Domain.OR(
                Domain("user", "=ilike", escape_psql(name)) for name in names if name
            )
        return scanners.search(Domain("is_scanner", "=", True) & Domain("id", "!=", own.id) & same)

    def _scanners_of_guides(self):
        """Those that a guide made, and that wait for its end."""
        # sudo: as in _other_scanners
        guides = self.sudo().search([("scanner_id", "!=", False), ("state", "=", "open")])
        return guides.scanner_id

    def _active_scanners(self):
        return self._other_scanners().filtered(
            lambda scanner: scanner.state == "done" and scanner.active
        )

    def _refuse_read_elsewhere(self) -> None:
        """:raise UserError: the mailbox is another company's"""
        self._refuse(self._active_scanners().filtered(lambda each: not self._is_here(each)))

    def _refuse_connected_already(self) -> None:
        """:raise UserError: another mail scanner reads the mailbox"""
        self._refuse(self._active_scanners())

    def _is_here(self, scanner) -> bool:
        return not scanner.company_id or scanner.company_id == self.company_id

    def _refuse(self, scanners) -> None:
        if not scanners:
            return
        scanner = scanners[0]
        if self._is_here(scanner):
            raise UserError(self._already_read_by(scanner))
        raise UserError(
            self.env._(
                "The mailbox %(email)s is read for another company already. Type another"
                " address, or ask a system administrator.",
                email=self.email,
            )
        )

    def _already_read_by(self, scanner) -> str:
        return self.env._(
            "The mailbox %(email)s is read by the mail scanner “%(scanner)s” already. How it is"
            " read is changed there. To answer as it, choose “Only answers leave” here, or add it"
            " under Mail › From addresses.",
            email=self.email,
            scanner=scanner.name,
        )
