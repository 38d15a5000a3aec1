# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What an agent is told of a mail that did not arrive, by reason: what happened, and what to do.

Kept as codes with values in notes and traces, as all sentences are (:mod:`.trace`).
"""

from odoo.tools.translate import LazyTranslate

from ..mailflow.bounce_reason import Reason

_lt = LazyTranslate(__name__)

#: How reasons are called in lists.
REASONS = [
    ("userunknown", "Address does not exist"),
    ("hostunknown", "Domain does not exist"),
    ("hasmoved", "Moved"),
    ("notaccept", "Domain takes no mail"),
    ("mailboxfull", "Mailbox full"),
    ("mesgtoobig", "Too large"),
    ("exceedlimit", "Over the recipient's limit"),
    ("suspend", "Mailbox switched off"),
    ("filtered", "Filtered"),
    ("rejected", "Sender refused"),
    ("blocked", "Our server is blocked"),
    ("badreputation", "Our server's reputation"),
    ("spamdetected", "Taken for spam"),
    ("virusdetected", "Taken for a virus"),
    ("policyviolation", "Against their rules"),
    ("authfailure", "Sender not proven"),
    ("requireptr", "Our server's name"),
    ("notcompliantrfc", "Malformed"),
    ("norelaying", "Not their recipient"),
    ("securityerror", "Security"),
    ("contenterror", "Content refused"),
    ("syntaxerror", "Error between the servers"),
    ("expired", "Could not be reached in time"),
    ("networkerror", "Network"),
    ("ratelimited", "Too much at once"),
    ("toomanyconn", "Too much at once (connections)"),
    ("systemerror", "Error of their server"),
    ("systemfull", "Their server is full"),
    ("mailererror", "Error of their mail program"),
    ("failedstarttls", "No encryption"),
    ("onhold", "On hold"),
    ("undefined", "Not told"),
]

SENTENCES = {
    "bounce_userunknown": _lt(
        "The address %(address)s does not exist. Check its spelling, or ask for another one."
    ),
    "bounce_hostunknown": _lt(
        "The domain of %(address)s does not exist. Check its spelling, or ask for another address."
    ),
    "bounce_hasmoved": _lt(
        "The owner of %(address)s is not there any more. Ask for the new address."
    ),
    "bounce_notaccept": _lt(
        "The domain of %(address)s takes no mail at all. Ask for another address."
    ),
    "bounce_mailboxfull": _lt("The mailbox of %(address)s is full. Send it again later, or phone."),
    "bounce_mesgtoobig": _lt(
        "The mail is too large for the server of %(address)s. Send less or smaller files."
    ),
    "bounce_exceedlimit": _lt(
        "The mail is above the limit of the mailbox of %(address)s. Send less or smaller files."
    ),
    "bounce_suspend": _lt(
        "The mailbox of %(address)s is switched off. Phone, or ask for another address."
    ),
    "bounce_filtered": _lt(
        "A filter of the mailbox of %(address)s keeps our mail away, or the address is gone. Ask"
        " the recipient by phone."
    ),
    "bounce_rejected": _lt(
        "The server of %(address)s does not accept our sender. Ask your admin to look at the"
        " From address."
    ),
    "bounce_blocked": _lt(
        "The server of %(address)s blocks our mail server. Ask your admin to look at block lists."
    ),
    "bounce_badreputation": _lt(
        "The server of %(address)s does not trust our mail server. Ask your admin to look at its"
        " reputation."
    ),
    "bounce_spamdetected": _lt(
        "The server of %(address)s takes the mail for spam. Word it differently, leave out links,"
        " or phone."
    ),
    "bounce_virusdetected": _lt(
        "The server of %(address)s takes a file or link in the mail for dangerous. Send it without."
    ),
    "bounce_policyviolation": _lt(
        "The mail is against the rules of the server of %(address)s. Send it without files and"
        " links, or phone."
    ),
    "bounce_authfailure": _lt(
        "The server of %(address)s does not find proven that we may send as our From address. Ask"
        " your admin to check it."
    ),
    "bounce_requireptr": _lt(
        "The server of %(address)s misses a proper name of our mail server in the DNS. Ask your"
        " admin for a PTR record."
    ),
    "bounce_notcompliantrfc": _lt(
        "The server of %(address)s finds the mail malformed. Show your admin the details."
    ),
    "bounce_norelaying": _lt(
        "The server that was asked is not responsible for %(address)s, or wants us to log in. Show"
        " your admin the details."
    ),
    "bounce_securityerror": _lt(
        "The server of %(address)s refuses the mail for reasons of security. Show your admin the"
        " details."
    ),
    "bounce_contenterror": _lt(
        "The server of %(address)s refuses what the mail contains. Send plain text without files."
    ),
    "bounce_syntaxerror": _lt(
        "The mail servers did not understand each other on the way to %(address)s. Show your admin"
        " the details."
    ),
    "bounce_expired": _lt(
        "The server of %(address)s could not be reached. Check the address, or try again later."
    ),
    "bounce_networkerror": _lt(
        "The way to the server of %(address)s is out of order. Try again later."
    ),
    "bounce_ratelimited": _lt(
        "The server of %(address)s takes no more mail from us for now. Try again later."
    ),
    "bounce_toomanyconn": _lt(
        "The server of %(address)s takes no more mail from us for now. Try again later."
    ),
    "bounce_systemerror": _lt("The mail server of %(address)s is out of order. Try again later."),
    "bounce_systemfull": _lt("The mail server of %(address)s is full. Try again later."),
    "bounce_mailererror": _lt(
        "The mail server of %(address)s could not put the mail into the mailbox. Try again later."
    ),
    "bounce_failedstarttls": _lt(
        "The server of %(address)s and ours found no common encryption. Show your admin the"
        " details."
    ),
    "bounce_onhold": _lt("The server of %(address)s did not say clearly what is wrong."),
    "bounce_undefined": _lt(
        "The mail to %(address)s came back, and the server did not say why. Look at the details,"
        " or phone."
    ),
    # what becomes of it
    "bounce_delayed": _lt(
        "It has not reached %(address)s yet. The server keeps trying; you are told if it gives up."
    ),
    "bounce_soft": _lt("It was not delivered to %(address)s, and is not tried again."),
    "bounce_hard": _lt(
        "It was not delivered. Nothing is sent to %(address)s automatically until mail comes from"
        " there, or somebody marks it as deliverable again."
    ),
    "bounce_repeated": _lt(
        "Mail to %(address)s came back %(count)s times since %(since)s. Ask for another address."
    ),
}


def code(reason: str) -> str:
    """The sentence of a reason, for ``trace.sentence``."""
    wanted = f"bounce_{reason}"
    return wanted if wanted in SENTENCES else f"bounce_{Reason.UNDEFINED.value}"
