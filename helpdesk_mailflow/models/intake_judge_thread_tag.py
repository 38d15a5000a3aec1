# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import re

from odoo import api, models

from ..mailflow.mail import Mail
from ..mailflow.subject import check_tag_pattern, tag_pattern
from .thread_entrance import Evidence
from .thread_pointer import Pointer

#: A ticket number in a subject: tagged as [#HT00042], [HT00042] or #HT00042, or at its start
#: behind Re: and the like, as in the subjects that we send ("HT00042 - The printer burns").
NUMBER = r"([A-Z]{1,8}[-/]?\d{3,12})"
TAG = re.compile(
    rf"\[#?{NUMBER}\]|(?<!\w)#{NUMBER}\b|^(?:\s*\w{{1,6}}(?:\[\d+\])?\s*:)*\s*{NUMBER}(?=\s+-\s)"
)


class HelpdeskIntakeJudge(models.AbstractModel):
    """Tickets whose numbers a subject names."""

    _inherit = "helpdesk.intake.judge"

    @api.model
    def _pointers_by_tag(self, entries, kinds):
        """The number in a subject is no secret, and companies may have the same one."""
        patterns = self._tag_patterns()
        tags = {each.row_id: self._tags(each.mail, patterns) for each in entries}
        numbers = {number for found in tags.values() for number in found}
        if not numbers:
            return {}
        tickets = (
            self.env["helpdesk.ticket"]
            .with_context(active_test=False)
            .search_fetch([("number", "in", list(numbers))], ["number"], order="id")
            .grouped("number")
        )
        return {
            row_id: [
                Pointer(Evidence.TAG, ticket_id, number)
                for number in found
                if number in tickets
                for ticket_id in tickets[number].ids
            ]
            for row_id, found in tags.items()
        }

    @api.model
    def _tags(self, mail: Mail, patterns) -> list[str]:
        """Ticket numbers in a subject, each once, those in a company's own tag first."""
        found = [each["number"] for one in patterns for each in one.finditer(mail.subject)]
        found += [next(filter(None, groups)) for groups in TAG.findall(mail.subject)]
        return list(dict.fromkeys(found))

    @api.model
    def _tag_patterns(self) -> list[re.Pattern]:
        """What the tags look like that companies chose. They are not kept apart: a number
        leads only those to a ticket who take part in it."""
        # sudo: how subjects look is no secret, and mail comes in for all companies
        groups = self.env["res.company"].sudo()._read_group([], ["helpdesk_subject_tag"])
        return [tag_pattern(tag) for (tag,) in groups if tag and not check_tag_pattern(tag)]
