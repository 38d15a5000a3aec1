# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import base64
import binascii
import re

from odoo import api, models
from odoo.exceptions import AccessError

from .intake import Arrival
from .intake_values import State

#: How a file of Outlook's own format begins ([MS-CFB], 2.2).
OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
#: How a saved mail begins: a header field (RFC 5322, 2.2) or an mbox separator.
HEADER_LINE = re.compile(rb"\s*(?:\xef\xbb\xbf)?(?:>?From |[!-9;-~]+[ \t]*:)")


class HelpdeskIncomingMail(models.Model):
    """The door for saved mails: files dropped onto the ledger."""

    _inherit = "helpdesk.incoming.mail"

    @api.model
    def take_in_files(self, files: list[dict]) -> list[dict]:
        """Take in mails that somebody saved as files (door *upload*).

        :param files: ``{"name": …, "content": base64}`` each
        :return: what to tell the person: ``{"type": "success" | "warning" | "danger",
            "message": …}`` for each file
        :raise AccessError: the user is no helpdesk manager
        """
        if not self._sees_ledger():
            raise AccessError(self.env._("Only a helpdesk manager can take in mails from files."))
        arrivals, told = [], []
        for file in files:
            name, content = str(file.get("name") or "?"), file.get("content") or ""
            try:
                raw = base64.b64decode(content, validate=True)
            except (binascii.Error, ValueError, TypeError):
                raw, problem = b"", self.env._("it did not arrive whole. Try again.")
            else:
                problem = self._problem_of_file(raw)
            if problem:
                told.append({"type": "danger", "message": f"{name}: {problem}"})
                continue
            origin = ("stored_upload", {"user": self.env.user.name, "size": len(raw)})
            values = {"door": "upload", "company_id": self.env.company.id}
            arrivals.append(Arrival(raw, values, origin))
        # sudo: whoever may see the ledger may add to it; tickets as for any incoming mail
        intake = self.env["helpdesk.intake"].sudo()
        rows = intake._store(arrivals)
        intake._process(rows)
        looked_at = {State.DONE.value: "success", State.FAILED.value: "danger"}
        outcomes = rows._outcomes_in(self.env.companies)
        for row in rows:
            subject = row.subject or self.env._("(no subject)")
            told.append(
                {
                    "type": looked_at.get(row.state, "warning"),
                    "message": f"{subject}: {outcomes[row]}",
                }
            )
        return told

    @api.model
    def _problem_of_file(self, raw: bytes) -> str | None:
        """Why a file cannot be taken in as a mail; None if it can."""
        limit = self.env["helpdesk.intake"]._max_size()
        if not raw.strip():
            return self.env._("the file is empty.")
        if raw.startswith(OLE_MAGIC):
            return self.env._("this is Outlook's own format (.msg). Save the mail as .eml.")
        if not HEADER_LINE.match(raw):
            return self.env._("this is no saved mail (.eml): it does not begin with mail headers.")
        if len(raw) > limit:
            return self.env._(
                "it is larger than the limit of %(limit)s MB that is set for mails.",
                limit=limit // 2**20,
            )
        return None
