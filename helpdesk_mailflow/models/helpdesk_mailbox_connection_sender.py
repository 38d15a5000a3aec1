# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""How the From address of a connection sends: tried in the guide, set up by its activation."""

from odoo import fields, models

from .helpdesk_of_team import SYSTEM


class HelpdeskMailboxConnection(models.Model):
    _inherit = "helpdesk.mailbox.connection"

    sender_waits = fields.Boolean(
        readonly=True,
        copy=False,
        groups=SYSTEM,
        help="How the From address shall send was tried, and is set up by the activation",
    )

    def _set_up_sender(self, set_up, others_use_it=False):
        """Set up how the From address sends. What was there before goes on as it is until the
        activation: this is a trial of it then, and the activation does the same again.

        :param set_up: without parameters; what it does is undone if it raises
        :param others_use_it: it changes more than the From address
        :return: what ``set_up`` returns
        """
        present = self._present_from_address()
        is_own = not present or (self._has_made(present) and not present.enabled)
        is_trial = not self.activated_date and (others_use_it or not is_own)
        with self.env.cr.savepoint() as savepoint:
            result = set_up()
            if is_trial:
                savepoint.rollback()
        if is_trial:
            self._keep_from_address({})
        self.sender_waits = is_trial
        return result

    def _activate_sender(self) -> None:
        """Set up what waits, and enable a From address that the guide has made."""
        # sudo: whether it waits is no secret
        if self.sudo().sender_waits and self.direction != "in":
            self._check_rights()
            self._of_road("_set_up_sender")
            self.sender_waits = False
        address = self.from_address_id
        if self.direction != "in" and self._has_made(address) and not address.enabled:
            self._by_keeper(address).enabled = True

    def _is_sender_ready(self) -> bool:
        """Whether the activation is all that the From address waits for."""
        address = self.from_address_id.sudo()
        # sudo: as in _activate_sender
        is_tried = self.sudo().sender_waits or address.state == "verified"
        is_on = address.enabled or self._has_made(address)
        return bool(address) and not self.activated_date and is_tried and is_on
