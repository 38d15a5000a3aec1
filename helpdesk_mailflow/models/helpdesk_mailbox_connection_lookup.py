# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What the guide *Connect a mailbox* finds out from the address: its provider and settings."""

from dataclasses import asdict
from dataclasses import fields as fields_of

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..mailflow.autoconfig import Candidate, Found, Source, look_up
from ..mailflow.dns_lookup import Lookup
from ..mailflow.domain import ascii_domain
from .helpdesk_of_team import SYSTEM

#: Seconds that somebody waits for all of it, and for one question to a name server.
TIMEOUT = 7.0
TIMEOUT_OF_DNS = 3.0


class HelpdeskMailboxConnection(models.Model):
    _inherit = "helpdesk.mailbox.connection"

    suggested_road = fields.Selection(
        selection_add=[
            ("forward", "Forward it to a provided address"),
            ("provided", "Use a provided address"),
        ]
    )
    # groups: it has the hosts of the settings
    found = fields.Json(readonly=True, copy=False, groups=SYSTEM)
    found_text = fields.Text(compute="_compute_found_text", compute_sudo=True)
    # the words on the left of the link to the provider's own page
    needs_text = fields.Text(compute="_compute_found_text", compute_sudo=True)
    help_url = fields.Char(compute="_compute_found_text", compute_sudo=True)

    @api.depends("found", "email")
    @api.depends_context("lang")
    def _compute_found_text(self):
        for connection in self:
            found = connection._found()
            connection.found_text = "\n".join(filter(None, connection._found_in_words(found)))
            connection.needs_text = " ".join(connection._needs_in_words(found)) or False
            connection.help_url = found.help or False

    # ------------------------------------------------------------
    # LOOKING
    # ------------------------------------------------------------

    def _look_up(self) -> None:
        super()._look_up()
        known = self._found()
        if known.email and known.email == self._looked_up_as() and known.complete:
            return
        self._look_up_again()

    def _look_up_again(self) -> None:
        found = self._ask_around(self.email)
        # sudo: the hosts are a system admin's, to look for them is whoever's connects a mailbox
        self.sudo().found = _as_json(found)
        has_settings = found.incoming or found.outgoing
        self.suggested_road = found.road if found.provider or has_settings else False

    def action_look_again(self):
        """Ask again who the provider is, and what its settings are."""
        self.ensure_one()
        return self._go(self._look_again)

    def _look_again(self) -> None:
        if not self.email:
            raise UserError(self.env._("Type the address that your customers write to."))
        self._look_up_again()

    @api.model
    def _ask_around(self, email: str) -> Found:
        """Ask name servers and web servers about an address.

        :raise UserError: the system parameter names no name servers
        """
        addresses = self.env["helpdesk.from.address"]
        nameservers = addresses._nameservers()

        def lookup():
            return Lookup(nameservers, TIMEOUT_OF_DNS)

        try:
            lookup()
        except ValueError as error:
            raise addresses._no_nameservers(error) from error

        return look_up(email, lookup=lookup, timeout=TIMEOUT)

    def _found(self) -> Found:
        """What was found about the address as it is now; empty if nothing was looked for."""
        self.ensure_one()
        # sudo: what may be shown of it is up to the caller
        found = _from_json(self.sudo().found)
        return found if found.email == self._looked_up_as() else Found()

    def _looked_up_as(self) -> str:
        # international domains come back as the DNS has them
        local, at, domain = (self.email or "").rpartition("@")
        return local + at + ascii_domain(domain)

    # ------------------------------------------------------------
    # IN WORDS
    # ------------------------------------------------------------

    def _found_in_words(self, found: Found) -> list[str]:
        if not found.email:
            return []
        domain = (self.email or "").rpartition("@")[2]
        first = next(iter(found.incoming + found.outgoing), None)
        values = {"email": self.email, "domain": domain, "provider": found.name}
        if found.provider and found.via is Source.MX:
            said = self.env._(
                "Mail to %(domain)s is taken in by %(host)s: that is %(provider)s.",
                host=found.where,
                **values,
            )
        elif found.provider and found.via is Source.DOMAIN:
            said = self.env._("%(email)s is an address at %(provider)s.", **values)
        elif found.provider:
            said = self.env._(
                "The settings that %(domain)s publishes lead to %(provider)s.", **values
            )
        elif first:
            said = self._source_in_words(first)
        elif not found.complete:
            said = self.env._(
                "Not all name servers and web servers answered, so nothing was found out about"
                " %(domain)s. Look again in a few minutes, or fill in the settings by hand.",
                **values,
            )
        else:
            said = self.env._(
                "%(domain)s says nothing about its mail servers. Ask its provider, and fill in"
                " the settings by hand.",
                **values,
            )
        return [said, self._road_in_words(found)]

    def _road_in_words(self, found: Found) -> str:
        if found.road == "forward" and found.provider == "outlook":
            return self.env._(
                "Personal Outlook.com accounts cannot be read by Odoo. Forward the mailbox to a"
                " provided address."
            )
        if found.road == "forward":
            return self.env._(
                "Mailboxes at %(provider)s cannot be read by other programs. Forward the mailbox to"
                " a provided address.",
                provider=found.name,
            )
        if found.road == "provided":
            return self.env._(
                "Mailboxes at %(provider)s cannot be read by other programs, nor forwarded. Use a"
                " provided address.",
                provider=found.name,
            )
        return ""

    def _source_in_words(self, candidate: Candidate) -> str:
        """Where a server was found."""
        domain = (self.email or "").rpartition("@")[2]
        values = {"host": candidate.host, "where": candidate.where, "domain": domain}
        if candidate.source is Source.DOMAIN:
            return self.env._("Known for all addresses at %(domain)s.", **values)
        if candidate.source is Source.MX:
            return self.env._("Known for domains whose mail goes to %(where)s.", **values)
        if candidate.source is Source.FILE:
            return self.env._("Found in the settings that %(where)s publishes.", **values)
        if candidate.source is Source.SRV:
            if candidate.is_within(ascii_domain(domain)):
                return self.env._("Found in the DNS records of %(domain)s.", **values)
            return self.env._(
                "Found in the DNS records of %(domain)s. %(host)s belongs to somebody else: check"
                " that this is your provider before you type a password.",
                **values,
            )
        return self.env._(
            "Guessed: there is a host of the name %(host)s. Check it before you type a password.",
            **values,
        )

    def _needs_in_words(self, found: Found) -> list[str]:
        """What has to be done at the provider before Odoo can log in."""
        words = {
            "switch_on": self.env._(
                "First allow IMAP (or “external programs”) in the settings of the mailbox at"
                " %(provider)s.",
                provider=found.name,
            ),
            "app_password": self.env._(
                "%(provider)s wants an app password here, not the one that you sign in with.",
                provider=found.name,
            ),
            "app_password_2fa": self.env._(
                "If two-factor authentication is on, make an app password and use that one."
            ),
            "own_password": self.env._(
                "%(provider)s has a password of its own for mail programs: set it in the settings"
                " of the mailbox, and use that one.",
                provider=found.name,
            ),
        }
        return [words[need] for need in found.needs]


def _as_json(found: Found) -> dict:
    return asdict(found)


def _from_json(stored: dict | None) -> Found:
    """What was stored; what it does not know (of another version) is left out."""
    if not stored:
        return Found()
    names = {each.name for each in fields_of(Found)}
    values = {name: value for name, value in stored.items() if name in names}
    for name in ("incoming", "outgoing"):
        values[name] = tuple(
            Candidate(**{**each, "source": Source(each["source"])}) for each in values.get(name, ())
        )
    return Found(
        **{**values, "needs": tuple(values.get("needs", ())), "via": Source(values["via"])}
    )
