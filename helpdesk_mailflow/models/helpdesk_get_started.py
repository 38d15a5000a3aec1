# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from .helpdesk_of_team import manages

#: Mailboxes that are named when some are connected already.
NAMED = 3
#: The steps of the panel, and in which steps of the guide each is the next one.
OF_GUIDE = {
    "address": ("address",),
    "connect": ("road", "connect"),
    "place": ("place",),
    "test": ("test",),
    "done": (),
}


class HelpdeskGetStarted(models.AbstractModel):
    """The panel *Get started* above the helpdesk dashboard, which shows each company how far the
    guide *Connect a mailbox* is.

    Nothing of the progress is stored: it is where the guide stands. Odoo's own ``onboarding``
    would keep a copy of it, which only a system admin may read, and no view of Odoo 19 shows its
    panel any more.
    """

    _name = "helpdesk.get.started"
    _description = "Get started with helpdesk mail"

    @api.model
    def panel(self) -> dict:
        """What the panel shows of the user's company.

        :return: ``is_shown``; if so ``company`` (its name, to users of several), ``state``
            ("new", "open": a guide was begun; "connected": mailboxes are read, the guide was not
            used; "done"), ``email`` (of the guide), ``mailboxes`` (names) and ``more`` (how many
            are not named), ``steps``: of each ``name`` and ``state`` ("done", "next", "todo")
        """
        if not manages(self.env):
            return {"is_shown": False}
        # sudo: a setting of the company
        wish = self.env.company.sudo().helpdesk_get_started
        if wish == "closed":
            return {"is_shown": False}
        guide = self._guide()
        mailboxes = self._mailboxes()
        if guide.state == "active":
            state = "done"
        elif guide:
            state = "open"
        else:
            state = "connected" if mailboxes else "new"
        return {
            "is_shown": state != "done" or wish == "shown",
            "company": self.env.company.name if len(self.env.companies) > 1 else False,
            "state": state,
            "email": guide.email,
            "mailboxes": mailboxes[:NAMED],
            "more": len(mailboxes[NAMED:]),
            "steps": self._steps(guide),
        }

    def _guide(self):
        """The guide to go on with, else the last one that was finished, else none."""
        guides = self.env["helpdesk.mailbox.connection"]
        of_company = Domain("company_id", "=", self.env.company.id)
        active = guides.search(of_company & Domain("state", "=", "active"), limit=1)
        # whoever has a mailbox needs no reminder of the next one
        return active or guides.search(of_company & Domain("state", "!=", "active"), limit=1)

    def _mailboxes(self) -> list[str]:
        """Names of the company's mailboxes that are read."""
        # sudo: scanners are a system admin's, their names are not (helpdesk.mail.scanner)
        scanners = self.env["fetchmail.server"].sudo()
        domain = [
            ("is_scanner", "=", True),
            ("state", "=", "done"),
            ("company_id", "in", (False, self.env.company.id)),
        ]
        return scanners.search(domain, order="id").mapped("name")

    def _steps(self, guide) -> list[dict]:
        step = guide.step or "address"
        names = list(OF_GUIDE)
        upcoming = next((name for name in names if step in OF_GUIDE[name]), "done")
        at = len(names) if guide.state == "active" else names.index(upcoming)
        return [
            {
                "name": name,
                "state": "done" if number < at else "next" if number == at else "todo",
            }
            for number, name in enumerate(names)
        ]

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def _check_manages(self) -> None:
        if not manages(self.env):
            raise AccessError(self.env._("Only a helpdesk manager sets up how mail comes in."))

    @api.model
    def action_guide(self):
        """The guide where it was left; a new one if there is none."""
        self._check_manages()
        return self._action_guide(self._guide())

    @api.model
    def action_another(self):
        """A new guide, or one for a further mailbox where it was left."""
        self._check_manages()
        guides = self.env["helpdesk.mailbox.connection"]
        left = [("company_id", "=", self.env.company.id), ("state", "!=", "active")]
        return self._action_guide(guides.search(left, limit=1))

    def _action_guide(self, guide):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Connect a mailbox"),
            "res_model": "helpdesk.mailbox.connection",
            "res_id": guide.id,
            "views": [(False, "form")],
        }

    @api.model
    def action_close(self) -> None:
        """Take the panel away for everybody of the company."""
        self._wish("closed")

    @api.model
    def action_show(self):
        """Bring the panel back, and show it."""
        self._wish("shown")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "helpdesk_mgmt.helpdesk_ticket_dashboard_action"
        )

    def _wish(self, wish: str) -> None:
        self._check_manages()
        # sudo: a helpdesk manager need not be able to change companies
        self.env.company.sudo().helpdesk_get_started = wish
