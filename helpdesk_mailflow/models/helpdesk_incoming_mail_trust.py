# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import fields, models

#: Labels of ``mailflow.trust_report.RESULTS``; the words are those of the standards.
RESULTS = [
    ("pass", "Pass"),
    ("fail", "Fail"),
    ("softfail", "Soft fail"),
    ("neutral", "Neutral"),
    ("none", "None"),
    ("policy", "Policy"),
    ("temperror", "Temporary error"),
    ("permerror", "Permanent error"),
    ("other", "Something else"),
]


class HelpdeskIncomingMail(models.Model):
    """What the receiving mail server reports about the sender, see ``mailflow.trust``."""

    _inherit = "helpdesk.incoming.mail"

    trust_identity = fields.Selection(
        [
            ("proven", "Proven"),
            ("failed", "DMARC failed"),
            ("unproven", "Not proven"),
            ("unknown", "Not known"),
        ],
        string="Sender proven",
        readonly=True,
        help="Whether the mail is from who it says, as the receiving mail server reports it. Not"
        " known: it reports nothing, or nobody has confirmed its name on the mail scanner.",
    )
    trust_spf = fields.Selection(RESULTS, string="SPF", readonly=True)
    trust_dkim = fields.Selection(RESULTS, string="DKIM", readonly=True)
    trust_dmarc = fields.Selection(RESULTS, string="DMARC", readonly=True)
    trust_aligned = fields.Char(
        "Aligned",
        readonly=True,
        help="Which checks passed for the domain of the sender: spf, dkim, auth (a log-in)",
    )
    trust_server = fields.Char("Reported by", readonly=True)
    trust_forwarder = fields.Char(
        "Vouched for by", readonly=True, help="The trusted forwarder that the mail came by"
    )
    # learnt from; the receiving server's as long as nobody forges it
    trust_candidate = fields.Char("Topmost report is of", readonly=True)
