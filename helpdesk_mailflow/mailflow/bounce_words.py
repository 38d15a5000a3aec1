"""The words in which mail systems say why a mail was not delivered, by reason.

RE2's expressions, in lower case, of a text whose white space is single blanks and whose addresses
are `@` alone (:mod:`.bounce_reason`). Each line is an alternative; one that begins with a plus goes
on with the line above. They are what mail servers, filters and providers write: RFC 5321, RFC 3463,
RFC 7372, the manuals of the servers, and the error pages of the providers.
"""

from . import bounce_words_message as message
from . import bounce_words_recipient as recipient
from . import bounce_words_sender as sender
from . import bounce_words_system as system

#: Said of nobody else than a recipient who does not exist, at any stage of a session.
CERTAIN = r"""
    (?:mail\.local|local|deliver|lmtpd?|dovecot): (?:unknown user|user unknown)
    recipient address rejected: access denied
    unknown recipient or mailbox unavailable
    this user doesn'?t have an? [\w.-]+ account
    recipnotfound
    recipientnotfound
    answer=6596
    nosuchuser
"""

#: The recipient is there, and does not want it, whatever the code.
PREFERENCES = r"""
    due to recipient preferences
    recipient (?:has )?(?:refuse[sd]|declined) (?:to accept )?(?:your )?(?:mail|message)
    you have been blocked by the recipient
    not accepting (?:(?:e-?)?mails?|messages) from (?:you\b|this sender|@|[\w.+-]{1,64}@)
"""

#: Postfix asks the next server whether it knows the recipient, and could not yet: the code is
#: that of an unknown one (ADDRESS_VERIFICATION_README).
UNASKED = r"""
    address verification in progress
    (?:unverified|undeliverable) address: (?:connect|conversation|lost|host or domain|timed)
"""

#: Whole phrases, of which the words of a reason below would catch a part.
PHRASES: tuple[tuple[str, str], ...] = (
    (
        "userunknown",
        r"""
        (?:unknown|not found|unbekannt|inconnu|sconosciuto) (?:or|oder|ou
            +|o) [\w' ]{0,25}(?:deac|deak
            +|desac|désac|disat|inac|disab)
        mailbox unavailable or access denied
        not a member of (?:the |this |our )?domain
        no such (?:local |virtual )?user
        """,
    ),
    (
        "ratelimited",
        r"""
        exceeded the max(?:imum)? (?:defers|e-?mails|messages|number of)[\w ]{0,30}per
        not sent over (?:a )?(?:tls|encrypt)[\w ]{0,12}rate
        """,
    ),
    (
        "blocked",
        r"""
        (?:excessive|too many) (?:user ?id|user|recipient|unknown)s? (?:unknown|user|recipient)s
        (?:user|sender|client)'?s ip\b
        (?:invalid|bad|fake|forged) (?:helo|ehlo)
        """,
    ),
    (
        "rejected",
        r"""
        \bfrom:? (?:address|domain)(?: name)? is (?:invalid|unknown|not)|invalid from\b
        \byour domain[\w ]{0,12} (?:has no|does not|is not|is invalid)
        """,
    ),
    (
        "authfailure",
        r"""
        (?:invalid|missing|no|bad)(?: valid)? (?:dmarc|spf|dkim) record
        """,
    ),
    (
        "spamdetected",
        r"""
        (?:url|link|domain)s? in (?:your |the |this )?(?:message|mail|body)
        """,
    ),
    (
        "securityerror",
        r"""
        (?:wrong|invalid|incorrect) (?:password|credentials|authentication data)
        """,
    ),
    (
        "networkerror",
        r"""
        \(invalidly\) to ip addresses
        """,
    ),
    (
        "hostunknown",
        r"""
        mx records point to non-existent hosts
        """,
    ),
    (
        "systemerror",
        r"""
        (?:recipient|mail|remote|destination|exchange) server (?:is )?(?:temporarily |currently )
            +?(?:unavailable|busy|not available)
        temporary server error
        mailbox (?:is )?temporarily (?:unavailable|not available|locked)|mailbox busy
        """,
    ),
    (
        "expired",
        r"""
        has not been collected
        allowed queue period
        """,
    ),
)

#: Texts, in the order in which they are asked: what is particular before what is general.
TEXTS: tuple[tuple[str, str], ...] = (
    *PHRASES,
    ("mailboxfull", recipient.MAILBOXFULL),
    ("exceedlimit", recipient.EXCEEDLIMIT),
    ("mesgtoobig", message.MESGTOOBIG),
    ("suspend", recipient.SUSPEND),
    ("hasmoved", recipient.HASMOVED),
    ("norelaying", sender.NORELAYING),
    ("authfailure", sender.AUTHFAILURE),
    ("virusdetected", message.VIRUSDETECTED),
    ("requireptr", sender.REQUIREPTR),
    ("notcompliantrfc", message.NOTCOMPLIANTRFC),
    ("badreputation", sender.BADREPUTATION),
    ("rejected", sender.REJECTED),
    ("hostunknown", recipient.HOSTUNKNOWN),
    ("notaccept", recipient.NOTACCEPT),
    ("spamdetected", message.SPAMDETECTED),
    ("ratelimited", sender.RATELIMITED),
    ("toomanyconn", sender.TOOMANYCONN),
    ("blocked", sender.BLOCKED),
    ("policyviolation", message.POLICYVIOLATION),
    ("userunknown", recipient.USERUNKNOWN),
    ("systemfull", system.SYSTEMFULL),
    ("failedstarttls", system.FAILEDSTARTTLS),
    ("networkerror", system.NETWORKERROR),
    ("expired", system.EXPIRED),
    ("filtered", recipient.FILTERED),
    ("contenterror", message.CONTENTERROR),
    ("securityerror", system.SECURITYERROR),
    ("mailererror", system.MAILERERROR),
    ("systemerror", system.SYSTEMERROR),
    ("syntaxerror", system.SYNTAXERROR),
)
