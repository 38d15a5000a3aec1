# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What a set-up check says. The engine leaves codes with values (``mailflow/domain_check.py``),
so that everyone reads it in a language of their own."""

import logging

from odoo.tools.translate import LazyTranslate

from ..mailflow import finding

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

SENTENCES = {
    # nothing could be told
    "dns_timeout": _lt(
        "The DNS could not be reached: no name server answered about %(name)s within %(seconds)s"
        " seconds. Either this server has no way to name servers, or those of the domain are"
        " down. Check again later."
    ),
    "dns_unreachable": _lt(
        "The DNS could not be reached to ask for %(name)s (%(reason)s). Check the network of this"
        " server, and check again."
    ),
    "dns_no_nameserver": _lt(
        "The DNS could not be reached: this server knows no name server (%(reason)s)."
    ),
    "dns_refused": _lt(
        "The name server answered %(answer)s about %(name)s: the name servers of that domain are"
        " out of order. Tell who runs them, or check again later."
    ),
    "dns_error": _lt("The answer about %(name)s could not be read: %(reason)s"),
    "dns_limit": _lt("After %(limit)s questions to name servers no more were asked."),
    "domain_unknown": _lt(
        "The domain %(domain)s does not exist, so no mail from it is accepted, and no answer can"
        " be sent to it. Check the spelling of the address."
    ),
    # addresses of a provider that gives them to everyone
    "free_mail_ok": _lt(
        "%(domain)s belongs to a mail provider, and the mails leave by the provider's own server:"
        " nothing is to be published."
    ),
    "free_mail_unknown": _lt(
        "%(domain)s belongs to a mail provider: send through the provider's own server. Whether"
        " that is so could not be told."
    ),
    "free_mail_refused": _lt(
        "%(domain)s belongs to a mail provider, and only the provider's own servers may send for"
        " it. Connect the mailbox and send through it, or use an address of a domain of yours."
    ),
    # SPF
    "spf_ok": _lt("It lets pass who sends: %(senders)s."),
    "spf_missing": _lt(
        "There is no SPF record. Receivers cannot tell your mails from forged ones."
    ),
    "spf_not_authorised": _lt(
        "It does not let pass who sends: %(senders)s. Publish the record below in place of the"
        " one that is there."
    ),
    "spf_sender_unknown": _lt(
        "Which server delivers the mails is not known here, so whether it may cannot be told."
        " Enter it under “Sending servers”."
    ),
    "spf_host_unknown": _lt(
        "From which address %(hosts)s delivers to the world could not be found out. Enter its"
        " public address under “Sending servers”."
    ),
    "spf_envelope": _lt(
        "The sender on the envelope is Odoo's bounce address at %(domain)s, and it is that domain"
        " whose SPF receivers look at. So for this address it is DKIM that counts."
    ),
    "spf_meant": _lt(
        "“%(text)s” was meant as an SPF record, but receivers do not take it for one: it has to"
        " begin with v=spf1 and a space."
    ),
    "spf_several": _lt(
        "There are %(count)s SPF records, and receivers ignore them all. Delete them and publish"
        " the one below, which has what is in all of them."
    ),
    "spf_syntax": _lt(
        "Receivers ignore the whole record, since a part of it makes no sense: %(terms)s."
    ),
    "spf_all_pass": _lt(
        "It lets everybody send in your name: +all has to be ~all or -all at its end."
    ),
    "spf_all_neutral": _lt(
        "It ends with ?all, so it says nothing about other servers. ~all would help against"
        " forged mails."
    ),
    "spf_no_all": _lt(
        "It ends without ~all or -all, so it says nothing about other servers. ~all would help"
        " against forged mails."
    ),
    "spf_ignored": _lt("What stands behind “all” does not count: %(terms)s."),
    "spf_lookups": _lt(
        "It makes receivers ask the DNS %(count)s times; above %(limit)s they ignore it. Take out"
        " what is no longer used of: %(terms)s."
    ),
    "spf_lookups_then": _lt(
        "With what is missing it would make receivers ask the DNS %(count)s times; above"
        " %(limit)s they ignore it. First take out includes of services that are no longer used."
    ),
    "spf_void": _lt(
        "%(count)s names in it do not exist; above %(limit)s receivers ignore it: %(names)s."
    ),
    "spf_include_broken": _lt(
        "Receivers ignore the whole record, since it includes domains that have no readable SPF"
        " record, or that lead in a circle: %(names)s."
    ),
    "spf_long": _lt(
        "The record has %(length)s characters. If your provider takes no more than %(limit)s at"
        " once, enter it in several strings of one record, never as several records."
    ),
    # DKIM
    "dkim_ok": _lt("%(name)s has a key."),
    "dkim_longer": _lt("It has %(bits)s bits; %(good)s are advised."),
    "dkim_testing": _lt("It is marked as a test (t=y): take that out once all is well."),
    "dkim_guessed": _lt(
        "Whether mails are signed with it only a mail shows: send a test mail, or enter the"
        " selector."
    ),
    "dkim_missing": _lt("No key is published as %(name)s."),
    "dkim_dangling": _lt("%(name)s leads to %(target)s, where no key is published."),
    "dkim_unreadable": _lt("What is published as %(name)s cannot be read as a key."),
    "dkim_several": _lt("%(count)s keys are published as %(name)s; only one may be."),
    "dkim_revoked": _lt("The key %(name)s was withdrawn: it is empty (p=)."),
    "dkim_other_use": _lt(
        "The key %(name)s is not for mail, or of a kind that receivers do not know."
    ),
    "dkim_short": _lt(
        "The key %(name)s has %(bits)s bits only; receivers do not accept that. Make a new one"
        " of 2048 bits."
    ),
    "dkim_none": _lt(
        "%(domain)s has no DKIM key at all. Switch signing on in your mail server, and publish"
        " the key that it shows."
    ),
    "dkim_selector_unknown": _lt(
        "%(count)s common selectors were tried without finding a key, but there are others. Send"
        " a test mail, so that the selector is read from its signature, or enter it."
    ),
    "dkim_not_aligned": _lt(
        "The last mail was signed by %(signers)s only. That does not count for %(domain)s: let"
        " your mail provider sign with your own domain."
    ),
    "dkim_google": _lt(
        "Make the key in the Google Admin console (Apps, Google Workspace, Gmail, Authenticate"
        " email), publish it for %(domain)s, and start signing there."
    ),
    "dkim_microsoft": _lt(
        "Microsoft 365 needs both selectors. Switch signing on in the Defender portal afterwards."
    ),
    "dkim_microsoft_look": _lt(
        "Microsoft 365 shows the exact value in the Defender portal (Email authentication"
        " settings, DKIM): domains added since May 2025 have another one than the one below."
        " Switch signing on there afterwards."
    ),
    "dkim_switch_on": _lt(
        "%(name)s leads to Microsoft 365 as it should, but there is no key yet: switch signing on"
        " for %(domain)s in the Defender portal (Email authentication settings, DKIM)."
    ),
    "dkim_next_key": _lt("%(name)s is ready for the next key of Microsoft 365."),
    # DMARC
    "dmarc_ok": _lt("The policy is %(policy)s."),
    "dmarc_inherited": _lt("It is the one of %(domain)s."),
    "dmarc_none": _lt(
        "With the policy none nothing happens to forged mails. Once SPF and DKIM are right for"
        " all that sends from your domain, quarantine is better."
    ),
    "dmarc_missing": _lt(
        "There is no DMARC record; large mail providers ask for one. Begin with the policy none."
    ),
    "dmarc_several": _lt(
        "There are %(count)s DMARC records, and receivers ignore them all. Keep one."
    ),
    "dmarc_meant": _lt(
        "“%(text)s” was meant as a DMARC record, but receivers do not take it for one: it has to"
        " begin with v=DMARC1."
    ),
    "dmarc_no_policy": _lt("It names no policy (p=), so receivers ignore it."),
    "dmarc_syntax": _lt("This part of it makes no sense: %(tags)s."),
    "dmarc_strict": _lt(
        "It is strict (adkim=s or aspf=s): only signatures and envelope senders of %(domain)s"
        " itself count, not those of other names below it."
    ),
    # MX
    "mx_ok": _lt("Answers go to %(hosts)s."),
    "mx_missing": _lt("Answers to this address cannot be delivered: %(domain)s has no MX record."),
    "mx_implicit": _lt(
        "%(domain)s has no MX record, so answers go to its web server (%(addresses)s)."
    ),
    "mx_null": _lt(
        "%(domain)s says that it takes no mail (null MX): answers come back to the customer, and"
        " many receivers refuse mails from it."
    ),
    "mx_null_mixed": _lt(
        "One MX record of %(domain)s says that it takes no mail, others name servers. Take the"
        " one with the dot out."
    ),
    "mx_host_unknown": _lt("The mail server %(host)s has no address."),
    "mx_alias": _lt(
        "%(host)s is another name (CNAME) of %(target)s, which an MX record must not name."
    ),
    "mx_address": _lt("An MX record names a server, not an address as %(host)s."),
}

#: What is for the reader to fill in into a record.
PLACEHOLDERS = {
    finding.OWN_KEY: _lt("<public key of your mail server>"),
    finding.GOOGLE_KEY: _lt("<key from the Google Admin console>"),
    finding.TENANT: _lt("<your tenant>"),
    finding.SELECTOR: _lt("<selector>"),
    finding.MAIL_HOST: _lt("<server that receives your mail>"),
}


def sentence(env, code: str, values: dict) -> str:
    """The sentence of a note, in the language of ``env``."""
    text = SENTENCES.get(code)
    if text is None:
        # of a version that this one does not know
        _logger.warning("No sentence for the code %s of a set-up check", code)
        return " ".join([code, *(f"{key}={value}" for key, value in values.items())])
    template = env._(text)
    return template % values


def fill_in(env, text: str) -> str:
    """A record with what is to be filled in named in the language of ``env``."""
    for placeholder, translated in PLACEHOLDERS.items():
        text = text.replace(placeholder, env._(translated))
    return text
