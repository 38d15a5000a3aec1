# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import ast
import logging
import xmlrpc.client as xmlrpclib

from odoo import api, models, tools
from odoo.tools.mail import decode_message_header

from ..mailflow.mail import read
from ..mailflow.note import note
from .helpdesk_ticket_automatic import automatic_headers
from .intake import Arrival
from .own_mail import stamp_header

_logger = logging.getLogger(__name__)


class TicketRoute(Exception):
    """Odoo's gateway would make or answer a ticket past the ledger."""


class MailThread(models.AbstractModel):
    """The borrowed doors: whoever hands a mail to Odoo's gateway.

    The transaction is the caller's, so the row of the ledger and what is made of the mail
    are committed by the caller, both or none.
    """

    _inherit = "mail.thread"

    @api.model
    def message_process(
        self,
        model,
        message,
        custom_values=None,
        save_original=False,
        strip_attachments=False,
        thread_id=None,
    ):
        def stock():
            watching = self.with_context(mailflow_watches_routes=not thread_id)
            return super(MailThread, watching).message_process(
                model,
                message,
                custom_values=custom_values,
                save_original=save_original,
                strip_attachments=strip_attachments,
                thread_id=thread_id,
            )

        if self.env.context.get("mailflow_without_tickets"):
            return stock()
        fetched = self.env.context.get("mailflow_fetched")
        if fetched:
            fetched.is_safe = False
        raw = self._mailflow_raw(message)
        fallback = None
        if model == "helpdesk.ticket" and not thread_id:
            # a ticket that the caller names counts only where nothing else leads to one
            fallback = dict(custom_values or {})
        if not self._mailflow_concerns_helpdesk(raw, fallback):
            if fetched:
                fetched.is_safe = True
            try:
                return stock()
            except TicketRoute:
                # Odoo reads recipients in another way than we do, and found a ticket's
                _logger.info("A mail led to tickets by Odoo's routes only")
                if fetched:
                    fetched.is_safe = False
        return self._mailflow_take(raw, fallback, strip_attachments)

    @api.model
    def _mailflow_raw(self, message) -> bytes:
        if isinstance(message, xmlrpclib.Binary):
            return bytes(message.data)
        if isinstance(message, str):
            return message.encode("utf-8", "surrogateescape")
        if not isinstance(message, bytes | bytearray):
            raise TypeError("A message is bytes, or text.")
        return bytes(message)

    @api.model
    def _mailflow_concerns_helpdesk(self, raw: bytes, fallback) -> bool:
        """Whether a mail is ours, from its headers alone."""
        head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n\n"
        return self.env["helpdesk.intake.judge"].sudo()._concerns_helpdesk(read(head), fallback)

    @api.model
    def _mailflow_take(self, raw: bytes, fallback, strip_attachments):
        """Store and process a mail in the caller's transaction.

        :return: id of the ticket, False if there is none; as ``message_process``
        """
        server = (
            self.env["fetchmail.server"]
            .sudo()
            .browse(self.env.context.get("default_fetchmail_server_id") or [])
        )
        if server:
            values, origin = (
                {"door": "incoming_server"},
                ("stored_incoming_server", {"server": server.name}),
            )
        elif self.env.context.get("mailflow_door") == "mailgate":
            values, origin = {"door": "mailgate"}, ("stored_mailgate", {})
        else:
            values, origin = {"door": "rpc"}, ("stored_rpc", {})
        # sudo: the ledger is not the caller's to write; what the mail makes is made in the
        # name of its sender, as Odoo's gateway does
        intake = self.with_context(default_fetchmail_server_id=None).env["helpdesk.intake"].sudo()
        limit = intake._max_size()
        notes = []
        if len(raw) > limit:
            # kept whole: after this call nobody else may have it
            notes.append(note("stored_above_limit", limit=limit))
        row = intake._store(
            [
                Arrival(
                    raw,
                    {**values, "fallback": fallback, "strip_attachments": strip_attachments},
                    (origin[0], {**origin[1], "size": len(raw)}),
                    notes=notes,
                )
            ]
        )
        fetched = self.env.context.get("mailflow_fetched")
        if server and fetched:
            # Odoo's own fetchmail is done with the mail whatever happens now: its message
            # cursor is for one mail at a time, so that what was stored can be committed
            intake._commit()
            fetched.is_safe = True
        intake._process(row)
        return row.delivery_ids.ticket_id[:1].id or False

    def _routing_create_bounce_email(self, email_from, body_html, message, **mail_values):
        """Odoo's gateway answers a mail that it refuses. Not to ourselves: that would come in
        again, and be refused again. Where the mail was for tickets, too, other programs are
        told that nobody wrote this, and we know it when it comes back (RFC 3834)."""
        answered = decode_message_header(message, "Return-Path") or email_from
        withheld = self.env["helpdesk.outgoing.filter"]._suppressed(
            tools.email_normalize_all(answered or ""), self.env.company
        )
        if withheld:
            _logger.info(
                "No automatic refusal is sent to %s, which is on the outgoing filter",
                ", ".join(withheld),
            )
            return None
        context = self.env.context
        if context.get("mailflow_without_tickets") or context.get("mailflow_refused_by_alias"):
            given = ast.literal_eval(mail_values.get("headers") or "{}")
            mail_values["headers"] = repr(
                {
                    **given,
                    **automatic_headers("auto-replied"),
                    **stamp_header(self.env, "automatic", 0),
                }
            )
        return super()._routing_create_bounce_email(email_from, body_html, message, **mail_values)

    @api.model
    def message_route(self, message, message_dict, model=None, thread_id=None, custom_values=None):
        routes = super().message_route(
            message, message_dict, model=model, thread_id=thread_id, custom_values=custom_values
        )
        to_tickets = [route for route in routes if route[0] == "helpdesk.ticket"]
        if self.env.context.get("mailflow_without_tickets"):
            return [route for route in routes if route not in to_tickets]
        if to_tickets and self.env.context.get("mailflow_watches_routes"):
            raise TicketRoute
        return routes
