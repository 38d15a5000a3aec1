"""The words in which mail systems say why a mail was not delivered, by reason.

RE2's expressions, in lower case, of a text whose white space is single blanks and whose addresses
are `@` alone (:mod:`.bounce_reason`). Each line is an alternative; one that begins with a plus goes
on with the line above. They are what mail servers, filters and providers write: RFC 5321, RFC 3463,
RFC 7372, the manuals of the servers, and the error pages of the providers.
"""

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
"""

#: Texts, in the order in which they are asked: what is particular before what is general. Each
#: line is an alternative; one that begins with a plus goes on with the line above.
TEXTS: tuple[tuple[str, str], ...] = (
    (
        "mailboxfull",
        r"""
        mail ?(?:box|folder|drop|store)(?: size)? (?:is |has )?(?:currently |temporarily )
            +?(?:full|exceed|over quota|over(?: the)? (?:limit|size)|too large)
        mailbox_full
        over ?quota
        out of quota
        (?:quota|storage)[\w ]{0,30}(?:exceed|full|violat|reached|limit)
        exceed(?:s|ed|ing)?[\w' ]{0,40}(?:quota|storage|mailbox|maximum space|disk space
            +|disk usage)
        (?:disk|mailbox|space|storage)[ _-]?quota
        not enough (?:storage|disk)? ?space
        insufficient (?:disk|mailbox|user) ?(?:space|storage)
        (?:inbox|folder|account|maildir|mail box|recipient|user|disk) (?:is |was )?(?:full
            +|over ?quota)
        no (?:more )?(?:space|room|storage) (?:left|available|for|in)[\w ]{0,20}(?:mailbox
            +|user|account)
        too much mail data
        too many messages (?:on|in) (?:this|the) (?:mailbox|account)
        mailbox[\w ']{0,25}(?:exceed|quota|limit)
        delivery attempt would exceed
        over (?:its|the) (?:disk )?quota
        (?:user|recipient|account)[\w' ]{0,12}(?:has )?(?:exceeded|used up|reached)
            +[\w ]{0,20}(?:space|quota|size|storage)
        message would exceed
        mapiexceptionshutoffquotaexceeded
        quotaexceeded
        postfach (?:ist )?voll
        boîte [\w ]{0,20}pleine
        buz[oó]n[\w ]{0,15}lleno
        容量(?:オーバー|超過)
        いっぱいです
        переполнен
        as their mailbox is full
        boite du destinataire pleine
        邮箱已满
        信箱已滿
        sizelimit:
        is over the allowed quota
        not have enough (?:disk )?space
        no space left in
        """,
    ),
    (
        "exceedlimit",
        r"""
        (?:size|message|length) (?:exceeds|larger than|greater than|bigger than) (?:the )
            +?(?:fixed maximum|current|maximum|max|limit|recipient)
        exceeds (?:the )?(?:fixed |allowed )?maximum (?:message |mail )?size for (?:this
            +|the) (?:user|recipient)
        message size exceeds
        message too large for (?:this|the) recipient
        maximum (?:message )?size for this recipient
        """,
    ),
    (
        "mesgtoobig",
        r"""
        (?:message|mail|e-mail|data|attachment)(?: file)? (?:size )?(?:is |was )
            +?(?:too (?:big|large|long)|exceeds)
        too (?:big|large) (?:message|mail|for this)
        message size[\w ]{0,20}(?:limit|exceed)
        max(?:imum)? (?:message|mail) ?size
        size limit exceeded
        exceeded (?:the )?(?:max|size)
        over (?:the )?(?:max(?:imum)?|allowed) (?:message )?size
        line limit exceeded
        messagesizelimit
        exceeds (?:the )?(?:size|system) limit
        input exceeds
        """,
    ),
    (
        "suspend",
        r"""
        archived recipient
        (?:account|mailbox|user|recipient|address|domain)[\w':,<>@. ]{0,60}(?:suspend
            +|disabled|inactive|frozen|deactivat|not (?:currently )?(?:active|enabled)|locked
            +|is closed|has been closed|terminated|on hold|blocked by user
            +|temporarily unavailable due)
        (?:disabled|inactive|suspended|closed|frozen|dormant|expired|deactivated)
            +[ ](?:recipient|mailbox|account|user|address|mail-?box)
        no longer (?:active|in use|in service)
        invalid/inactive user
        mailbox (?:currently )?(?:suspended|disabled)
        account[\w ]{0,20}(?:expired|has been (?:blocked|disabled))
        user[\w ]{0,20}(?:suspended|inactive)
        currently disabled
        not active
        boîte aux lettres[\w ]{0,15}désactivée
        email account that you tried to reach is (?:disabled|inactive)
        vacationed
        is a? ?deactivated
        """,
    ),
    (
        "hasmoved",
        r"""
        (?:has|have) (?:been )?(?:moved|replaced by|changed)
        has moved to
        please (?:use|try|send to|forward)[\w ]{0,12}<?[\w.+-]{1,64}@
        recipient no longer on server
        no longer (?:works? (?:here|for)|at this address|with (?:the|our))
        not our user
        new address is
        user has moved
        address (?:has )?changed
        """,
    ),
    (
        "norelaying",
        r"""
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
        """,
    ),
    (
        "authfailure",
        r"""
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
        """,
    ),
    (
        "virusdetected",
        r"""
        virus
        malware
        infected
        trojan
        worm (?:found|detected)
        phishing (?:content|detected)
        mcspamsignature
        clamav
        eicar
        your message [\w ]{0,20}contain[\w ]{0,12} threat
        looks like malicious
        potentially executable
        """,
    ),
    (
        "requireptr",
        r"""
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
        """,
    ),
    (
        "notcompliantrfc",
        r"""
        multiple(?: \d{3}[ -]\d\.\d\.\d)? addresses in from
        (?:not|non)[ -]?(?:rfc[ -]?\d* )?compliant
        rfc ?\d{3,4} (?:compliant|compliance|violation|section)
        violates rfc
        rfcmessagenoncompliant
        duplicate header
        missing (?:a )?(?:valid )?(?:from|date|to|message-id)(?: |:)[\w ]{0,12}(?:header
            +|field)
        bare (?:lf|cr|linefeed)
        (?:multiple|duplicated?) (?:from|subject|to|date|header)[\w ]{0,12}header
        nested smtp header
        """,
    ),
    (
        "badreputation",
        r"""
        (?:bad|poor|low|negative|weak)[\w -]{0,12}reputation
        reputation[\w :.-]{0,40}(?:poor|low|bad|too|block|reject|very)
        unexpected volume or user complaints
        (?:sender ?score|senderbase|sender reputation)
        tss0\d
        due to (?:the )?(?:ip|domain|sender)[\w ]{0,12} reputation
        """,
    ),
    (
        "rejected",
        r"""
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
        group(?: you tried to contact)?
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
        """,
    ),
    (
        "hostunknown",
        r"""
        (?:domain|host|hostname|recipient domain|mail exchanger|mx)(?: name)
            +?[\w.<>@:'" -]{0,60}(?:does(?: not|n'?t) exist|not (?:be )?(?:found|known|exist)
            +|unknown|is (?:unreachable|invalid|bogus)|unroutable|not resolve
            +|could ?n[o']t be (?:found|resolved))
        (?:no such|unknown|invalid|unroutable|illegal|unrouteable|nonexist[ea]nt|bad|bogus)
            +[ ](?:mail )?(?:domain|host|address domain)
        unrouteable (?:mail )?(?:domain|address)
        host (?:or domain name )?(?:not found|unknown)
        dns (?:error|failure|lookup)[\w: .-]{0,50}(?:fail|not found|no such|nxdomain)
        nxdomain
        name or service not known
        name service error[\w .,=:-]{0,80}host not found
        domain[\w .,=:'"@<>-]{0,50}doesn'?t (?:exist|accept|receive)
        account or domain may not exist
        no (?:dns|mx|a) (?:record|entry)
        can(?:'|no)t find (?:host|any host|mail server)
        couldn't find any host (?:named|by that name)
        domain (?:must resolve|syntax error)
        name server:? host not found
        mail domain mentioned in email address is unknown
        wrong domain
        домен не (?:найден|существует)
        ドメインが見つかりません
        """,
    ),
    (
        "notaccept",
        r"""
        (?:host|domain|server|user|mailbox|recipient)[\w.<>@:' ]{0,40}(?:does(?: not|n'?t)
            +|do not|not) (?:accept|receive)s?(?:ing)? (?:any )?(?:e-?mail|mail|messages)
        no smtp service
        null ?mx
        nullmx
        does not accept (?:e-?)?mail
        no mx (?:found|record)
        mail (?:is )?not accepted (?:from|for) (?:this )?(?:host|domain|client)
        find a mail exchanger or ip address
        smtp protocol returned a permanent error
        we do not accept mail
        not accepting (?:mail|messages)
        name server[\w: ]{0,12}\.: host not found
        (?:no|any) smtp server
        """,
    ),
    (
        "spamdetected",
        r"""
        blacklisted url|url in (?:the )?message|\b(?:uribl|surbl)\b
        (?:message|mail|e-?mail|content|it|this|sender|transaction|body)[\w:,.()
            +' -]{0,70}(?:spam|junk|\bube\b|\buce\b|unsolicited|bulk mail)
        spam (?:detected|content|message|filter|score|probability|rejected|firewall|mail
            +|email|identified|suspected|fingerprint)
        (?:is|as|like|be|considered|score[sd]?|possibly|suspected|detected|probabl[ey])
            +[ ](?:a |an |to be )?(?:spam|junk|\bube\b|\buce\b|unsolicited)
        - spam\b
        \bube\b
        \buce\b
        message content rejected
        (?:high|low) spam
        spamassassin
        bulk email filter
        anti-?spam
        unsolicited
        spam\b[\w ]{0,12}(?:see|http)
        blocked (?:due to|because of|for) spam
        rejected by (?:our )?content
        content[\w -]{0,15}(?:denied|blocked)
        classified as bulk
        reject spam
        no spam
        \bspam\b
        """,
    ),
    (
        "ratelimited",
        r"""
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
        """,
    ),
    (
        "toomanyconn",
        r"""
        too many (?:concurrent |simultaneous |smtp |current )*(?:connection|session
            +|recipient|rcpt|hops? connection|mails? |messages? (?:from|in|for|per))
        (?:connection|ip|session)[\w ]{0,12}(?:frequency|rate)
        (?:frequency|concurrency|connection|recipient)s? (?:is |are )?limit(?:ed|s)?
        (?:maximum|max)[\w ]{0,14}(?:connections|recipients|sessions)
        all available ips
        connection count
        """,
    ),
    (
        "blocked",
        r"""
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
        connection (?:dropped|refused by|rejected)
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
        """,
    ),
    (
        "policyviolation",
        r"""
        polic(?:y|ies)\b
        protocol violation
        (?:attachment|file|message|header|subject|content)
            +[\w ,:"'.-]{0,40}(?:not (?:allowed|permitted)|prohibited|banned|forbidden
            +|restricted|rejected by (?:rule|filter))
        (?:network|host) not allowed
        closed mailing list
        violat
        denied by
        duplicate content
        disallowed
        security (?:policy|polic)
        blocked by (?:filter|rule|custom|administrator)
        because the recipient
        """,
    ),
    (
        "userunknown",
        r"""
        destinataire invalide|adresse invalide
        (?:user|recipient|mailbox|account|address|addressee|alias|name|mail ?drop
            +|local[ -]part|local recipient|customer|subscriber|member|rcpt)s?(?: name| id
            +| address| user| e-?mail)?[\w.<>@:'"=*+()/ -]{0,90}(?:unknown|(?:could )
            +?n[o'’]t (?:be )?(?:found|exist|known|recogni[sz]ed|listed|local|valid|here|a valid
            +|registered|on this|in (?:our|the|directory|my|table)|hosted|available here)
            +|does(?: not|n'?t| n'o?t) (?:exist|have)|do(?: not|n'?t) exist|invalid
            +|non-?exist[ea]nt|no such|unavailable|is not (?:a|an|listed|known|valid|found
            +|recogni)|has been (?:removed|deleted)|no longer (?:exists|valid|available|on)
            +|undeliverable|ambiguous|doesnt|wrong|incorrect|unroutable|typo)
        (?:unknown|no such|invalid|illegal|nonexist[ea]nt|non-existent|bad|undefined
            +|unroutable|unrouteable|undeliverable|unresolvable|wrong|incorrect|no valid
            +|not a valid|not a known|no) (?:local |final delivery |mail |email |e-mail
            +[ ]|or illegal |or invalid |virtual |destination |here )*(?:user|recipient|mailbox
            +|mail box|account|address|addressee|alias|person|name|local[ -]part|subscriber
            +|maildrop|customer|rcpt)
        not (?:a )?(?:listed|known|valid|recogni[sz]ed|found) (?:in|at|on|user|here|by
            +|recipient|mailbox)
        no such (?:address|person|user)
        (?:user|account|recipient|address) ?not ?found
        recipnotfound
        recipientnotfound
        user unknown
        unknown user
        unknown recipient
        unknown or illegal
        no mailbox (?:here|by that name|found)
        i (?:have|'ve) no (?:mail)?box
        this (?:address|user|account|mailbox) (?:no longer|does not|doesn'?t|is not|isn'?t)
        (?:user|recipient)[\w ]{0,12}(?:has left|retired)
        (?:email )?account that you tried to reach does ?n[o']t exist
        couldn'?t be found
        wasn'?t found
        is not one of our
        answer=6596
        nosuchuser
        no such user
        not listed in public name
        not listed in domino
        not found in (?:directory|recipient)
        directory lookup
        見つかりません
        存在しません
        リストにありません
        ディレクトリ
        существует
        не найден
        unbekannt
        empfänger[\w ]{0,20}(?:nicht|existiert)
        destinataire[\w ]{0,14}inconnu
        inconnu
        desconocido
        no existe
        inexist
        non esiste
        sconosciut
        nieznany
        onbekend
        okänd
        ukendt
        ukjent
        用户不存在
        不存在
        존재하지
        (?:has|had|with) no mailbox
        address rejected
        recipient rejected
        rejected recipient
        invalid address
        email address lookup
        dosn't exist
        mailbox not found
        no account
        no (?:one|body) (?:here )?(?:by|with) that name
        is not accepting
        """,
    ),
    (
        "systemfull",
        r"""
        (?:mail )?system (?:is )?full
        no space left on device
        insufficient (?:system )?(?:storage|resource)
        out of (?:disk|storage|memory)
        requested mail action aborted: exceeded storage
        no (?:disk )?space
        disk full
        not enough disk
        low on (?:disk|space)
        """,
    ),
    (
        "failedstarttls",
        r"""
        (?:must (?:issue a )?|requires? |need )starttls
        tls (?:is )?(?:required|handshake|negotiation|not available)
        starttls (?:is )?(?:required|failed)
        ssl (?:handshake|error)
        certificate (?:verify|verification|has expired|mismatch)
        encryption (?:is )?required
        """,
    ),
    (
        "networkerror",
        r"""
        hop ?count
        too many hops
        (?:mail|routing|forwarding) ?loop
        loops? back
        loop (?:detected|found|to)
        maximum hop
        network (?:error|is unreachable|failure)
        no route to host
        connection (?:reset|aborted|lost|broken|interrupted|closed)
        lost connection
        malformed or unexpected name server
        name server (?:failure|timeout)
        (?:wasn't|unable|not able|failed|cannot|can't|could not|couldn't) (?:to )
            +?(?:establish|connect|open)[\w ]{0,20}(?:an? )?(?:smtp )?connection
        temporary (?:name server|dns|lookup)
        dns (?:timeout|temporary)
        host not reachable$
        forwarded more than the maximum
        network[\w ]{0,10}unreachable
        all (?:relevant )?mx records point
        i/o error
        broken pipe
        dns lookup
        """,
    ),
    (
        "expired",
        r"""
        aborted after
        expired
        too long in (?:the )?queue
        in the queue too long
        queue(?:d)? (?:for )?too long
        (?:retry|delivery|connection|operation|session|response|server|time)
            +[ -]?time ?(?:d )?out
        timed? ?out
        could not (?:be )?deliver(?:ed)? (?:for|within|in)
        not (?:be )?delivered (?:within|for|in)
        multiple retries
        giv(?:ing|en) up
        (?:after|failed) \d+ (?:attempts|tries|hours|days)
        attempts? (?:have )?(?:been )?(?:made|exceeded)
        did(?: not|n't) respond
        not respond(?:ing)?
        no (?:answer|response)
        unable to connect
        could not connect
        connection refused
        connect to
        host not reachable
        not reachable
        unreachable
        did not accept our (?:requests to connect|connection)
        delay(?:ed)?
        will (?:be retried|retry|keep|continue)
        deferr
        maximum (?:retry|retries|time)
        temporarily unavailable
        stopped trying
        без ответа
        再送信
        """,
    ),
    (
        "filtered",
        r"""
        requested action not taken
        mailbox unavailable
        unable to deliver to (?:this|the) (?:user|recipient)
        filter(?:ed|ing|s)?\b
        rejected by (?:the )?(?:domain filter|remote)
        was (?:automatically )?rejected by
        recipient (?:only|refused|refuses|has (?:blocked|chosen)|prefers)
        not want(?:ed)?
        undisclosed recipient
        user (?:reject|refus)
        you have been blocked by the recipient
        because the recipient is only accepting
        recipient's? (?:filter|setting)
        rejected by a remote
        """,
    ),
    (
        "contenterror",
        r"""
        (?:content|mime|header|8-?bit|charset|character|body|encoding)[\w -]{0,30}(?:error
            +|malformed|invalid|not supported|unsupported|rejected|required|not allowed|missing
            +|unacceptable|illegal|ill-formed)
        (?:malformed|invalid|improper|unacceptable|illegal|broken)[\w -]{0,14}(?:content
            +|mime|header|body|message|charset)
        improper (?:use of )?8-bit
        message header size
        message filtered
        failed (?:to )?pars
        """,
    ),
    (
        "securityerror",
        r"""
        (?:authentication|authorization|login|password|credentials?)[\w ]{0,20}(?:fail
            +|require|invalid|incorrect|denied|error)
        not authori[sz]ed
        unauthori[sz]ed
        authori[sz]ation
        access (?:is )?denied
        permission denied
        security
        verification failure
        executable
        insecure
        password
        you are not allowed
        """,
    ),
    (
        "mailererror",
        r"""
        (?:unknown )?mailer error
        command failed
        exit (?:code|status)
        exited with
        procmail
        maildrop
        vdelivermail
        local (?:delivery|configuration) (?:failed|error)
        terminated by signal
        command died
        x-unix
        pipe to \|
        """,
    ),
    (
        "systemerror",
        r"""
        (?:system|server|internal|local|configuration|software|database|mail) (?:config\w* )
            +?(?:error|failure|problem)
        transaction failed
        service (?:currently |temporarily |is )?(?:not available|unavailable)
        can(?:'|no)t (?:create|open|write|contact|access)
        could not (?:load|complete|create|open)
        temporary (?:failure|error|problem|local|system)
        unable to (?:process|handle|complete|deliver)
        try (?:again )?later
        queue file
        resources? (?:temporarily )?unavailable
        local error
        address family mismatch
        aliasing
        out of service
        maintenance
        command (?:time limit|not recogni)
        """,
    ),
    (
        "syntaxerror",
        r"""
        syntax error
        bad (?:command|sequence)
        unrecogni[sz]ed command
        command (?:not implemented|unrecogni[sz]ed|rejected)
        invalid (?:command|argument|parameter)
        """,
    ),
)
