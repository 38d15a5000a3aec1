# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The last step of the guide: what was set up, with links, and what is still open."""

from odoo import fields, models

from .helpdesk_from_address_check import BAD

#: Order in which the rows are shown.
ROWS = (
    "scanner",
    "account",
    "folders",
    "inbound",
    "alias",
    "team",
    "from_address",
    "setup",
    "filter",
    "test",
    "rules",
)


class HelpdeskMailboxConnection(models.Model):
    _inherit = "helpdesk.mailbox.connection"

    # never stored: it follows what becomes of the parts
    result = fields.Json(compute="_compute_result")
    result_sentence = fields.Char(compute="_compute_result")

    def _compute_result(self):
        for connection in self:
            shown = connection.step == "done" or connection.state == "active"
            connection.result = connection._result_rows() if shown else []
            connection.result_sentence = shown and connection._result_sentence()

    def _result_sentence(self) -> str:
        queue, sender = self.alias_id, self._by_keeper(self.alias_id).answers_via_id
        words = {
            "email": self.email or queue.email or queue.name,
            "team": self.team_id.name or queue.name,
            "sender": sender.email,
        }
        if self.direction == "out":
            return self.env._("Answers leave as %(sender)s.", **words)
        if self._is_forwarding_unproven():
            return self.env._(
                "Mail to %(email)s opens tickets for %(team)s as soon as it is forwarded. No test"
                " mail has come back yet that would show that it is.",
                **words,
            )
        if sender:
            return self.env._(
                "Mail to %(email)s opens tickets for %(team)s, and answers leave as %(sender)s.",
                **words,
            )
        return self.env._("Mail to %(email)s opens tickets for %(team)s.", **words)

    def _is_forwarding_unproven(self) -> bool:
        """Only a test mail that came back shows that a mailbox is forwarded."""
        return self.road == "forward" and self.test_state != "back"

    def _result_rows(self) -> list[dict]:
        """What was set up, a row for each part that there is.

        :return: of each ``name``, ``label``, ``value``, ``note``, ``state`` ("ok", "open":
            somebody has to do something, "info"), ``opens`` (the guide's method
            ``_open_<name>`` leads to it), ``copy`` (it is there to be copied)
        """
        self.ensure_one()
        rows = []
        for name in ROWS:
            row = getattr(self, f"_result_{name}")()
            if row:
                rows.append(
                    {"name": name, "note": "", "state": "ok", "opens": True, "copy": False, **row}
                )
        return rows

    def action_open_result(self, name: str):
        """Open what a row of the result is about.

        :param name: one of :data:`ROWS`
        """
        self.ensure_one()
        self.check_access("read")
        return getattr(self, f"_open_{name}")() if name in ROWS else None

    def _form_of(self, record):
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }

    def _window(self, name: str, **values):
        action = self.env["ir.actions.act_window"]._for_xml_id(f"helpdesk_mailflow.{name}")
        return {**action, **values}

    # ------------------------------------------------------------
    # COMING IN
    # ------------------------------------------------------------

    def _result_scanner(self):
        # sudo: its name and whether it works are no secret
        scanner = self.sudo().scanner_id
        if not scanner:
            return None
        texts = {
            "on": ("ok", ""),
            "off": ("open", self.env._("Not activated: no mail comes in by it.")),
            "error": ("open", scanner.error_message or ""),
        }
        state, note = texts[scanner.scanner_state]
        return {
            "label": self.env._("Mail scanner"),
            "value": scanner.name,
            "state": state,
            "note": note,
            "opens": self.may_use_credentials,
        }

    def _open_scanner(self):
        return self.scanner_id.action_open_scanner()

    def _result_account(self):
        # sudo: as above
        account = self.sudo().oauth_account_id
        if not account:
            return None
        problem = account.state == "problem"
        return {
            "label": self.env._("Connected account"),
            "value": account.display_name,
            "state": "open" if problem else "ok",
            "note": self.env._("Somebody has to sign in again.") if problem else "",
            "opens": self.may_use_credentials,
        }

    def _open_account(self):
        return self._form_of(self.oauth_account_id)

    def _folders(self):
        # sudo: which folders these are is a helpdesk manager's to see, too
        return self.sudo().scanner_id._folders_to_read()

    def _result_folders(self):
        folders = self._folders()
        if not folders:
            return None
        failed = folders.filtered("error")
        return {
            "label": self.env._("Folders"),
            "value": ", ".join(folders.mapped("name")),
            "state": "open" if failed else "ok",
            "note": failed[:1].error or "",
        }

    def _open_folders(self):
        return self._window("mail_folder_action", domain=[("id", "in", self._folders().ids)])

    def _result_inbound(self):
        queue = self._by_keeper(self.alias_id)
        own = queue.address_ids.filtered(lambda address: address.kind == "own")[:1].email
        if self.road == "forward":
            own = self.forwarded_to or own
        own = own or self.team_id.inbound_email
        if not own or self.direction == "out":
            return None
        notes = {
            "forward": self.env._("Forward %(email)s to it, if that is not done yet.")
            if self._is_forwarding_unproven()
            else self.env._("%(email)s is forwarded to it."),
            "provided": self.env._("Tell it to your customers."),
        }
        note = notes.get(self.road) or self.env._("Mail to it comes in as well.")
        return {
            "label": self.env._("Provided address"),
            "value": own,
            "note": note % {"email": self.email} if self.road == "forward" else note,
            "state": "open" if self._is_forwarding_unproven() else "ok",
            "opens": False,
            "copy": True,
        }

    # ------------------------------------------------------------
    # WHERE IT GOES, AND WHAT LEAVES
    # ------------------------------------------------------------

    def _result_alias(self):
        queue = self.alias_id
        return queue and {
            "label": self.env._("Support alias"),
            "value": queue.name,
            "state": "ok" if queue.intake else "open",
            "note": "" if queue.intake else self.env._("Its intake is off: mails are only kept."),
        }

    def _open_alias(self):
        return self._form_of(self.alias_id)

    def _result_team(self):
        team = self.team_id
        if not team or self.direction == "out":
            return None
        members = self._by_keeper(team).user_ids
        return {
            "label": self.env._("Team"),
            "value": team.name,
            "state": "ok" if members else "open",
            "note": ""
            if members
            else self.env._("It has no members yet. Add those who shall answer."),
        }

    def _open_team(self):
        return self._form_of(self.team_id)

    def _sender(self):
        """The From address that the guide set up, else the one that answers."""
        # sudo: what answers leave as is told to whoever set it up
        return self.sudo().from_address_id or self.sudo().alias_id.answers_via_id

    def _result_from_address(self):
        sender = self._sender()
        if not sender:
            return {
                "label": self.env._("From address"),
                "value": self.env._("None yet"),
                "state": "open",
                "note": self.env._("Answers wait until an address is verified."),
            }
        notes = {
            "verified": "",
            "sent": self.env._("Not verified yet: a mail with a link waits in its mailbox."),
            "unverified": self.env._("Not verified yet. Open it to send a verification mail."),
        }
        note = notes[sender.state]
        if not note and not sender.enabled:
            note = self.env._("It is disabled.")
        return {
            "label": self.env._("From address"),
            "value": sender.display_name,
            "state": "open" if note else "ok",
            "note": note,
        }

    def _open_from_address(self):
        sender = self._sender()
        return self._form_of(sender) if sender else self._window("from_address_action")

    def _result_setup(self):
        sender = self._sender()
        if not sender or self.direction == "in":
            return None
        if not sender.check_date:
            state, note = "info", self.env._("Not checked yet. Check it to see what DNS lacks.")
        elif sender.check_state in BAD:
            state, note = (
                "open",
                self.env._("Something is missing or wrong: see what, and copy it."),
            )
        else:
            state, note = "ok", ""
        return {
            "label": self.env._("Set-up of the domain"),
            "value": sender.email.rpartition("@")[2],
            "state": state,
            "note": note,
        }

    def _open_setup(self):
        """Where the check is; made first if it never was."""
        sender = self._sender().sudo(False)
        if not sender.check_date and sender.has_access("write"):
            sender.action_check_setup()
        return self._form_of(sender)

    def _own_emails(self) -> list[str]:
        emails = [self.email, self._by_keeper(self.alias_id).email]
        if self.direction != "in":
            emails.append(self._sender().email)
        return [email for email in dict.fromkeys(emails) if email]

    def _result_filter(self):
        emails = self._own_emails()
        return emails and {
            "label": self.env._("Outgoing filter"),
            "value": ", ".join(emails),
            "note": self.env._("Nothing is sent there, so no mail goes round in circles."),
        }

    def _open_filter(self):
        return self._window("own_address_action", domain=[("email", "in", self._own_emails())])

    # ------------------------------------------------------------
    # TEST AND RULES
    # ------------------------------------------------------------

    def _result_test(self):
        if self.direction == "out":
            return None
        states = {
            "none": ("info", self.env._("Send one to see mail come in.")),
            "sent": ("info", self.test_sentence),
            "back": ("ok", self.test_sentence),
            "late": ("open", self.test_sentence),
        }
        state, note = states[self.test_state]
        if self._is_forwarding_unproven():
            state = "open"
        if self.test_warning:
            state, note = "open", self.test_warning
        labels = dict(self._fields["test_state"]._description_selection(self.env))
        return {
            "label": self.env._("Test mail"),
            "value": labels[self.test_state],
            "state": state,
            "note": note,
            "opens": bool(self._mail_of_test()),
        }

    def _mail_of_test(self):
        """The incoming mail that the test mail became; none if it was only seen in the mailbox,
        or came back under another Message-ID."""
        message_id = self._test().message_id
        mails = self.env["helpdesk.incoming.mail"]
        return mails.search([("message_id", "=", message_id)], limit=1) if message_id else mails

    def _open_test(self):
        """The trace of the test mail."""
        return self._form_of(self._mail_of_test())

    def _result_rules(self):
        if self.direction == "out":
            return None
        return {
            "label": self.env._("Scanner rules"),
            "value": self.env._("What becomes of which mail"),
            "state": "info",
            "note": self.env._("Without any, each mail becomes a ticket or joins its own."),
        }

    def _open_rules(self):
        return self._window("scanner_rule_action")

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_open_tickets(self):
        """The tickets that came in."""
        self.ensure_one()
        return self.alias_id.action_open_tickets()

    def action_another(self):
        """A guide for the next mailbox."""
        return self.env["helpdesk.get.started"].action_another()
