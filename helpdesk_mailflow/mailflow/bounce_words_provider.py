"""The codes of single providers: documented on their postmasters' pages, and asked before words.

In the form that :mod:`.bounce_words` describes, but looked for in the text as it came, with the
paths of its links: several providers say only there why. A code decides more than the words
around it, since these are the same for all sorts of failures.

Sources: the postmaster pages of Google, Yahoo and AOL, Microsoft, Cox, Charter, Comcast, Orange and
La Poste, Facebook, Tencent, NetEase, 1&1 (GMX, WEB.DE), AT&T, T-Online, Mimecast, GoDaddy.
"""

#: Each reason may come several times: in the order in which they are asked.
PROVIDERS: tuple[tuple[str, str], ...] = (
    (
        "mailboxfull",
        r"""
        [?&]p=overquota
        \bofr[_0-9]*[_ ]?417\b
        \blpn[_0-9]*_(?:417|521)\b
        """,
    ),
    (
        "suspend",
        r"""
        [?&]p=(?:disableduser|inactiveuser)
        """,
    ),
    (
        "userunknown",
        r"""
        [?&]p=nosuchuser
        \b(?:rcp-p1|int-p[134])\b
        \bofr[_0-9]*[_ ]?416\b
        \blpn[_0-9]*_(?:416|510)\b
        no=1000728\b
        """,
    ),
    (
        "mesgtoobig",
        r"""
        \b(?:msg-p1|int-p2)\b
        """,
    ),
    (
        "systemerror",
        r"""
        \b(?:rcp-t\d|int-t\d{1,2})\b
        """,
    ),
    (
        "filtered",
        r"""
        \brcp-p[23]\b
        """,
    ),
    (
        "authfailure",
        r"""
        [?&]p=unauthenticated
        \bhme1\b
        aup#(?:cxsndr|spf|dkim|dmarc)
        """,
    ),
    (
        "notcompliantrfc",
        r"""
        [?&]p=rfcmessagenoncompliant
        """,
    ),
    (
        "requireptr",
        r"""
        aup#(?:i-)?cxdns
        \bdns-[pt]3\b
        \bdns-t2\b
        \(dns:nr\)
        \bfix reverse dns for\b
        """,
    ),
    (
        "ratelimited",
        r"""
        [?&]p=(?:receivingrate|unsolicitedratelimiterror|dailylimit)
        aup#(?:cxthrt|cxmxrt)
        smtp-error-codes(?:\.php)?#rl\d
        """,
    ),
    (
        "toomanyconn",
        r"""
        no=10007(?:22|25)\b
        (?:ip|connection) frequency limited
        aup#cxcnct
        \bcon-t\d\b
        \bofr[_0-9]*[_ ]?104\b
        """,
    ),
    (
        "rejected",
        r"""
        aup#cxaddr
        \bofr[_0-9]*[_ ]?40[23]\b
        \bsnd-p\d\b
        \bdns-[pt][12]\b
        """,
    ),
    (
        "spamdetected",
        r"""
        [?&]p=unsolicited(?:message|content)
        aup#urlbl
        \((?:hvu|url):b\d\)
        \bdt:spm\b
        no=10007(?:26|24)\b
        \bofr[_0-9]*[_ ]?(?:506|51[79]|521)\b
        """,
    ),
    (
        "blocked",
        r"""
        aup#(?:cxbl|cdrbl|ipbl|cxmj|blk|(?:in?-)?1\d{3})
        \((?:dyn|rtr|rly|con|hst):[a-z]{1,2}\d?\)
        \bhl:(?:ipb|itc|ifc)\b
        \bdnsbl:(?:attrbl|rbl) 521\b
        smtp-error-codes(?:\.php)?#(?:bl|dm|pt)\d
        \bpol-[pt]\d\b
        \b(?:s3140|s3150|s775|s77719)\b
        tobr@rx\.t-online\.de|tosa@rx\.t-online\.de
        \bip=[0-9a-f.:]{3,45} - (?:a problem|none/bad|dialup)
        """,
    ),
)
