# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from collections import defaultdict

from odoo import api, models, tools

from ..mailflow.kind import EXCHANGE_FORWARDERS, Kind
from ..mailflow.mail import Mail
from ..mailflow.note import Note, note
from . import own_mail
from .helpdesk_from_verification import HEADER as VERIFICATION_HEADER
from .intake_values import Entry, OwnMail

#: Stamps of one mail that are looked at; we write one.
STAMPS = 8
#: Reports about a mail are told from that mail, even if they repeat its header fields.
REPORTS = (Kind.BOUNCE, Kind.RECEIPT, Kind.FEEDBACK)
#: Purposes whose subject is a ticket; the others are about an address of ours.
OF_TICKETS = ("", "answer", "automatic", "forward")


class HelpdeskIntakeOwn(models.AbstractModel):
    """Mail of our own that comes back: by its stamp, since relays rewrite Message-IDs, or by
    its Message-ID, since some take out the stamp.

    Only the header of the mail itself counts, not what it quotes or has attached; an answer
    to a mail of ours does not carry the stamp on. Whoever has a mail of ours can copy its marks
    onto another one, to have it overlooked: so the sender has to be ours, too. If it is not, the
    mail is held for a person to see.
    """

    _name = "helpdesk.intake.own"
    _description = "Intake of mail: our own mail"

    # ------------------------------------------------------------
    # JUDGE
    # ------------------------------------------------------------

    @api.model
    def _recognise(self, entries: list[Entry], kinds, own_addresses) -> dict[int, OwnMail]:
        """Which of these mails are ours: row id -> OwnMail; the others are absent.

        :param kinds: row id -> KindResult
        :param own_addresses: those addresses of the mails that are ours
        """
        marked = {}
        proven = self.env["helpdesk.mailbox.test"]._proven_by(entries, kinds)
        for each in entries:
            if each.row_id in proven:
                # also if its other marks were taken out on the way
                mark = "connection", str(proven[each.row_id].id)
            elif kinds[each.row_id].kind in REPORTS:
                mark = self._returned_mark(each.mail, kinds[each.row_id].original_message_ids)
            else:
                mark = self._mark(each.mail)
            if mark:
                marked[each.row_id] = mark
        if not marked:
            return {}
        entries = [each for each in entries if each.row_id in marked]
        senders = self._senders(entries)
        names = self._names(marked.values())
        result = {}
        for each in entries:
            purpose, subject = marked[each.row_id]
            returned = kinds[each.row_id].kind in REPORTS
            sender = each.mail.from_.normalized
            genuine = (
                returned
                or each.row_id in proven
                or sender in own_addresses
                or sender in senders[each.row_id]
            )
            name = names.get((self._model_of(purpose), subject), "")
            if not genuine:
                told = note("own_copied", address=each.mail.from_.email)
            elif returned:
                told = self._returned_note(purpose, name)
            else:
                told = self._note(purpose, name)
            notes = [told]
            resent_by = tools.email_normalize(each.mail.header("Resent-From"), strict=False)
            if genuine and resent_by:
                notes.append(note("own_resent", address=resent_by))
            # an automatic answer opens no ticket, whatever it copied
            copied = not genuine and kinds[each.row_id].kind is Kind.AUTO_REPLY
            decides = not (returned or copied or each.forced)
            result[each.row_id] = OwnMail(
                purpose, subject, genuine, returned, decides, tuple(notes)
            )
        return result

    @api.model
    def _concerns_us(self, mail: Mail, for_others: bool) -> bool:
        """Whether a mail that leads to no ticket is ours that came back. For other parts of Odoo
        only what somebody made look like it is left to them.

        :param mail: its headers are enough
        :param for_others: a recipient leads to something else in Odoo
        """
        if not self._mark(mail):
            return False
        if not for_others:
            return True
        sender = mail.from_.normalized
        # sudo: whoever hands a mail over need not be able to read aliases
        domains = self.env["mail.alias.domain"].sudo()
        entry = Entry(row_id=0, mail=mail)
        return bool(domains._find_aliases([sender])) or sender in self._senders([entry])[0]

    @api.model
    def _mark(self, mail: Mail) -> tuple[str, str] | None:
        """(purpose, subject) that the mail itself carries; the purpose is ``""`` if only its
        Message-ID tells."""
        for value in mail.header_all(own_mail.HEADER)[:STAMPS]:
            stamp = own_mail.read_stamp(self.env, value)
            if stamp:
                return stamp
        ticket_id = own_mail.read_message_id(self.env, mail.message_id)
        return None if ticket_id is None else ("", str(ticket_id))

    @api.model
    def _returned_mark(self, mail: Mail, message_ids) -> tuple[str, str] | None:
        """The same of the mail that a report is about; of those without a ticket only, since
        with one the thread tells.

        :param message_ids: that the report names
        """
        for fields in mail.delivery.originals[:STAMPS]:
            for name, value in fields:
                if name.lower() == own_mail.HEADER.lower():
                    stamp = own_mail.read_stamp(self.env, value)
                    if stamp:
                        return stamp if stamp[0] not in OF_TICKETS else None
        ours = [each for each in message_ids if own_mail.read_message_id(self.env, each) == 0]
        if ours:
            # sudo: rows are the system's
            rows = self.env["helpdesk.from.verification"].sudo()
            address = rows.search([("message_id", "in", ours)], limit=1).address_id
            if address:
                return "verification", str(address.id)
            # sudo: as above
            tests = self.env["helpdesk.mailbox.test"].sudo()
            test = tests.search([("message_id", "in", ours)], limit=1)
            if test:
                return "connection", str(test.id)
        return None

    @api.model
    def _senders(self, entries) -> dict[int, set[str]]:
        """Addresses that each of these mails may come from if it is ours: From addresses, and
        what Odoo sent the very message as."""
        emails = {each.mail.from_.normalized for each in entries}
        usable = set(
            # sudo: of any company; the answer stays in here
            self.env["helpdesk.from.address"]
            .sudo()
            .search([("email", "in", list(emails)), ("state", "=", "verified")])
            .mapped("email")
        )
        messages = self.env["helpdesk.intake.judge"]._messages_by_id(
            [each.mail.message_id for each in entries]
        )
        return {
            each.row_id: usable
            | {
                tools.email_normalize(email_from or "")
                for _id, _row, _model, _res, email_from, _date, kind in messages[
                    each.mail.message_id
                ]
                # what came in may have been written by anybody
                if kind != "email"
            }
            for each in entries
        }

    @api.model
    def _model_of(self, purpose: str) -> str:
        """What the subject of a stamp is a record of."""
        if purpose == "connection":
            return "helpdesk.mailbox.test"
        return "helpdesk.ticket" if purpose in OF_TICKETS else "helpdesk.from.address"

    @api.model
    def _names(self, marks) -> dict[tuple[str, str], str]:
        """What the subjects of stamps are called: (model, subject) -> name."""
        subjects = defaultdict(set)
        for purpose, subject in marks:
            subjects[self._model_of(purpose)].add(subject)
        found = {}
        for model, of_model in subjects.items():
            name = "number" if model == "helpdesk.ticket" else "email"
            # sudo: as all of the intake
            for record in self._browse(model, of_model).sudo().exists():
                found[model, str(record.id)] = record[name]
        return found

    @api.model
    def _browse(self, model: str, subjects):
        """Records that subjects of stamps name; ids that PostgreSQL cannot have are left out."""
        ids = [int(each) for each in subjects if each.isdecimal() and len(each) < 10]
        return self.env[model].browse([each for each in ids if each])

    @api.model
    def _note(self, purpose: str, name: str) -> Note:
        if purpose == "verification":
            return note("own_verification", address=name or "-")
        if purpose == "test":
            return note("own_test", address=name or "-")
        if purpose == "connection":
            return note("own_connection", address=name or "-")
        if not name:
            return note("own_message")
        if purpose == "automatic":
            return note("own_automatic", ticket=name)
        if purpose == "forward":
            return note("own_forward", ticket=name)
        return note("own_answer", ticket=name)

    @api.model
    def _returned_note(self, purpose: str, name: str) -> Note:
        if purpose == "verification":
            return note("own_verification_bounced", address=name or "-")
        if purpose == "connection":
            return note("own_connection_bounced", address=name or "-")
        return note("own_test_bounced", address=name or "-")

    # ------------------------------------------------------------
    # ACT
    # ------------------------------------------------------------

    @api.model
    def _act(self, plans) -> None:
        """Tell From addresses of their own mails that came back, or could not be delivered."""
        FromAddress = self.env["helpdesk.from.address"]
        Test = self.env["helpdesk.mailbox.test"]
        came_back = []
        for plan in plans:
            own, mail = plan.verdict.own_mail, plan.verdict.entry.mail
            if not own or not own.genuine or plan.verdict.entry.forced:
                continue
            if own.returned:
                if own.purpose == "verification" and plan.verdict.kind.kind is Kind.BOUNCE:
                    FromAddress._verification_bounced(plan.verdict.kind.original_message_ids)
                if own.purpose == "connection" and plan.verdict.kind.kind is Kind.BOUNCE:
                    Test._bounced(self._browse(Test._name, [own.subject]).ids)
                continue
            came_back.append((mail, own.purpose))
            if own.purpose == "connection":
                # the stamp may be a copy; the token is waited for, or not
                entry = plan.verdict.entry
                for test in Test._proven_by([entry], {entry.row_id: plan.verdict.kind}).values():
                    test._came_back(mail)
            if own.purpose == "verification" and not self._is_resent_by_hand(mail):
                # who redirects it may only wonder what it is, which proves nothing
                FromAddress._verification_came_back(mail.header(VERIFICATION_HEADER))
        FromAddress._learn_selectors(came_back)

    @api.model
    def _is_resent_by_hand(self, mail: Mail) -> bool:
        """Whether somebody sent it on, rather than a rule: mailboxes of Exchange, which have
        Resent-From written in both cases, say by which of their settings it was."""
        if not mail.header("Resent-From"):
            return False
        resent_by = tools.email_normalize(mail.header("Resent-From"), strict=False)
        automatic = {each.email for each in mail.recipients if each.header in EXCHANGE_FORWARDERS}
        return resent_by not in automatic
