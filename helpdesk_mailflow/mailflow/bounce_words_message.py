"""What mail systems say of the message: its size, its content, its form, and rules about it.

In the form that :mod:`.bounce_words` describes.
"""

MESGTOOBIG = r"""
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
    file too large
"""

VIRUSDETECTED = r"""
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
"""

NOTCOMPLIANTRFC = r"""
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
"""

SPAMDETECTED = r"""
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
    antyspam|anti-pourriel|indésirable
    спам
    垃圾邮件|垃圾郵件
    スパム|迷惑メール
    스팸
    content restrictions
    message filtered\.? refer
    content reject
"""

POLICYVIOLATION = r"""
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
    (?:illegal|prohibited|forbidden|banned|unacceptable|dangerous|executable) (?:file
        +|attachment|content)
"""

CONTENTERROR = r"""
    (?:content|mime|header|8-?bit|charset|character|body|encoding)[\w -]{0,30}(?:error
        +|malformed|invalid|not supported|unsupported|rejected|required|not allowed|missing
        +|unacceptable|illegal|ill-formed)
    (?:malformed|invalid|improper|unacceptable|illegal|broken)[\w -]{0,14}(?:content
        +|mime|header|body|message|charset)
    improper (?:use of )?8-bit
    message header size
    message filtered
    failed (?:to )?pars
    smtputf8|non-ascii (?:address|header)
"""
