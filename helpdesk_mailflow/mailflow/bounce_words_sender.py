"""What mail systems say of who sends: his address, his server, its repute and its pace.

In the form that :mod:`.bounce_words` describes.
"""

NORELAYING = r"""
    relay(?:ing)?(?: access| mail| to| attempt|ing)? ?(?:denied|not (?:permitted
        +|allowed|authorized)|is (?:denied|prohibited|restricted|not)|prohibited|disallowed
        +|forbidden|rejected|blocked|failed)
    unable to relay
    (?:cannot|can't|won't|not allowed to|refused to|unauthori[sz]ed|no|not) relay
    (?:we (?:do not|don't)|will not) relay
    open relay
    not (?:a )?(?:local|hosted) (?:domain|here)
    domain isn'?t (?:in my list of allowed rcpthosts|allowed to be relayed)
    rcpthosts
    that domain isn't
    not local host
    (?:host|domain) (?:is )?not (?:one of our|in my list)
    is not (?:permitted|allowed) to relay
    insecure mail relay
    email address is not verified
    sender (?:is )?not (?:verified|authenticated)
    specified domain is not allowed
    relaying
    authentication (?:is )?required for relay
    mail server requires authentication when attempting
    not authenticated to send anonymous
    non-accepted domain
    not permitted to relay
    local users? only
"""

AUTHFAILURE = r"""
    (?:dmarc|dkim)\W{1,3}[\w ':=().,-]{0,80}(?:fail|polic|reject|verification|check
        +|invalid|not aligned)
    dmarc (?:policy|evaluation|check)
    (?:fails?|failed|pass) [\w ]{0,20}(?:spf|dkim|dmarc)
    unauthenticated (?:e-?mail|mail|sender)
    authentication (?:checks? failed|results? failed|failure|information)
    multiple authentication checks failed
    spf (?:check|record|validation|fail|hard|error|soft|permerror|temperror
        +|unauthori[sz]ed|:|-|\()
    not allowed to send (?:from|mail|e?-?mails?) [\w<>@.' ]{0,80}spf
    spf\W{1,3}(?:fail|softfail|hardfail)
    \bspf\b[\w :]{0,40}(?:fail|reject|forbid|deny|not allow)
    openspf
    sender policy framework
    not (?:a )?(?:designated|authori[sz]ed) (?:sender|mail server|to send)
    does not (?:pass|comply with) [\w ]{0,20}(?:dmarc|spf|dkim)
    sender-?id (?:\(pra\) )?(?:check|fail)
    unauthenticatedemail
    domain does not authenticate
    (?:sender|mail|message|e-mail) is (?:unauthenticated|not authenticated)
    (?:failing|failed|not pass(?:ing)?|missing) (?:\w+ )?authentication
"""

REQUIREPTR = r"""
    (?:reverse|rdns|ptr)[ -](?:dns|record|lookup|name|map|resolution|entr|resource
        +|hostname)
    no ptr
    \bptr\b
    rdns
    reverse[\w ]{0,20}(?:lookup|address|not (?:found|exist)|fail|missing)
    ip name lookup failed
    can(?:not|'t) (?:resolve|find)[\w ]{0,12} (?:your )?(?:host ?name|address|ip)
    unable to (?:resolve|verify|lookup)[\w ]{0,20}(?:host ?name|reverse|client)
    no (?:reverse|dns)[\w -]{0,14}(?:found|entry|record|dns)
    mismatches client ip
    (?:helo|ehlo|hostname)[\w ]{0,30}(?:does not (?:match|resolve)|mismatch)
    cannot find your (?:reverse )?hostname
    client host(?: name)?(?: rejected)?[\w: ]{0,20}cannot find
    domain name (?:verification|lookup) failed
    ip[\w ]{0,20}not resolv
"""

BADREPUTATION = r"""
    (?:bad|poor|low|negative|weak)[\w -]{0,12}reputation
    reputation[\w :.-]{0,40}(?:poor|low|bad|too|block|reject|very)
    unexpected volume or user complaints
    (?:sender ?score|senderbase|sender reputation)
    tss0\d
    due to (?:the )?(?:ip|domain|sender)[\w ]{0,12} reputation
"""

REJECTED = r"""
    (?:sender|mail from|return[ -]path|originator|reverse-path)
        +[\w.<>@:'" -]{0,90}(?:reject|denied|not (?:accept|allowed|permitted|exist|valid
        +|found|verif)|does not exist|invalid|refused|blocked|unknown|must
        +|verification failed|fail)
    (?:rejected|invalid|unknown|bad|unable to verify|can(?:no|')t verify
        +|could not verify|unverified|denied|fake|forged)[\w: ]{0,14} (?:sender|return path
        +|mail from|originator)
    domain of sender
    sender['’]?s? (?:domain|address)
    domain is invalid
    please provide a valid from
    purported responsible address
    permission to post
    not (?:have|authori[sz]ed|allowed|permitted)[\w ]{0,15}(?:to )?(?:post
        +|send to (?:this|the) (?:group|list|recipient|distribution))
    group you tried to contact
    \b(?:the|this|google|distribution) group\b
    sending to this group
    allowed (?:only )?from (?:authenticated|members)
    moderat
    members? only
    not a (?:member|registered gateway user)
    restricted
    rejected by (?:user|recipient)
    refused by (?:the )?recipient
    not rfc2822 sender
    rule imposed
    resolver\.rst\.(?:not|auth|recipsize)
    only accept
    nonexistent sender
    (?:sender|you)[\w ]{0,12}not (?:in|on) (?:the )?(?:allowed|approved|permitted)
    allowed[ -]?senders?[ -]?list
    sendernot(?:auth|in|allowed)
    groups\.google\.
    verify mail ?from failed
    sender e?-?mail (?:address )?is not
"""

RATELIMITED = r"""
    (?:rate|frequency|throttl|volume|quota) ?(?:limit|control|exceed|ed\b|ing)
    throttled?
    too (?:fast|quickly|frequent)
    (?:sent|sending|received|receiving) (?:too )?(?:many|more|much)
        +[\w ]{0,20}(?:messages|mail|e-?mails)
    hourly (?:limit|quota|message)
    daily (?:limit|quota|sending|smtp|message|user)
    exceed(?:ed|s)[\w ]{0,20}(?:rate|sending|messages per|daily|hourly)
    slow down
    greylist
    gr[ae]y-?listed
    try again in \d+
    at a rate that
    receiv(?:e|ing) (?:rate|limit)
    too many (?:e-?mails?|messages) (?:per|sent|in|from)
    (?:e-?mails|messages|mails) per (?:sender|second|minute|hour|day)
"""

TOOMANYCONN = r"""
    too many (?:concurrent |simultaneous |smtp |current )*(?:connection|session
        +|recipient|rcpt|hops? connection|mails? |messages? (?:from|in|for|per))
    (?:connection|ip|session)[\w ]{0,12}(?:frequency|rate)
    (?:frequency|concurrency|connection|recipient)s? (?:is |are )?limit(?:ed|s)?
    (?:maximum|max)[\w ]{0,14}(?:connections|recipients|sessions)
    all available ips
    connection count
    (?:thread|session|concurrency|receive) limit exceeded
    recipient ?limits?\b
    (?:server|system|host|too|currently) (?:is )?(?:too )?busy
    (?:system )?load[\w ]{0,8} too high|too much load
    trop de connexions
"""

BLOCKED = r"""
    not accepting connections
    (?:invalid|bad|unauthori[sz]ed) ip\b
    (?:black|block|deny|black-hole|blackhole)[ -]?list
    \b(?:rbl|dnsbl|rbldns|sbl|xbl|pbl|cdrbl|drbl|bl)\b
    spamhaus
    spamcop
    barracudacentral
    sorbs
    abuseat
    mail-abuse
    uceprotect
    senderbase\.org
    backscatterer
    invaluement
    (?:blocked|banned|denied|listed|rejected|refused|barred)[\w ]{0,12} (?:by|using|for
        +|due to|in|because of|from)[\w ,.:-]{0,20}(?:abuse|[\w.-]{0,40}bl\b|ldap|ip|list
        +|receiving|your (?:ip|isp|network)|\d+\.\d+)
    (?:ip|host|client|server|network|sender|connection|address|domain|messages?|mail
        +|access)(?: address| host| from)?[\w.\[\]():=<>-]{0,60} (?:is |are |was |been |has
        +[ ]|have |be |rejected: )*(?:block(?:ed|ing)|banned|blacklisted|denied access
        +|not allowed to connect|rejected due)
    client host[\w .:<>\[\]-]{0,90} (?:rejected|blocked|denied)
    use the smtp server of your isp
    (?:blocked|banned|listed) (?:ip|host|address|network|for|by|using)
    blocked - see
    (?:access|connection|service) (?:from|to) [\w .\[\]-]{0,60}(?:denied|refused
        +|blocked)
    too many (?:bad|invalid|unwanted|spam)[\w ]{0,20}
    (?:dynamic|dialup|dial-up|residential|generic) (?:ip|address|host|range|dns|pool)
    unfortunately, messages from
    bad (?:sender|ip|host|neighbou?rhood)
    may not be mail exchanger
    you are not allowed to connect
    no access from mail server
    temporarily (?:deferred|blocked|rejected)[\w ]{0,12}
    deferred due to user complaints
    connection (?:dropped|rejected)
    missing reverse dns for
    email (?:from|blocked)[\w ]{0,30}(?:blocked|denied|rejected)
    access denied[\w .,:\[\]-]{0,50}(?:ip|address|spam)
    your (?:ip|network|server|host|isp|email|mail|access)[\w .:\[\]()-]{0,60}(?:block
        +|listed|banned|denied|reject)
    domain of (?:your|the) (?:ip|host)
    for abuse
    fix (?:the )?reverse
    abus(?:e|ive)
    denied \[
    we do not accept (?:mail|connections) from
    banned
    administrative(?:ly)? prohib
    no smtp service
    (?:helo|ehlo)(?: command| name)? (?:rejected|refused)|(?:invalid|bad|fake|forged) (?:helo|ehlo)
    \bis blocked\b
    not allowed access from
    \b(?:ip|network|host|server)[\w .\[\]:-]{0,50}(?:is|in|on) [\w ]{0,12}(?:black|block) ?list
    (?:is|are|been|currently|address|ip) listed (?:in|on|at|by) [\w.-]{2,60}
    bloqu[ée]e?
    geblockt|blockiert
    (?:dial-?up|dynamic)[\w -]{0,20}denied
    (?:possible |sender )?forgery
"""
