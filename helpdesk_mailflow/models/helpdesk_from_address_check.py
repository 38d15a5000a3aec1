# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import ipaddress
import re
import textwrap
from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError

from ..mailflow.dkim import Signature, is_aligned, is_selector, read_signatures
from ..mailflow.domain_check import Question, Via, check_domains
from ..mailflow.finding import Kind, State
from .domain_check_sentences import fill_in, sentence

#: System parameter: IP addresses of name servers, separated by commas; those of the system if
#: empty. With a port as in 127.0.0.1:5353.
NAMESERVERS = "helpdesk_mailflow.dns_nameservers"
#: Addresses that the cron checks before it commits.
BATCH = 20
#: A check by hand during the week makes the weekly one spare the address.
DUE_AFTER = timedelta(days=6)
#: Signatures that are remembered of one mail.
SIGNATURES = 8
#: Characters of what is published, and of a value in a sentence, that are kept.
LONGEST, LONGEST_WORDS = 4000, 400
#: Mails of ours that go to nobody but an own address, so that no stranger has their stamp.
OWN_PURPOSES = ("verification", "test")
#: What the check depends on: with something else, what was found says nothing any more.
CHECKED = frozenset(
    ("email", "sends_via", "mail_server_id", "smtp_host", "sending_servers", "dkim_selectors")
)
KEPT_BY_THE_CHECK = frozenset(
    ("check_ids", "check_state", "check_date", "check_tried", "dkim_signatures")
)
STATES = [
    (State.OK.value, "OK"),
    (State.UNKNOWN.value, "Not known"),
    (State.MISSING.value, "Missing"),
    (State.WRONG.value, "Wrong"),
]
BAD = (State.MISSING.value, State.WRONG.value)
#: Servers of connected accounts, and those that Odoo's own addons for Microsoft and Google
#: connect.
VIA_OF_SERVER = {
    "outlook": Via.MICROSOFT,
    "gmail": Via.GOOGLE,
    "helpdesk_oauth": Via.MICROSOFT,
}

_HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+\.?", re.I)


class HelpdeskFromAddressCheck(models.Model):
    """What the set-up check found about one record of the domain of a From address.

    Written by the system alone.
    """

    _name = "helpdesk.from.address.check"
    _description = "Set-up check of a From address"
    _order = "address_id, sequence, id"
    _rec_name = "kind"

    address_id = fields.Many2one(
        "helpdesk.from.address", required=True, ondelete="cascade", index=True, readonly=True
    )
    company_id = fields.Many2one(
        "res.company", related="address_id.company_id", store=True, index=True
    )
    sequence = fields.Integer(readonly=True)
    kind = fields.Selection(
        [
            (Kind.SPF.value, "SPF"),
            (Kind.DKIM.value, "DKIM"),
            (Kind.DMARC.value, "DMARC"),
            (Kind.MX.value, "MX"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(STATES, required=True, readonly=True)
    # so that everyone reads them in a language of their own
    notes = fields.Json(readonly=True, help="Codes of the sentences, with their values")
    sentence = fields.Text("What is found", compute="_compute_sentence")
    looked_at = fields.Char("Looked at", readonly=True, help="The name that was asked for")
    found = fields.Text("Published now", readonly=True)
    publish = fields.Json(readonly=True, help="Name, type and value of the record to publish")
    record_name = fields.Char("Name", compute="_compute_record")
    record_type = fields.Char("Type", compute="_compute_record")
    record_value = fields.Char("Value", compute="_compute_record")
    date = fields.Datetime("Checked on", readonly=True)
    is_advice = fields.Boolean(related="address_id.check_is_advice")

    @api.depends("notes")
    @api.depends_context("lang")
    def _compute_sentence(self):
        for check in self:
            check.sentence = " ".join(
                sentence(self.env, each["code"], each["values"]) for each in check.notes or []
            )

    @api.depends("publish")
    @api.depends_context("lang")
    def _compute_record(self):
        for check in self:
            record = check.publish or {}
            check.record_name = fill_in(self.env, record.get("name", ""))
            check.record_type = record.get("type", "")
            check.record_value = fill_in(self.env, record.get("value", ""))


class HelpdeskFromAddress(models.Model):
    """Whether the domain of a From address is set up for the way that its mails take."""

    _inherit = "helpdesk.from.address"

    check_ids = fields.One2many(
        "helpdesk.from.address.check", "address_id", string="Set-up check", readonly=True
    )
    check_state = fields.Selection(
        STATES,
        string="Set-up",
        compute="_compute_check_state",
        store=True,
        help="The worst of what the set-up check of its domain found",
    )
    check_date = fields.Datetime("Set-up checked on", readonly=True, copy=False)
    check_tried = fields.Datetime(
        "Last tried on", readonly=True, copy=False, help="Also when the DNS could not be reached"
    )
    check_unreachable = fields.Boolean(compute="_compute_check_unreachable")
    check_is_advice = fields.Boolean(
        compute="_compute_check_is_advice",
        help="Its own server has accepted it as a sender, so the set-up of its domain is advice",
    )
    sending_servers = fields.Char(
        "Sending servers",
        help="Names or IP addresses of the servers that deliver its mails to the world, as"
        " receivers see them, separated by commas. Empty: the outgoing mail server. For a provider"
        " include:its-spf-domain.",
    )
    dkim_selectors = fields.Char(
        "DKIM selectors",
        help="Under which names its mail server has published its keys, separated by commas."
        " Empty: read from a mail that came back, else common ones are tried.",
    )
    # [[d, s], …] of the last own mail that came back
    dkim_signatures = fields.Json(readonly=True, copy=False)
    dkim_seen = fields.Char("Signed by", compute="_compute_dkim_seen")

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("check_ids.state")
    def _compute_check_state(self):
        order = [state for state, _label in STATES]
        for address in self:
            states = address.check_ids.mapped("state")
            address.check_state = max(states, key=order.index) if states else False

    @api.depends("check_date", "check_tried")
    def _compute_check_unreachable(self):
        for address in self:
            address.check_unreachable = bool(
                address.check_tried
                and address.check_date
                and address.check_tried > address.check_date
            )

    @api.depends("sends_via", "mail_server_id.smtp_authentication")
    def _compute_check_is_advice(self):
        for address in self:
            # sudo: only whether the server is one of Odoo's connected ones
            server = address.sudo().mail_server_id
            address.check_is_advice = (
                address.sends_via in ("smtp", "mailbox")
                or server.smtp_authentication in VIA_OF_SERVER
            )

    @api.depends("dkim_signatures")
    def _compute_dkim_seen(self):
        for address in self:
            address.dkim_seen = ", ".join(
                f"{selector} ({domain})" for domain, selector in address.dkim_signatures or []
            )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.constrains("sending_servers")
    def _check_sending_servers(self):
        for address in self:
            for text in _words(address.sending_servers):
                host = text.removeprefix("include:")
                if not (_is_network(host) or _HOST_NAME.fullmatch(host)):
                    raise ValidationError(
                        self.env._(
                            "“%(text)s” is neither the name nor the IP address of a server. Write"
                            " it like mail.example.com, 192.0.2.1 or include:spf.example.com.",
                            text=text,
                        )
                    )

    @api.constrains("dkim_selectors")
    def _check_dkim_selectors(self):
        for address in self:
            for text in _words(address.dkim_selectors):
                if not is_selector(text):
                    raise ValidationError(
                        self.env._(
                            "“%(text)s” is no DKIM selector. It is the s= in the header"
                            " DKIM-Signature of a mail, like default or mail2026.",
                            text=text,
                        )
                    )

    @api.model
    def _refuse_kept_by_the_addon(self, vals) -> None:
        if not self.env.su and vals.keys() & KEPT_BY_THE_CHECK:
            raise AccessError(
                self.env._("What the set-up check finds cannot be written. Check the set-up again.")
            )
        return super()._refuse_kept_by_the_addon(vals)

    def write(self, vals):
        names = CHECKED & vals.keys()
        before = {address: address._checked_values(names) for address in self if names}
        result = super().write(vals)
        changed = self.filtered(lambda each: each._checked_values(names) != before.get(each, []))
        changed._forget_check()
        return result

    def _checked_values(self, names) -> list:
        # sudo: only whether the server becomes another one
        return [self.sudo()[name] for name in sorted(names)]

    def _forget_check(self) -> None:
        """What was found is about something else."""
        if not self:
            return
        # sudo: nobody but the system writes what is found
        self.sudo().check_ids.unlink()
        self._by_system().write({"check_date": False, "check_tried": False})

    # ------------------------------------------------------------
    # CHECK
    # ------------------------------------------------------------

    def action_check_setup(self):
        """Ask the DNS now; takes some seconds."""
        self.check_access("write")
        self._check_setup()
        return True

    def _check_setup(self) -> None:
        """Check the set-up of these addresses, some domains at the same time.

        :raise UserError: the system parameter names no name servers
        """
        questions = {address: address._setup_question() for address in self}
        try:
            answers = check_domains(questions.values(), self._nameservers())
        except ValueError as error:
            raise self._no_nameservers(error) from error
        for address, question in questions.items():
            address._keep_check(answers[question])

    @api.model
    def _nameservers(self) -> list[str]:
        # sudo: this parameter only, to ask the name servers that an admin named
        return _words(self.env["ir.config_parameter"].sudo().get_param(NAMESERVERS))

    @api.model
    def _no_nameservers(self, error: ValueError) -> UserError:
        """For a system parameter that names none."""
        return UserError(
            self.env._(
                "The system parameter %(name)s does not name name servers: %(error)s. Write IP"
                " addresses like 192.0.2.53, separated by commas, or leave it empty.",
                name=NAMESERVERS,
                error=error,
            )
        )

    def _setup_question(self) -> Question:
        """What there is to check."""
        self.ensure_one()
        server = self._mail_server()
        hosts = _words(self.sending_servers)
        if not hosts:
            # what Odoo falls back to
            host = server.smtp_host if server else tools.config["smtp_server"]
            hosts = [host] if host else []
        return Question(
            self.email,
            VIA_OF_SERVER.get(server.smtp_authentication, Via.SERVER),
            tuple(hosts),
            tuple(_words(self.dkim_selectors)),
            tuple(Signature(domain, selector) for domain, selector in self.dkim_signatures or []),
            self._envelope_domain(server),
        )

    def _envelope_domain(self, server) -> str:
        """The domain of the sender on the envelope, "" for the address's own: Odoo takes its
        bounce address as long as the server's filter has nothing against it."""
        # sudo: the bounce address of the alias domain
        bounce = self.sudo().company_id.bounce_email
        servers = self.env["ir.mail_server"].sudo()
        from_filter = server.from_filter if server else servers._get_default_from_filter()
        if not bounce or not servers._match_from_filter(bounce, from_filter):
            return ""
        return bounce.rpartition("@")[2]

    def _keep_check(self, answer) -> None:
        """Store what was found.

        Of a domain whose DNS did not answer, what was found before stays.
        """
        self.ensure_one()
        now = fields.Datetime.now()
        unreachable = all(
            each.state is State.UNKNOWN and each.notes[0].code.startswith("dns_")
            for each in answer.findings
        )
        if unreachable and any(check.state != State.UNKNOWN.value for check in self.check_ids):
            self._by_system().write({"check_tried": now})
            return
        # sudo: nobody but the system writes what is found
        self.sudo().check_ids.unlink()
        self.env["helpdesk.from.address.check"].sudo().create(
            [
                {
                    "address_id": self.id,
                    "sequence": sequence,
                    "kind": each.kind.value,
                    "state": each.state.value,
                    "notes": [
                        {"code": said.code, "values": _short(said.values)} for said in each.notes
                    ],
                    "looked_at": each.name,
                    "found": each.found[:LONGEST],
                    "publish": each.publish
                    and {
                        "name": each.publish.name,
                        "type": each.publish.type,
                        "value": each.publish.value,
                    },
                    "date": now,
                }
                for sequence, each in enumerate(answer.findings)
            ]
        )
        self._by_system().write({"check_date": now, "check_tried": now})

    @api.model
    def _cron_check_setup(self) -> None:
        """Check each address that can be sent as, the longest unchecked ones first."""
        domain = [
            ("enabled", "=", True),
            "|",
            ("check_tried", "=", False),
            ("check_tried", "<", fields.Datetime.now() - DUE_AFTER),
        ]
        order = "check_tried ASC NULLS FIRST, id"
        cron = self.env["ir.cron"]
        left = self.search_count(domain)
        seconds = cron._commit_progress(remaining=left)
        while seconds > 0:
            batch = self.search(domain, order=order, limit=BATCH)
            if not batch:
                break
            before = {address: address.check_state for address in batch}
            batch._check_setup()
            batch._tell_what_got_worse(before)
            left = max(left - len(batch), 0)
            seconds = cron._commit_progress(len(batch), remaining=left)

    def _tell_what_got_worse(self, before: dict) -> None:
        """Say once in the chatter that what was well is no longer."""
        for address in self:
            bad = address.check_ids.filtered(lambda check: check.state in BAD)
            if before[address] != State.OK.value or not bad:
                continue
            address._log_as_system(
                self.env._(
                    "The set-up of its domain was well, and is no longer: %(sentence)s",
                    sentence=bad[0].sentence,
                )
            )

    # ------------------------------------------------------------
    # SIGNATURES
    # ------------------------------------------------------------

    @api.model
    def _learn_selectors(self, mails) -> None:
        """Remember who signed mails of ours that came back: how our mail is signed only a mail
        shows.

        Whoever got an answer of ours can copy its stamp, so of answers only signatures count
        that are of our own domain.

        :param mails: (:class:`~..mailflow.mail.Mail`, purpose of its stamp) of mails of ours
        """
        seen = {}
        for mail, purpose in mails:
            email = mail.from_.normalized
            signatures = read_signatures(mail.header_all("DKIM-Signature"))[:SIGNATURES]
            if purpose not in OWN_PURPOSES:
                domain = email.rpartition("@")[2]
                signatures = [each for each in signatures if is_aligned(each.domain, domain)]
            if email and signatures:
                seen[email] = [[each.domain, each.selector] for each in signatures]
        # of any company: the domain is the same
        addresses = self._by_system().search([("email", "in", list(seen))])
        for address in addresses:
            if address.dkim_signatures != seen[address.email]:
                address.write({"dkim_signatures": seen[address.email]})


def _short(values) -> dict:
    """The values of a sentence, each short enough to be read."""
    return {
        name: textwrap.shorten(value, LONGEST_WORDS, placeholder=" …")
        if isinstance(value, str) and len(value) > LONGEST_WORDS
        else value
        for name, value in values.items()
    }


def _words(text) -> list[str]:
    """What stands between commas and spaces."""
    return [word for word in re.split(r"[,;\s]+", text or "") if word]


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
