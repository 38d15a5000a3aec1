# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import fields, models


class HelpdeskSupportAlias(models.Model):
    """What becomes of mail whose sender is not who it says."""

    _inherit = "helpdesk.support.alias"

    dmarc_failure = fields.Selection(
        [
            ("accept", "Accept it, marked"),
            ("hold", "Hold it for a person"),
            ("spam", "It is spam"),
        ],
        string="If DMARC fails",
        default="accept",
        required=True,
        help="The receiving mail server reports that the mail is not from who it says. Spam: no"
        " ticket, and it goes to the junk folder. Replies to tickets are treated alike; trusted"
        " senders are always accepted.",
    )
