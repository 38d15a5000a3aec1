"""What mail systems say of themselves, of the way there, and of the session.

In the form that :mod:`.bounce_words` describes.
"""

SYSTEMFULL = r"""
    (?:mail )?system (?:is )?full
    no space left on device
    insufficient (?:system )?(?:storage|resource)
    out of (?:disk|storage|memory)
    requested mail action aborted: exceeded storage
    no (?:disk )?space
    disk full
    not enough disk
    low on (?:disk|space)
"""

FAILEDSTARTTLS = r"""
    (?:must (?:issue a )?|requires? |need )starttls
    tls (?:is )?(?:required|handshake|negotiation|not available)
    starttls (?:is )?(?:required|failed)
    ssl (?:handshake|error)
    certificate (?:verify|verification|has expired|mismatch)
    encryption (?:is )?required
    certificate[\w ]{0,12}not (?:verified|trusted|valid)
    (?:not sent|sent without|only) (?:over |using |with )?(?:a )?(?:tls|encrypt)
    tls (?:is )?(?:required|not (?:offered|supported))
"""

NETWORKERROR = r"""
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
    (?:mx|mail exchanger)[\w ]{0,20}points? (?:back )?to
    \blooping\b
    best-preference mx
    dns (?:server )?(?:failure|problem|temp)
    (?:un|not |n't )able to establish
    connection with [\w. \[\]:-]{1,80} is broken
"""

EXPIRED = r"""
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
    retry time(?:out)? (?:not reached|exceeded)
    been failing for (?:a long time|\d)
    not been collected
    allowed queue period
    (?:delivery|message)[\w ]{0,20} (?:not|n't)[\w ]{0,20} within \d
    (?:could not|unable to|not) be? ?delivered (?:for|after|within) \d
    still undelivered|noch nicht|n'a pas encore|todavía no
"""

SECURITYERROR = r"""
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
    auth(?:entication|orization)? fail
    access[ -]denied
"""

MAILERERROR = r"""
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
"""

SYSTEMERROR = r"""
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
    (?:server|service|system)[\w ]{0,12}(?:un|not )available
    temporarily (?:unavailable|rejected)
    come back later|try again
"""

SYNTAXERROR = r"""
    syntax error
    bad (?:command|sequence)
    unrecogni[sz]ed command
    command (?:not implemented|unrecogni[sz]ed|rejected)
    invalid (?:command|argument|parameter)
"""
