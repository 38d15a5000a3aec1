# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

#: What files of invoices are called, in the languages of many senders, folded.
INVOICE_WORDS = (
    "invoice", "rechnung", "factur", "fattura", "fatura", "faktur", "lasku", "szamla", "счет",
    "τιμολογιο", "חשבונית", "فاتورة", "請求書", "发票", "發票", "계산서",
)  # fmt: skip


class HelpdeskScannerRule(models.Model):
    """Ready examples: each company has them, switched off."""

    _inherit = "helpdesk.scanner.rule"

    example = fields.Char(readonly=True, copy=False, help="Which of the ready examples it was")

    @api.model
    def _examples(self) -> dict[str, dict]:
        """The ready examples by their key, in the language of the environment: values for
        ``create`` without the company."""
        names = ["|"] * (len(INVOICE_WORDS) - 1)
        names += [("fact_attachment_names", "ilike", word) for word in INVOICE_WORDS]
        vip = self.env.ref("helpdesk_mailflow.partner_category_vip", raise_if_not_found=False)
        examples = {
            "newsletter": {
                "name": _lt("Newsletters and mailing lists"),
                "note": _lt(
                    "Mail that was sent to many makes no tickets. It stays in the list of incoming"
                    " mail, where it can be taken in."
                ),
                "domain": [("kind", "=", "list")],
                "actions": [{"kind": "ignore"}],
            },
            "out_of_office": {
                "name": _lt("Out-of-office replies"),
                "note": _lt(
                    "Without this rule an automatic reply is kept as a note on the ticket that it"
                    " answers. With it, it is only in the list of incoming mail."
                ),
                "domain": [("kind", "=", "auto_reply")],
                "actions": [{"kind": "ignore"}],
            },
            "vip": {
                "name": _lt("Important customers first"),
                "note": _lt(
                    "Tickets of contacts with the tag “VIP” get a high priority. Give the tag to"
                    " contacts, or choose another tag, an account or a country in the condition."
                ),
                "domain": [("contact_tag_ids", "in", vip.ids if vip else [])],
                "actions": [{"kind": "set", "priority": "2"}],
                "stop": False,
            },
            "invoice": {
                "name": _lt("Invoices by their attachment"),
                "note": _lt(
                    "Mail with a PDF or XML file that is named like an invoice. It becomes a ticket"
                    " of its own. Add “Route to team” or “Set tags and priority”, so that it"
                    " reaches those who pay."
                ),
                "domain": [
                    "&",
                    "|",
                    ("fact_attachment_types", "ilike", "pdf"),
                    ("fact_attachment_types", "ilike", "xml"),
                    *names,
                ],
                "actions": [{"kind": "new_ticket"}],
            },
            "monitoring": {
                "name": _lt("Alerts update one ticket until it is solved"),
                "note": _lt(
                    "Messages of programs with the same subject and sender join one open ticket."
                    " Once it is closed, the next one opens a new ticket."
                ),
                "domain": [("kind", "=", "automatic")],
                "actions": [
                    {
                        "kind": "ticket",
                        "match_by": "subject",
                        "same_subject_of": "requester",
                    }
                ],
            },
        }
        if not vip:
            # somebody deleted the tag
            del examples["vip"]
        return {
            key: {
                "example": key,
                "active": False,
                "sequence": 100 + 10 * number,
                "stop": True,
                **values,
                "name": self.env._(values["name"]),
                "note": self.env._(values["note"]),
                "domain": repr(values["domain"]),
            }
            for number, (key, values) in enumerate(examples.items())
        }

    @api.model
    def _give_each_company_examples(self, companies) -> None:
        """Make the examples of companies that have none, in the language of each."""
        # sudo: in the name of the system, for whoever adds a company
        own = self.sudo().with_context(active_test=False)
        found = own.search([("company_id", "in", companies.ids), ("example", "!=", False)])
        vals_list = []
        for company in companies - found.company_id:
            lang = company.partner_id.lang or self.env.lang
            for values in own.with_context(lang=lang)._examples().values():
                actions = values.pop("actions")
                vals_list.append(
                    {
                        **values,
                        "company_id": company.id,
                        "action_ids": [(0, 0, each) for each in actions],
                    }
                )
        own.create(vals_list)
