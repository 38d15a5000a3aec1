# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from babel import Locale, UnknownLocaleError

from odoo import api, fields, models

from ..mailflow.language import LANGUAGES
from .folded import Folded

WEEKDAYS = [
    ("0", "Monday"),
    ("1", "Tuesday"),
    ("2", "Wednesday"),
    ("3", "Thursday"),
    ("4", "Friday"),
    ("5", "Saturday"),
    ("6", "Sunday"),
]


class HelpdeskIncomingMail(models.Model):
    """The facts of an incoming mail: what conditions of scanner rules look at, as it was when
    the mail was acted on. Dataclass of the same names: ``Facts``."""

    _inherit = "helpdesk.incoming.mail"

    facts_read = fields.Boolean(readonly=True, help="The facts below are known")
    facts_due = fields.Boolean(
        readonly=True, help="It came in before facts were kept, and waits to be read again"
    )
    _facts_due_index = models.Index("(id) WHERE facts_due")
    # what it says, folded
    fact_from = Folded("From (address)", readonly=True)
    fact_from_name = Folded("From (name)", readonly=True)
    fact_to = Folded("To (address or name)", readonly=True)
    fact_cc = Folded("Cc (address or name)", readonly=True)
    fact_recipients = Folded(
        "Any recipient",
        readonly=True,
        help="Addresses in To and Cc, and those that servers delivered it to",
    )
    fact_reply_to = Folded("Reply-To", readonly=True)
    fact_subject = Folded("Subject (text)", readonly=True)
    fact_body = Folded("Body (text)", readonly=True)
    fact_attachment_names = Folded("Attachment names", readonly=True)
    fact_attachment_types = Folded("Attachment types", readonly=True, help="As application/pdf")
    # the same as it was written, for patterns
    body_text = fields.Text(readonly=True, prefetch=False)
    header_lines = fields.Text(readonly=True, prefetch=False)
    attachment_lines = fields.Text(readonly=True, prefetch=False)
    # what it is
    fact_language = fields.Selection(selection="_select_language", string="Language", readonly=True)
    fact_automatic = fields.Boolean(
        "Automatic", readonly=True, help="A program wrote it, whatever its kind"
    )
    fact_trust = fields.Selection(
        [("pass", "DMARC passed"), ("fail", "DMARC failed"), ("none", "Not known")],
        string="Trust",
        readonly=True,
        help="What the receiving mail server says about the sender",
    )
    fact_size_kb = fields.Integer("Size (kB)", readonly=True)
    fact_has_attachments = fields.Boolean("Has attachments", readonly=True)
    # where it came in
    alias_ids = fields.Many2many(
        "helpdesk.support.alias",
        "helpdesk_incoming_mail_alias_rel",
        "mail_id",
        "alias_id",
        string="Support aliases",
        readonly=True,
        help="All that it was for",
    )
    scanner_id = fields.Many2one("helpdesk.mail.scanner", string="Mail scanner", readonly=True)
    # who wrote
    contact_id = fields.Many2one(
        "res.partner", ondelete="set null", index="btree_not_null", readonly=True
    )
    fact_known_contact = fields.Boolean("Known contact", readonly=True)
    contact_account_id = fields.Many2one(
        "res.partner",
        string="Contact's account",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    contact_tag_ids = fields.Many2many(
        "res.partner.category",
        "helpdesk_incoming_mail_partner_tag_rel",
        "mail_id",
        "tag_id",
        string="Contact's tags",
        readonly=True,
    )
    contact_country_id = fields.Many2one(
        "res.country", string="Contact's country", ondelete="set null", readonly=True
    )
    fact_open_tickets = fields.Boolean("Contact has open tickets", readonly=True)
    # when it came in, by the calendar of the company
    fact_weekday = fields.Selection(WEEKDAYS, string="Arrival day", readonly=True)
    fact_hour = fields.Integer("Arrival hour", readonly=True, help="0 to 23")
    fact_working_hours = fields.Boolean("Arrived in working hours", readonly=True)
    pattern_ids = fields.Many2many(
        "helpdesk.scanner.pattern",
        "helpdesk_incoming_mail_pattern_rel",
        "mail_id",
        "pattern_id",
        string="Patterns",
        readonly=True,
    )

    @api.model
    def _select_language(self):
        return [(code, self._language_name(code)) for code in LANGUAGES]

    @api.model
    def _language_name(self, code: str) -> str:
        try:
            names = Locale.parse(self.env.lang or "en_US").languages
        except (UnknownLocaleError, ValueError):
            names = Locale("en").languages
        return names.get(code, code)
