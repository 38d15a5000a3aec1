# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The sentences of a trace.

A trace is stored as codes with values, so that everyone reads it in a language of
their own. Each code that a step or the engine may leave has its sentence here.
"""

import json
import logging
from datetime import date, datetime

from odoo import fields
from odoo.tools import format_date, format_time
from odoo.tools.translate import LazyTranslate

from ..mailflow.note import Note
from . import bounce_sentences

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

STEPS = {
    "store": _lt("Stored"),
    "read": _lt("Read"),
    "judge": _lt("Judged"),
    "decide": _lt("Decided"),
    "act": _lt("Done"),
    "mailbox": _lt("In the mailbox"),
    "person": _lt("By a person"),
}

SENTENCES = {
    # store
    "stored_scanner": _lt("Fetched from the folder %(folder)s, %(size)s bytes."),
    "stored_incoming_server": _lt(
        "Fetched by Odoo's incoming mail server %(server)s, %(size)s bytes."
    ),
    "stored_rpc": _lt("Handed over by another program, %(size)s bytes."),
    "stored_mailgate": _lt("Handed over by the mail gateway script, %(size)s bytes."),
    "stored_upload": _lt("Dropped here as a file by %(user)s, %(size)s bytes."),
    "stored_whole": _lt("The whole mail was fetched again, %(size)s bytes."),
    "stored_above_limit": _lt(
        "It is larger than the limit of %(limit)s bytes, and kept whole, since it is nowhere else."
    ),
    "stored_start_only": _lt(
        "With %(size)s bytes it is larger than the limit of %(limit)s bytes: only its start is"
        " kept here, the whole mail stays in the mailbox."
    ),
    # judge
    "alias_by_header": _lt("%(address)s in %(header)s leads to the support alias %(alias)s."),
    "alias_of_scanner": _lt(
        "No recipient leads to a support alias, so it goes to the default alias %(alias)s of the"
        " scanner."
    ),
    "alias_first": _lt(
        "No recipient leads to a support alias, so it goes to the company's first one, %(alias)s."
    ),
    "alias_by_person": _lt("Taken in for the support alias %(alias)s."),
    "alias_none": _lt("No recipient leads to a support alias; it came in for tickets in general."),
    "alias_of_quoted": _lt("No recipient leads to a support alias; it goes where that ticket is."),
    "alias_retired": _lt(
        "%(address)s in %(header)s was an address of the support alias %(alias)s and is retired, so"
        " it leads nowhere."
    ),
    "alias_of_odoo": _lt("%(address)s in %(header)s is an Odoo alias that opens tickets."),
    "thread_signed": _lt(
        "It answers our own mail of ticket %(ticket)s (%(header)s: %(message_id)s)."
    ),
    "thread_reference": _lt(
        "It answers a message of ticket %(ticket)s (%(header)s: %(message_id)s)."
    ),
    "thread_tag": _lt("The tag %(tag)s in its subject names ticket %(ticket)s."),
    "thread_tag_agent": _lt(
        "The tag %(tag)s in its subject names ticket %(ticket)s. It comes from an agent's address,"
        " but a number proves nothing about who wrote: it is kept there as an internal note."
    ),
    "thread_tag_forward": _lt(
        "The tag %(tag)s in its subject names ticket %(ticket)s, which an agent forwarded to this"
        " sender. A number proves nothing about who wrote: it is kept there as an internal note."
    ),
    "thread_conversation": _lt(
        "It is of a conversation in Outlook that ticket %(ticket)s has mails of (%(header)s)."
    ),
    "thread_account": _lt(
        "%(address)s is of the same account as the requester of ticket %(ticket)s, so may answer"
        " it."
    ),
    "thread_forwarded": _lt(
        "An agent forwarded something of ticket %(ticket)s to %(address)s, so it is kept there as"
        " an internal note."
    ),
    "thread_by_reply_to": _lt(
        "Reply-To names %(reply_to)s, the requester of ticket %(ticket)s, as an earlier mail there"
        " from where %(address)s is did."
    ),
    "thread_auto_reply": _lt(
        "%(address)s takes no part in ticket %(ticket)s, but answers a mail that we sent: it is"
        " kept there as an internal note."
    ),
    "thread_marked": _lt(
        "%(address)s takes part in ticket %(ticket)s, but it is not proven who wrote. It is added"
        " and marked."
    ),
    "thread_stranger": _lt(
        "It refers to ticket %(ticket)s, but %(address)s takes no part in that ticket. So it does"
        " not join it."
    ),
    "thread_tag_stranger": _lt(
        "Its subject names ticket %(ticket)s, but %(address)s takes no part in that ticket."
        " So it does not join it."
    ),
    "thread_unproven": _lt(
        "%(address)s takes part in ticket %(ticket)s, but it is not proven who wrote, and what it"
        " refers to is no secret. So it does not join it."
    ),
    "thread_impostor": _lt(
        "It refers to ticket %(ticket)s and says to be from %(address)s of our own, which is not"
        " proven. So it does not join it."
    ),
    "thread_gone": _lt("It answers ticket %(ticket)s, which is archived. It opens a new one."),
    "thread_deleted": _lt(
        "It answers a ticket that was deleted (number %(number)s in the database). It opens a new"
        " one."
    ),
    "thread_merged": _lt("Ticket %(ticket)s was merged into ticket %(survivor)s."),
    "thread_goes_on": _lt("Ticket %(ticket)s is closed and goes on in ticket %(survivor)s."),
    "thread_vain": _lt(
        "It answers other mails (%(count)s), but they are of no ticket, and neither its subject nor"
        " its conversation leads to one."
    ),
    "known_delivery": _lt("The same mail came in before: incoming mail %(mail)s."),
    "known_message": _lt("Odoo has this message already, as message %(message)s on %(record)s."),
    "suspect_identity": _lt(
        "It has the Message-ID, sender and date of incoming mail %(mail)s, but another text. It is"
        " held: take it in if both are real."
    ),
    "own_answer": _lt(
        "It is our own answer on ticket %(ticket)s, a copy of which came back to us."
    ),
    "own_automatic": _lt("It is our own automatic answer on ticket %(ticket)s, which came back."),
    "own_forward": _lt(
        "It is our own mail that sent ticket %(ticket)s on to others, and came back to us."
    ),
    "own_verification": _lt("It is our own verification mail to %(address)s, which came back."),
    "own_test": _lt("It is our own test mail to %(address)s, which came back."),
    "own_connection": _lt(
        "It is the test mail to %(address)s, which came back: mail to this address comes in here."
    ),
    "own_connection_bounced": _lt(
        "It tells that the test mail to %(address)s could not be delivered."
    ),
    "own_message": _lt("It is a mail of our own that came back to us."),
    "own_verification_bounced": _lt(
        "It tells that our verification mail to %(address)s could not be delivered."
    ),
    "own_test_bounced": _lt("It tells that our test mail to %(address)s could not be delivered."),
    "own_resent": _lt("%(address)s sent it on as it was (Resent-From)."),
    "own_copied": _lt(
        "It carries the mark of a mail that we sent, but %(address)s is none of our senders:"
        " somebody copied the mark, or a server on its way changed the sender."
    ),
    "trust_dmarc": _lt("%(server)s reports for DMARC: %(result)s."),
    "trust_dmarc_other": _lt(
        "%(server)s checked %(domain)s by DMARC, which is not the domain of the sender. So nothing"
        " is known about the sender."
    ),
    "trust_unreadable": _lt(
        "What %(server)s reports about the sender cannot be read, so it proves nothing."
    ),
    "trust_aligned": _lt(
        "%(server)s has no result for DMARC, but reports that the mail is from %(domain)s by"
        " %(method)s, which proves the sender."
    ),
    "trust_unproven": _lt(
        "%(server)s reports nothing that proves the sender (SPF: %(spf)s, DKIM: %(dkim)s, DMARC:"
        " %(dmarc)s)."
    ),
    "trust_several_from": _lt(
        "It names several senders of different organizations, so nothing proves who wrote."
    ),
    "trust_internal": _lt(
        "%(server)s took it from a user of the own organization who had logged in, which proves the"
        " sender."
    ),
    "trust_other_server": _lt(
        "The topmost report about the sender is of %(other)s, not of %(server)s as the mail"
        " scanner is set up. So nothing is known about the sender."
    ),
    "trust_no_report": _lt("It has no report of %(server)s, so nothing is known about the sender."),
    "trust_not_confirmed": _lt(
        "Nothing is decided by that, since nobody has confirmed on the mail scanner that %(server)s"
        " receives its mail."
    ),
    "trust_forwarder": _lt(
        "%(forwarder)s forwarded it and is trusted: %(server)s confirms the seal, and when it came"
        " there the sender was proven."
    ),
    "trust_forwarder_unknown": _lt(
        "%(forwarder)s forwarded and sealed it, but is not among the trusted forwarders of the"
        " settings."
    ),
    "author_list": _lt(
        "%(list)s sent it on in its own name; %(header)s names %(address)s as who wrote."
    ),
    "author_several": _lt(
        "It names %(count)s authors. %(address)s counts, as who sent it or as the first."
    ),
    "author_sender": _lt(
        "%(sender)s sent it on behalf of %(address)s. It counts as a mail of %(address)s."
    ),
    "writer_agent_proven": _lt(
        "%(address)s is the agent %(agent)s, which the receiving server confirms."
    ),
    "writer_agent_unknown": _lt(
        "%(address)s is the agent %(agent)s. No server that is believed reports whether that is"
        " proven, so it is taken as it says."
    ),
    "writer_agent_failed": _lt(
        "It says to be from the agent %(address)s, but the check of that failed (DMARC). So it is"
        " treated as a stranger's."
    ),
    "writer_agent_unproven": _lt(
        "It says to be from the agent %(address)s, but the receiving server does not confirm that."
        " So it is treated as a stranger's."
    ),
    "writer_agent_by_list": _lt(
        "It says to be from the agent %(address)s, but came by way of a list, where anybody can say"
        " that. So it is treated as a stranger's."
    ),
    "writer_own_failed": _lt(
        "It says to be from %(address)s of our own, but the check of that failed (DMARC). So it is"
        " treated as a stranger's."
    ),
    "writer_own_unproven": _lt(
        "It says to be from %(address)s of our own, but the receiving server does not confirm that."
        " So it is treated as a stranger's."
    ),
    "requester_form_own": _lt(
        "%(sender)s is one of our own addresses, as forms on web pages use it. It is from"
        " %(address)s, whom Reply-To names."
    ),
    "requester_form_no_reply": _lt(
        "Nobody reads mail to %(sender)s. It is from %(address)s, whom Reply-To names."
    ),
    "requester_reply_to": _lt(
        "Answers are to go to %(address)s (Reply-To), so that is the contact and not %(sender)s."
    ),
    "requester_reply_to_own": _lt(
        "Reply-To names %(address)s, which is one of our own. So the sender is the contact."
    ),
    "requester_forwarded": _lt(
        "%(agent)s forwarded a mail of %(address)s, so that is the requester, and title and text"
        " are those of the original mail."
    ),
    "requester_forward_off": _lt(
        "%(agent)s forwarded somebody else's mail. The policy “Requester from a forwarded mail” is"
        " off, so the ticket is the agent's. “Set requester” on the ticket changes that."
    ),
    "requester_forward_unsure": _lt(
        "%(agent)s forwarded a mail, but who wrote that one can't be told for certain, so the"
        " ticket is the agent's. Choose who it is by “Set requester” on the ticket."
    ),
    "requester_reply_to_elsewhere": _lt(
        "Be careful: %(address)s is at another mail domain than the sender, and the check of the"
        " sender failed (DMARC)."
    ),
    "contact_impostor": _lt("Nothing is done in the name of %(address)s, so there is no contact."),
    "contact_found": _lt("%(address)s is the contact %(contact)s."),
    "contact_chosen": _lt(
        "%(count)s contacts have the address %(address)s. %(contact)s was chosen: %(why)s."
    ),
    "contact_new": _lt("No contact has the address %(address)s. With a ticket a new one is made."),
    "contact_participant": _lt(
        "No contact has the address %(address)s, which takes part by address in ticket %(ticket)s."
    ),
    "contact_by_rule_only": _lt(
        "No contact has the address %(address)s, and contacts are made only when a rule says so."
    ),
    "contact_own_address": _lt(
        "%(address)s is one of our own addresses. It never becomes a contact."
    ),
    "contact_no_address": _lt("It names no sender with a usable address, so there is no contact."),
    "account_by_domain": _lt("%(domain)s is the mail domain of the account %(account)s."),
    "account_free_mail": _lt(
        "%(domain)s is a free-mail provider, so it tells nothing about an account."
    ),
    "account_several": _lt(
        "%(count)s accounts share the domain %(domain)s. %(account)s has most contacts there."
    ),
    "sender_trusted": _lt(
        "%(address)s is trusted: %(user)s added %(pattern)s to the trusted senders of %(company)s"
        " on %(when)s."
    ),
    "sender_trusted_rule": _lt(
        "%(address)s is trusted: a rule added %(pattern)s to the trusted senders of %(company)s on"
        " %(when)s."
    ),
    "rule_trusted": _lt(
        "%(pattern)s is trusted, so the mail is neither held nor spam as the rule “%(rule)s” wants."
    ),
    "sender_colleague": _lt(
        "%(pattern)s is blocked, but %(address)s belongs to a user, and mail of colleagues is never"
        " blocked."
    ),
    # decide
    "sender_blocked": _lt(
        "%(address)s is blocked: %(user)s blocked %(pattern)s for %(company)s on %(when)s."
    ),
    "sender_blocked_rule": _lt(
        "%(address)s is blocked: a rule blocked %(pattern)s for %(company)s on %(when)s."
    ),
    "decide_blocked": _lt("So it stays in the list of incoming mails and becomes nothing else."),
    "decide_dmarc_hold": _lt(
        "%(address)s fails DMARC, and the support alias %(alias)s holds such mail for a person."
    ),
    "decide_dmarc_spam": _lt(
        "%(address)s fails DMARC, and to the support alias %(alias)s such mail is spam: no ticket,"
        " it stays in the list of incoming mails."
    ),
    "decide_dmarc_reply": _lt("So it does not join ticket %(ticket)s."),
    "decide_ticket": _lt("It opens a ticket."),
    "decide_own": _lt("So it opens no ticket and joins none."),
    "decide_held_own": _lt("It is held: take it in if it is a customer's mail."),
    "decide_reply": _lt("It joins ticket %(ticket)s as a message."),
    "decide_internal": _lt(
        "It answers what the requester does not see, so the requester does not see it either."
    ),
    "decide_alone": _lt(
        "It is not proven who wrote, so whom it names in To and Cc does not take part by it."
    ),
    "decide_stays_closed": _lt(
        "Ticket %(ticket)s is closed, and a program's message does not open it again."
    ),
    "decide_also_addressed": _lt(
        "The support alias %(alias)s is addressed, too; a reply joins its ticket %(ticket)s only."
    ),
    "decide_note": _lt(
        "As an automatic answer it is kept on ticket %(ticket)s as a note and reopens nothing."
    ),
    "decide_auto_reply_ledger": _lt(
        "As an automatic answer without a ticket it stays in the list of incoming mails only."
    ),
    "decide_bounce": _lt(
        "It is noted on the message of ticket %(ticket)s that could not be delivered."
    ),
    "decide_bounce_ledger": _lt(
        "It belongs to no message of a ticket, so it stays in the list of incoming mails only."
    ),
    "decide_receipt": _lt("It is kept with ticket %(ticket)s, whose message it is the receipt of."),
    "decide_complaint": _lt(
        "It is a spam complaint about a message of ticket %(ticket)s, which is kept with it."
    ),
    "decide_feedback": _lt(
        "Somebody marked a mail of ours as spam. It stays in the list of incoming mails."
    ),
    "decide_not_taken_in": _lt(
        "Intake of the support alias %(alias)s is off. The mail is kept and can be taken in later."
    ),
    "decide_duplicate": _lt("So nothing was made of it again."),
    "decide_pass_on": _lt("Another part of Odoo gets it, too: it is addressed to %(address)s."),
    "decide_passed_on": _lt(
        "It is not for the helpdesk: Odoo's own mail gateway takes it (%(address)s)."
    ),
    "decide_held_sender": _lt(
        "The alias %(alias)s accepts mail from known contacts only, and %(address)s is unknown."
    ),
    "decide_held_unknown": _lt(
        "Held: unknown sender. Only known contacts open tickets here, and nobody has the address"
        " %(address)s."
    ),
    "decide_held_impostor": _lt(
        "Held: only known contacts open tickets here, and nothing proves that it comes from"
        " %(address)s."
    ),
    "decide_held_start_only": _lt(
        "It is held, since only its start could be kept. Once the limit in the settings is"
        " raised, the next visit to the mailbox fetches all of it."
    ),
    "decide_left_alone": _lt(
        "No rule matches it, so it is left alone, as the mail scanner is set up."
    ),
    "decide_report_ledger": _lt(
        "It tells of another mail and no rule wants it as a ticket, so it stays in the list of"
        " incoming mails only."
    ),
    # scanner rules
    "rule_matched": _lt("The rule “%(rule)s” matches."),
    "rule_decided_before": _lt(
        "What the rule “%(rule)s” makes of it is left out: an earlier action has decided already."
    ),
    "rule_ignored": _lt("It is ignored: no ticket, it stays in the list of incoming mails."),
    "rule_held": _lt("It is held for review."),
    "rule_spam": _lt("It is spam: no ticket, it stays in the list of incoming mails."),
    "rule_by_number": _lt("It names the number of the ticket %(ticket)s, so it joins that."),
    "rule_by_subject": _lt("The open ticket %(ticket)s has the same subject, so it joins that."),
    "rule_appended": _lt("The requester has the open ticket %(ticket)s, so it joins that."),
    "rule_append_none": _lt(
        "The rule “%(rule)s” appends to an open ticket of the requester, and there is none."
    ),
    "rule_marked": _lt(
        "It is not proven that whoever wrote takes part in ticket %(ticket)s, so it is marked."
    ),
    "rule_finds_none": _lt("The rule “%(rule)s” finds no ticket to update."),
    "rule_stranger": _lt(
        "It names the number of the ticket %(ticket)s, but %(address)s takes no part in that, so it"
        " does not join it."
    ),
    "rule_new_beside": _lt(
        "It answers the ticket %(ticket)s, but always opens a new one by this rule."
    ),
    "rule_sets": _lt("The rule “%(rule)s” sets: %(fields)s."),
    "rule_contact": _lt("The rule “%(rule)s” makes a contact of the sender."),
    "rule_account_left": _lt(
        "The rule “%(rule)s” sets the account, which is that of the contact. So it does that only"
        " for a new ticket of somebody who has no contact yet."
    ),
    "rule_contact_known": _lt(
        "The rule “%(rule)s” makes a contact if there is none; the sender has one."
    ),
    "rule_contact_none": _lt(
        "The rule “%(rule)s” makes a contact, but no contact can be made of this sender."
    ),
    "rule_to_team": _lt("The rule “%(rule)s” routes it to the team %(team)s, unassigned."),
    "rule_to_agent": _lt("The rule “%(rule)s” routes it to %(agent)s (team %(team)s)."),
    "rule_not_routed": _lt(
        "The rule “%(rule)s” routes new tickets only; this joins the ticket %(ticket)s, which stays"
        " where it is."
    ),
    "rule_followers": _lt("By the rule “%(rule)s” these follow the ticket: %(names)s."),
    "rule_answers": _lt("The rule “%(rule)s” answers with the template %(template)s."),
    "rule_answers_no_note": _lt("A mail that joins as a note is not answered automatically."),
    "rule_server_action": _lt(
        "The rule “%(rule)s” runs the server action %(action)s with the rights of %(user)s."
    ),
    "rule_server_action_done": _lt("The server action %(action)s was run."),
    "rule_server_action_failed": _lt(
        "The server action %(action)s of the rule “%(rule)s” failed, and changed nothing: %(error)s"
    ),
    "rule_no_junk_folder": _lt(
        "The mailbox has no folder for junk, so the rule “%(rule)s” leaves the mail where it is."
        " Choose a folder in its action."
    ),
    "rule_sender_blocked": _lt("%(address)s is a blocked sender from now on."),
    "rule_value_unfit": _lt(
        "The rule “%(rule)s” does not set %(field)s: “%(value)s” does not fit it."
    ),
    "rule_field_gone": _lt(
        "The rule “%(rule)s” sets the field %(field)s, which is gone. Choose another one."
    ),
    "rule_placeholder_gone": _lt(
        "The rule “%(rule)s” sets %(field)s with the placeholder {%(name)s}, which its condition"
        " does not find any more. Change the text or the pattern."
    ),
    "rule_record_gone": _lt(
        "The rule “%(rule)s” cannot set %(field)s: what it names was deleted or archived, or never"
        " chosen. Choose something else."
    ),
    "rule_record_elsewhere": _lt(
        "The rule “%(rule)s” cannot set %(field)s: what it names belongs to another company. Choose"
        " something else."
    ),
    "rule_stage_elsewhere": _lt(
        "The rule “%(rule)s” cannot set the stage %(stage)s, which the ticket's team does not"
        " have. Choose another one."
    ),
    "rule_team_empty": _lt(
        "The rule “%(rule)s” finds nobody in the team %(team)s who can get the ticket. Add members"
        " to the team."
    ),
    "rule_followers_gone": _lt(
        "The rule “%(rule)s” adds followers, but there are none any more. Choose some."
    ),
    "rule_template_gone": _lt(
        "The rule “%(rule)s” answers with a template that was deleted or archived. Choose another"
        " one."
    ),
    "rule_server_action_gone": _lt(
        "The rule “%(rule)s” runs a server action that was deleted, or is not released for helpdesk"
        " rules any more. Choose another one."
    ),
    "rule_server_action_nobody": _lt(
        "The server action %(action)s of the rule “%(rule)s” is not run: whoever saved it cannot"
        " work in this company any more. Save the action again."
    ),
    "rule_action_failed": _lt("An action of the rule “%(rule)s” could not be done: %(error)s"),
    "rule_place_gone": _lt(
        "The rule was only for what has been deleted (%(places)s). It was switched off, since it"
        " would be for all mail now. Choose where it counts and switch it on again."
    ),
    "rule_answer_left_out": _lt(
        "The rule's automatic answer is left out: it is for who asks, and this is a message among"
        " colleagues."
    ),
    "rule_folder_gone": _lt(
        "The rule “%(rule)s” moves or copies to a folder that is gone. Choose another one."
    ),
    "rule_folder_elsewhere": _lt(
        "The rule “%(rule)s” wants it in the folder %(folder)s, which another mailbox has."
    ),
    "decide_closed_new": _lt(
        "Ticket %(ticket)s is closed. As the company wants it, the answer opens a new one, which is"
        " linked to it."
    ),
    "decide_closed_days": _lt(
        "Ticket %(ticket)s was closed more than %(days)s days ago. As the company wants it, the"
        " answer opens a new one, which is linked to it."
    ),
    "decide_closed_in_time": _lt(
        "Ticket %(ticket)s was closed no more than %(days)s days ago, so it is opened again."
    ),
    "decide_colleague_stays_closed": _lt(
        "Ticket %(ticket)s is closed and stays so: only mails of customers open a new one."
    ),
    "decide_thanks": _lt("It only says thanks, so ticket %(ticket)s stays closed."),
    "decide_unverified": _lt(
        "The new ticket is marked: its sender is not verified as somebody who takes part in the one"
        " that the mail refers to."
    ),
    "decide_one_ticket": _lt(
        "It is addressed to the support alias %(alias)s, too. As the company wants it, one ticket"
        " is opened in all, at %(first)s."
    ),
    "append_only": _lt(
        "Its requester has one open ticket here, %(ticket)s. As the company wants it, it joins"
        " that."
    ),
    "append_newest": _lt(
        "Its requester has several open tickets here. As the company wants it, it joins the newest,"
        " %(ticket)s."
    ),
    "append_several": _lt(
        "Its requester has several open tickets here. As the company wants it, it joins none."
    ),
    "append_none": _lt("Its requester has no open ticket here that it could join."),
    "append_unproven": _lt(
        "It joins no open ticket of its sender, since it is not proven who wrote."
    ),
    "decide_for_nobody": _lt("It leads to no support alias and answers no ticket."),
    # act
    "act_ticket": _lt("Ticket %(ticket)s was made."),
    "act_contact": _lt("Contact %(contact)s was made."),
    "act_contact_account": _lt("Contact %(contact)s was made under the account %(account)s."),
    "act_reopened": _lt("Ticket %(ticket)s was closed and is open again: %(stage)s."),
    "act_stays_closed": _lt("Ticket %(ticket)s stays closed, since its team has no open stage."),
    "act_reply": _lt("It was added to ticket %(ticket)s."),
    "act_cc": _lt("Takes part from now on (%(count)s from To and Cc): %(addresses)s."),
    "act_crowd": _lt(
        "It names %(count)s people in To and Cc. Of more than %(limit)s nobody takes part, except"
        " colleagues."
    ),
    "act_cc_full": _lt(
        "%(count)s more people in To and Cc take no part, since a ticket has at most %(limit)s."
    ),
    "act_cc_contacts_limit": _lt(
        "Of people in To and Cc at most %(limit)s contacts are made; the others take part by their"
        " addresses."
    ),
    "act_folded": _lt("What it quotes of earlier mails is folded in the message."),
    "act_folded_signature": _lt("Its signature is folded in the message."),
    "act_forward_note": _lt(
        "What %(agent)s wrote above the forwarded mail is an internal note on the ticket."
    ),
    **bounce_sentences.SENTENCES,
    "act_bounce": _lt(
        "The message to %(address)s is now shown as not delivered (status %(status)s, reply code"
        " %(reply)s)."
    ),
    "act_bounce_delayed": _lt(
        "The message to %(address)s is now shown as delayed (status %(status)s, reply code"
        " %(reply)s): the server keeps trying."
    ),
    "act_bounce_forged": _lt(
        "The receiving server found its sender forged, so it changes nothing."
    ),
    "act_bounce_not_ours": _lt(
        "It is about no message that we sent, as far as can be proven, so it changes nothing."
    ),
    "act_bounce_stranger": _lt(
        "It says that %(address)s was not reached, but that message did not go there. So it changes"
        " nothing."
    ),
    "act_receipt": _lt("The message now shows what became of it at %(who)s."),
    "act_receipt_foreign": _lt(
        "It names %(address)s, to whom the message was not sent, so it changes nothing."
    ),
    "act_complaint": _lt(
        "%(address)s marked our mail as spam: nothing automatic is sent there any more."
    ),
    "act_complaint_unknown": _lt("Which of the recipients it was could not be told."),
    "act_away": _lt("%(who)s is now shown as away until %(day)s."),
    # boxes in a message, and its badges
    "notice_away_until": _lt("%(who)s is away until %(day)s."),
    "notice_away_back": _lt("%(who)s is back on %(day)s."),
    "notice_auto_reply": _lt("Automatic answer of %(who)s: %(subject)s"),
    "notice_encrypted_smime": _lt(
        "This mail is encrypted (S/MIME), and nobody can read it here. Download its attachment to"
        " open it in a mail program that has the key."
    ),
    "notice_encrypted_pgp": _lt(
        "This mail is encrypted (PGP), and nobody can read it here. Open it in a mail program"
        " that has the key."
    ),
    "notice_signed_unreadable": _lt(
        "This mail is signed in a way that could not be read here. Download its attachment to"
        " open it in a mail program."
    ),
    "mark_encrypted_smime": _lt("It is encrypted by S/MIME: nobody can read it here."),
    "mark_encrypted_pgp": _lt("It is encrypted by PGP: nobody can read it here."),
    "mark_signed_smime": _lt("It is signed by S/MIME; the signature was not checked."),
    "mark_signed_pgp": _lt("It is signed by PGP; the signature was not checked."),
    "mark_calendar": _lt("It is an invitation, or an answer to one."),
    "mark_auto_reply": _lt("A program sent it, nobody wrote it just now."),
    # receipts on a message that we sent
    "receipt_read": _lt("Read by %(who)s on %(moment)s."),
    "receipt_deleted": _lt("Deleted unread by %(who)s on %(moment)s."),
    "receipt_delivered": _lt("Delivered to %(who)s on %(moment)s."),
    "receipt_relayed": _lt("Passed on towards %(who)s on %(moment)s."),
    "complaint": _lt(
        "%(who)s marked this mail as spam on %(moment)s. Nothing automatic is sent there any more."
    ),
    "act_bounce_unknown": _lt("Which of the recipients it was could not be told."),
    "act_deliverable_again": _lt(
        "Mail comes from %(address)s, so the address is deliverable again."
    ),
    "act_passed_on": _lt("Odoo's own mail gateway took it."),
    "act_passed_on_nothing": _lt(
        "Odoo's own mail gateway made nothing of it: it has this message already, or refused it."
    ),
    "act_pass_on_failed": _lt("Odoo's own mail gateway could not take it: %(error)s"),
    "act_failed": _lt("It could not be acted on: %(error)s It is tried again %(when)s."),
    "act_waits": _lt(
        "It answers a mail that is not dealt with yet itself (%(mail)s), so it waits for that one."
    ),
    "act_held": _lt(
        "It could not be acted on %(count)s times, last because: %(error)s It is held for a person."
    ),
    "act_source_gone": _lt("Its source is no longer kept, so nothing can be made of it."),
    "act_source_unreadable": _lt(
        "Its source could not be read, so it is held for a person: %(error)s"
    ),
    "act_cut_off": _lt("Processing was cut off %(count)s times. It is held for a person."),
    # automatic answers: under the customer's message, and in the trace
    "automatic_sent": _lt("An automatic answer goes to %(address)s."),
    "automatic_withheld_automatic": _lt("No automatic answer was sent: a program wrote the mail."),
    "automatic_withheld_list": _lt(
        "No automatic answer was sent: the mail came by a mailing list or is bulk mail."
    ),
    "automatic_withheld_auto_reply": _lt(
        "No automatic answer was sent: the mail is an automatic answer itself."
    ),
    "automatic_withheld_bounce": _lt(
        "No automatic answer was sent: the mail tells that another one could not be delivered."
    ),
    "automatic_withheld_receipt": _lt("No automatic answer was sent: the mail is a receipt."),
    "automatic_withheld_feedback": _lt(
        "No automatic answer was sent: the mail is a complaint about spam."
    ),
    "automatic_withheld_calendar": _lt(
        "No automatic answer was sent: the mail is a calendar message."
    ),
    "automatic_withheld_forwarding": _lt(
        "No automatic answer was sent: a provider wrote the mail, to have a forwarding confirmed."
    ),
    "automatic_withheld_no_address": _lt(
        "No automatic answer was sent: the mail names no sender with a usable address."
    ),
    "automatic_withheld_own_address": _lt(
        "No automatic answer was sent: %(address)s is one of our own addresses."
    ),
    "automatic_withheld_undeliverable": _lt(
        "No automatic answer was sent: mail to %(address)s came back, the address is not"
        " deliverable."
    ),
    "automatic_withheld_complained": _lt(
        "No automatic answer was sent: a mail of ours was marked as spam at %(address)s."
    ),
    "automatic_withheld_filtered": _lt(
        "No automatic answer was sent: %(address)s is in the outgoing filter."
    ),
    "automatic_withheld_flood": _lt(
        "No automatic answer was sent: very many mails of %(address)s came in of late."
    ),
    "automatic_withheld_old": _lt(
        "No automatic answer was sent: the mail came in more than a day ago."
    ),
    "automatic_withheld_hour": _lt(
        "No automatic mail was sent to %(address)s: it had %(count)s of them within an hour, which"
        " is the limit in the settings."
    ),
    "automatic_withheld_day": _lt(
        "No automatic mail was sent to %(address)s: it had %(count)s of them within a day, which is"
        " the limit in the settings."
    ),
    "automatic_withheld_domain": _lt(
        "No automatic mail was sent to %(address)s: addresses of %(domain)s had %(count)s of them"
        " within an hour, which is the limit in the settings."
    ),
    "automatic_withheld_unproven": _lt(
        "Nothing was answered automatically, since nothing proves that %(address)s wrote it."
    ),
    "automatic_withheld_elsewhere": _lt(
        "Nothing was answered automatically, since somebody else than %(address)s sent it."
    ),
    "automatic_withheld_today": _lt(
        "Nothing was answered automatically, since %(address)s had this answer within a day."
    ),
    "automatic_unknown": _lt("%(address)s was told that somebody looks at it first."),
    "automatic_unknown_failed": _lt(
        "Nothing was answered automatically, since the template %(template)s cannot be used:"
        " %(error)s"
    ),
    "automatic_withheld_template": _lt(
        "No automatic answer was sent: the template “%(template)s” cannot be used. %(error)s"
    ),
    "automatic_withheld_cut_off": _lt(
        "Sending the automatic answer to %(address)s was cut off, so nobody knows whether it"
        " arrived. It is not sent again."
    ),
    # mailbox
    "mailbox_seen": _lt("Marked as read."),
    "mailbox_unseen": _lt("Marked as unread."),
    "mailbox_flagged": _lt("Flagged."),
    "mailbox_unflagged": _lt("The flag was removed."),
    "mailbox_created": _lt("The folder %(folder)s was made."),
    "mailbox_copied": _lt("Copied to the folder %(folder)s."),
    "mailbox_moved": _lt("Moved to the folder %(folder)s."),
    "mailbox_there_already": _lt("It is in the folder %(folder)s already."),
    "mailbox_deleted": _lt("Deleted from the mailbox."),
    "mailbox_gone": _lt("It was no longer in its folder, so nothing more was done with it there."),
    "mailbox_none": _lt("It came in by no mailbox of ours, so nothing can be done there."),
    "mailbox_pop_only_deletes": _lt(
        "The mailbox is read by POP, which can only delete mails: what else was to be done with it"
        " there was left out."
    ),
    "mailbox_folder_missing": _lt(
        "It stayed in its folder: there is no folder %(folder)s. Choose another one in the rule, or"
        " let the rule make it."
    ),
    "mailbox_failed_seen": _lt("It could not be marked as read: %(error)s"),
    "mailbox_failed_unseen": _lt("It could not be marked as unread: %(error)s"),
    "mailbox_failed_flag": _lt("It could not be flagged: %(error)s"),
    "mailbox_failed_unflag": _lt("Its flag could not be removed: %(error)s"),
    "mailbox_failed_copy": _lt("It could not be copied to another folder: %(error)s"),
    "mailbox_failed_move": _lt("It could not be moved to another folder: %(error)s"),
    "mailbox_failed_delete": _lt("It could not be deleted from the mailbox: %(error)s"),
    "mailbox_left": _lt("Left as it was: the server has given the messages new numbers."),
    # person
    "person_retry": _lt("%(user)s asked to try it again."),
    "person_make_contact": _lt(
        "%(user)s asked to make a contact of the sender, and to take the mail in."
    ),
    "person_take_in": _lt("%(user)s asked to take it in."),
    "person_apply_rules": _lt("%(user)s had it processed again with the present rules."),
    "person_ignore": _lt("%(user)s decided to ignore it."),
    "person_set_requester": _lt("%(user)s made %(requester)s the requester of the ticket."),
    # kinds (the engine's kind.py)
    "kind_message": _lt("Nothing shows that a machine sent it: it is a message of a person."),
    "kind_automatic_header": _lt("%(header)s: %(value)s says that a program sent it."),
    "kind_automatic_sender": _lt("%(sender)s is the address of a program."),
    "kind_list_header": _lt("%(header)s: %(value)s shows a mailing list or bulk mail."),
    "kind_calendar": _lt("It is a calendar message (%(method)s)."),
    "kind_auto_reply_header": _lt("%(header)s: %(value)s shows an automatic answer."),
    "kind_auto_reply_subject": _lt("Its subject, “%(value)s”, is the one of an automatic answer."),
    "kind_bounce_report": _lt("It is a delivery report (%(evidence)s)."),
    "kind_bounce_header": _lt("%(header)s: %(value)s shows that a mail could not be delivered."),
    "kind_bounce_sender": _lt(
        "%(sender)s is a mail system: it tells of a mail that was not delivered."
    ),
    "kind_bounce_text": _lt(
        "The mail system %(sender)s writes of a failed delivery: “%(evidence)s”."
    ),
    "kind_bounce_notification": _lt("It tells of a mail that was not delivered: “%(evidence)s”."),
    "kind_receipt_report": _lt("It is a receipt (%(evidence)s)."),
    "kind_receipt_subject": _lt("Its subject, “%(value)s”, is the one of a receipt."),
    "kind_feedback_report": _lt("It is a feedback report (%(evidence)s)."),
    "kind_forwarding_confirmation": _lt(
        "%(provider)s (%(sender)s) asks to confirm that mail may be forwarded here. Somebody waits"
        " for this code, so it opens a ticket before any other check."
    ),
    # not sent (the outgoing filter)
    "withheld_alias": _lt(
        "Not sent to %(address)s: it leads to the support alias %(alias)s, so it would come back."
    ),
    "withheld_scanner": _lt(
        "Not sent to %(address)s: the mail scanner %(scanner)s reads that mailbox, so it would come"
        " back."
    ),
    "withheld_from": _lt("Not sent to %(address)s: it is one of our own From addresses."),
    "withheld_domain": _lt(
        "Not sent to %(address)s: Odoo itself receives mail there, so it would come back."
    ),
    "withheld_odoo": _lt(
        "Not sent to %(address)s: an Odoo alias opens tickets there, so it would come back."
    ),
    "withheld_filter": _lt("Not sent to %(address)s: the outgoing filter has %(pattern)s."),
    # defects and bounds (the engine's mail.py and mime.py)
    "reading_failed": _lt(
        "It could not be read (%(error)s). It is kept as it is, with its source attached."
    ),
    "from_missing": _lt("It names no sender."),
    "date_missing": _lt("It has no date."),
    "date_unreadable": _lt("Its date cannot be read: %(value)s."),
    "message_id_missing": _lt("It has no Message-ID; %(used)s was made from its content."),
    "message_id_unusable": _lt(
        "Its Message-ID cannot be used; %(used)s was made from its content."
    ),
    "subject_limit": _lt("Its subject is longer than %(limit)s characters and was cut."),
    "parts_limit": _lt("It has more than %(limit)s parts; the rest was not looked at."),
    "depth_limit": _lt(
        "It is nested deeper than %(limit)s levels; what lies deeper was not opened."
    ),
    "header_too_long": _lt("A header is longer than %(limit)s bytes and was cut."),
    "attachments_limit": _lt(
        "It has %(count)s attachments above the limit of %(limit)s; they were left out."
    ),
    "text_limit": _lt("Its text is longer than %(limit)s bytes and was cut."),
    "boundary_missing": _lt(
        "It says that it has parts, but not what separates them (%(count)s times)."
    ),
    "boundary_unclosed": _lt("It breaks off within its parts (%(count)s times)."),
    "header_line_unreadable": _lt("%(count)s lines of its header make no sense and were left out."),
    "header_end_missing": _lt("A header does not end where it should (%(count)s times)."),
    "nul_removed": _lt("NUL characters were taken out of its text."),
    "charset_unknown": _lt(
        "Its character set “%(charset)s” does not exist; it was read as %(used)s."
    ),
    "charset_wrong": _lt("Its text is not in %(charset)s as it says; it was read as %(used)s."),
    "base64_damaged": _lt("The part %(name)s is damaged; what could be read is kept."),
    "transfer_encoding_unknown": _lt(
        "The encoding “%(encoding)s” is unknown; the part is kept as it is."
    ),
    "winmail_unpacked": _lt("%(count)s files of %(name)s became attachments."),
    "winmail_body": _lt("Its text comes out of %(name)s."),
    "winmail_damaged": _lt("%(name)s is damaged: what could be read of it is here, and it, too."),
    "winmail_left_out": _lt(
        "%(name)s holds no files, only Outlook's copy of the text, and was left out. It is in the"
        " raw source."
    ),
    "winmail_unreadable": _lt("%(name)s could not be read and is kept as it is."),
    "smime_opened": _lt("Its text comes out of an S/MIME signature, which was not checked."),
    "smime_unreadable": _lt("%(name)s could not be read and is kept as it is."),
    "uuencode_extracted": _lt("%(count)s files within its text became attachments."),
    # badges of a message, see mail_message_marks.LABELS
    "mark_proven": _lt("%(server)s reports that the mail is from %(address)s."),
    "mark_proven_forwarder": _lt(
        "The trusted forwarder %(forwarder)s reports that the mail is from %(address)s."
    ),
    "mark_unproven": _lt(
        "Nothing that %(server)s reports proves that the mail is from %(address)s."
    ),
    "mark_dmarc_failed": _lt(
        "%(server)s reports that the mail is not from %(address)s: DMARC failed."
    ),
    "mark_forwarded": _lt(
        "%(agent)s forwarded this mail, so no server reports whether %(address)s wrote it."
    ),
    "mark_unverified": _lt(
        "It is not verified that the sender takes part in the ticket that the mail refers to."
    ),
    "mark_impostor": _lt(
        "It says to be from %(address)s, one of us, and that is not proven. It was treated as a"
        " stranger's mail."
    ),
    # of a message that leaves
    "not_to_contact": _lt(
        "The contact did not get it: the conversation template does not send answers there."
    ),
    "template_broken": _lt(
        "The conversation template %(template)s could not be used (%(error)s), so the mail looks as"
        " Odoo's other mails do."
    ),
    "sender_fallback": _lt("%(wished)s may not send now, so it left as %(sender)s."),
    "mail_waits": _lt(
        "The mail server of %(sender)s does not take it now and said “%(answer)s”. It waits and is"
        " tried again by itself."
    ),
    "mail_waits_away": _lt(
        "The mail server of %(sender)s cannot be reached. It waits and is tried again by itself."
    ),
    "mail_waits_login": _lt(
        "The mail server of %(sender)s refuses the log-in. It waits and is tried again by itself."
        " A system administrator tests the connection of that server."
    ),
    "mail_waits_sign_in": _lt(
        "The connected account of %(sender)s cannot be used until a system administrator has"
        " signed in to it again. It waits, and leaves by itself after that."
    ),
    "mail_waits_setup": _lt(
        "The mail server of %(sender)s does not encrypt or log in as it is set up. It waits and is"
        " tried again by itself. A system administrator tests the connection of that server."
    ),
    "recipient_waits": _lt(
        "The mail server does not take %(address)s now: %(code)s %(reason)s. The mail waits for"
        " that address and is tried again by itself; the others have it."
    ),
    "recipient_refused": _lt("The mail server refused %(address)s: %(code)s %(reason)s"),
}


def sentence(env, code: str, values: dict) -> str:
    """The sentence of a note, in the language of ``env``."""
    text = SENTENCES.get(code)
    if text is None:
        _logger.warning("No sentence for the trace code %s", code)
        return " ".join([code, *(f"{key}={value}" for key, value in values.items())])
    template = env._(text)
    try:
        return template % _readable(env, values)
    except (KeyError, TypeError, ValueError):
        _logger.warning("The sentence of the trace code %s does not fit its values", code)
        return f"{template} {values}"


def _readable(env, values: dict) -> dict:
    """Values as a reader wants them: days (``day``, ISO 8601) and moments (``moment``, likewise,
    in UTC) in the reader's language and time zone."""
    shown = dict(values)
    try:
        if "day" in shown:
            shown["day"] = format_date(env, date.fromisoformat(shown["day"]), date_format="long")
        if "moment" in shown:
            moment = datetime.fromisoformat(shown["moment"])
            moment = fields.Datetime.context_timestamp(env.user, moment)
            day = format_date(env, moment.date(), date_format="long")
            shown["moment"] = f"{day} {format_time(env, moment.time(), time_format='short')}"
    except ValueError:
        _logger.warning("A day or a moment of a note cannot be read: %s", values)
    return shown


def dumps(notes: list[dict]) -> str:
    """Notes as they are stored in a JSON column."""
    return json.dumps(notes)


def entry(step: str, note: Note) -> dict:
    """A note as it is stored in ``helpdesk.incoming.mail.trace``."""
    return {"step": step, "code": note.code, "values": dict(note.values)}
