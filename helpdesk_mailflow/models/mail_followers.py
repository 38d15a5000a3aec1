# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from contextlib import contextmanager

from odoo import api, models

#: Where the answers are, in the cache of the transaction.
ANSWERS = "helpdesk_mailflow.followers"


class MailFollowers(models.Model):
    """Asks the database about followers once for a batch of mails.

    Odoo asks for each mail who follows the team of its new ticket, and whom to notify of its
    message. Both answers depend on followers, so any change of followers forgets them.
    """

    _inherit = "mail.followers"

    @api.model
    @contextmanager
    def _mailflow_batch(self, tickets=None):
        """Answer from memory inside of this context.

        :param tickets: of which each is notified of a message now; of these the recipients
            are looked up together, too
        """
        cache = self.env.cr.cache
        cache[ANSWERS] = {
            "subscriptions": {},
            "recipients": {},
            "filtered": {},
            "open": set(tickets.ids if tickets else ()),
        }
        try:
            yield
        finally:
            cache.pop(ANSWERS, None)

    def _invalidate_documents(self, vals_list=None):
        answers = self.env.cr.cache.get(ANSWERS)
        if answers:
            answers["subscriptions"].clear()
            answers["recipients"].clear()
        return super()._invalidate_documents(vals_list)

    def _get_subscription_data(self, doc_data, pids, include_pshare=False, include_active=False):
        answers = self.env.cr.cache.get(ANSWERS)
        if not answers or pids is not None:
            return super()._get_subscription_data(doc_data, pids, include_pshare, include_active)
        key = repr((doc_data, include_pshare, include_active))
        if key not in answers["subscriptions"]:
            answers["subscriptions"][key] = super()._get_subscription_data(
                doc_data, pids, include_pshare, include_active
            )
        return answers["subscriptions"][key]

    def _get_recipient_data(self, records, message_type, subtype_id, pids=None):
        answers = self.env.cr.cache.get(ANSWERS)
        if (
            not answers
            or pids
            or len(records) != 1
            or records._name != "helpdesk.ticket"
            or records.id not in answers["open"]
        ):
            return super()._get_recipient_data(records, message_type, subtype_id, pids=pids)
        found = answers["recipients"].get((message_type, subtype_id))
        if found is None:
            found = super()._get_recipient_data(
                records.browse(answers["open"]), message_type, subtype_id, pids=pids
            )
            answers["recipients"][message_type, subtype_id] = found
        # given away once: a second message on the same ticket may meet other followers
        answers["open"].discard(records.id)
        return {records.id: found[records.id]}

    @api.model
    def _mailflow_remembered(self, emails, company, look_up):
        """What the outgoing filter says of addresses, asked once for each in a batch.

        :param look_up: called with the addresses that are new: returns address -> why
        :return: address -> why nothing is sent there
        """
        answers = self.env.cr.cache.get(ANSWERS)
        if not answers:
            return look_up(emails)
        known = answers["filtered"].setdefault(company.id, {})
        unknown = emails - known.keys()
        if unknown:
            known.update(dict.fromkeys(unknown))
            known.update(look_up(unknown))
        return {email: known[email] for email in emails if known[email]}
