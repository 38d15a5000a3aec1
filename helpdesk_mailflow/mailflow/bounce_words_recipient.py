"""What mail systems say of the recipient: his address, his domain, his mailbox.

In the form that :mod:`.bounce_words` describes.
"""

MAILBOXFULL = r"""
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
    over (?:their|his|her|your|the allowed) (?:\w+ )?quota
    (?:inbox|mailbox|account|user|recipient)[\w' ]{0,12} (?:is )?out of (?:storage|space|disk)
    (?:mail ?box|disk|storage|inbox) ?(?:space|storage)?[\w ]{0,12}not enough
    exhausted[\w ]{0,12} (?:storage|space|quota)
    has too (?:many messages|much mail)
    disk ?quota|diskquota
    (?:blocks|inode) limit exceeded
    due to a full mailbox
    zu ?viele mails auf dem server
    skrzynka[\wąćęłńóśźż ]{0,30}pe[łl]na
    (?:brievenbus|postvak|mailbox)[\w ]{0,15} vol\b
    caixa (?:postal|de [\wí]{3,12})[\w ]{0,15}(?:cheia|lotada)
    posta kutusu[\w ]{0,12}dol
    casella[\w' ]{0,30}pien
    schránka[\w ]{0,12}plná
    postl[åa]dan?[\w ]{0,12}\bfull
    (?:postkassen?|indbakken?|postboks(?:en)?)[\w ]{0,12}\bfull
    postafiók[\w ]{0,12}(?:megtelt|tele)
    (?:메일함|편지함)[^a-z]{0,15}(?:초과|가득)
    mailbox[\w.<>@ ]{0,80} is full
"""

EXCEEDLIMIT = r"""
    (?:size|message|length) (?:exceeds|larger than|greater than|bigger than) (?:the )
        +?(?:fixed maximum|current|maximum|max|limit|recipient)
    exceeds (?:the )?(?:fixed |allowed )?maximum (?:message |mail )?size for (?:this
        +|the) (?:user|recipient)
    message size exceeds
    message too large for (?:this|the) recipient
    maximum (?:message )?size for this recipient
"""

SUSPEND = r"""
    archived recipient
    (?:account|mailbox|user|recipient|address|domain)[\w':,<>@.\[\] ]{0,60}(?:suspend
        +|disabled|inactive|frozen|deactivat|not (?:currently )?(?:active|enabled)|\blocked
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
    (?:account|mailbox|user)[\w<>@ ]{0,30}(?:discontinued|not (?:been )?activated)
    not currently being accepted for this mailbox
    (?:blocked|closed|disabled|suspended) (?:due to|because of|for) inactivity
    falta de uso|estado: inactivo
    bloccat[oa] per inutilizzo|casella[\w' ]{0,20}disattiva
    konto[\w ąćęłńóśźż]{0,20}(?:zablokowan|nieaktywn)
    (?:postfach|konto|mailbox)[\w ]{0,15}(?:deaktiviert|gesperrt)
    (?:ящик|пользователь|аккаунт)[^a-z]{0,20}(?:заблокирован|отключ)
    (?:帐号|账号|邮箱|用户)[^a-z]{0,6}(?:停用|冻结|禁用)
    this (?:user|account|mailbox) is blocked
    (?:mail )?receiving disabled
    is (?:now |currently )disabled
"""

HASMOVED = r"""
    (?:has|have) (?:been )?(?:moved|replaced by|changed)
    has moved to
    (?:please|must) try <?@
    (?:not local|moved|changed|no longer)[\w;:,. ]{0,30}(?:please|must) (?:use|send to
        +|forward to) <?@
    recipient no longer on server
    no longer (?:works? (?:here|for)|at this address|with (?:the|our))
    not our user
    new address is
    user has moved
    address (?:has )?changed
"""

NOTACCEPT = r"""
    (?:host|domain|server|user|mailbox|recipient)[\w.<>@:' ]{0,40}(?:does(?: not|n'?t)
        +|do not|not) (?:accept|receive)s?(?:ing)? (?:any )?(?:e-?mail|mail|messages)
    indicated no smtp service
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
"""

HOSTUNKNOWN = r"""
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
    could not find a gateway
    all host address lookups failed permanently
    (?:domain|host)[\w .:'"-]{0,40}(?:not registered|has no mail|nonexistent|inexist)
    dom[aäíi]n(?:e|io|ínio)?[\w ]{0,15}(?:inconnu|unbekannt|sconosciut|desconocid|desconhecid
        +|onbekend|inexist)
    infodomainnonexistent
    (?:the|recipient'?s?|destination) domain[\w ]{0,15}(?:is )?not (?:valid|found)
"""

USERUNKNOWN = r"""
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
    not our (?:customer|client|user)\b
    i (?:can(?:'|no)t|could not) deliver mail for
    (?:does ?n[o']t|do not|can(?:'|no)t) handle mail for
    there (?:is|was) (?:no|not an?) ?(?:one|body|user|account|mailbox|recipient|person|such)
    no ?(?:one|body) (?:here |there )?(?:by|with|at|of) (?:that|this)
    (?:does ?n[o']t|do not) have an? (?:[\w.-]+ )?(?:account|mail ?box|e-?mail|final e-?mail)
    missing home directory
    user path no exist
    bad[ _-]?(?:rcpt|recipient)(?:to)?\b
    not in my valid ?rcptto
    (?:recipient|user|address)[\w<>@ ]{0,20}(?:verif(?:y|ication) fail|can(?:'|no)t be verified
        +|could not be verified)
    unverified (?:recipient|address)
    (?:mail ?box|user|recipient|account)[\w<>@ ]{0,20}not (?:present|defined|in (?:system
        +|directory))
    no (?:such )?mail ?(?:drop|box) (?:defined|available)
    destin(?:ation|\.)[\w ]{0,20}(?:addresses were unknown|sconosciuto)
    (?:wrong|bad|invalid) (?:recipients?|destination)\b
    address(?: is| was)? (?:wrong|invalid|unknown|not recogni[sz]ed)
    no longer (?:an? )?(?:employee|employed|works?|with us)
    no longer accepts? (?:e-?)?mails?
    (?:undeliverable|incorrectly) address
    nessun utente
    (?:utente|destinatario|indirizzo)[\w' ]{0,20}(?:errato|inesistente|sconosciut
        +|non (?:trovato|valido))
    nie ma (?:takiego|takiej|adresata)|takiego u[żz]ytkownika|nie istnieje
    (?:usuário|usuario|destinat[aá]rio|endere[cç]o|conta)[\w ]{0,20}(?:desconhecid
        +|n[ãa]o (?:existe|encontrad)
        +|inv[áa]lid)
    (?:usuario|cuenta|buz[oó]n|direcci[oó]n|destinatario)[\w ]{0,20}(?:no (?:existe|encontrad
        +|v[áa]lid)
        +|inv[áa]lid)
    (?:adresse|destinataire|utilisateur|compte|boîte)[\wéèàôêç' -]{0,40}(?:n'existe|introuvable
        +|invalide)
    neexistuje|neznám
    finnes ikke|findes ikke|finns inte|eksisterer ikke
    ei (?:löydy|ole olemassa)|tuntematon
    bulunamad|kullanıcı yok|geçersiz (?:alıcı|adres)
    nem létez|ismeretlen (?:felhaszn|címzett)
    bestaat niet|niet gevonden
    nu există|inexistent
    не зарегистрирован|неизвестн|нет такого|недействителен
    (?:用户|收件人|帐号|账号|邮箱)[^a-z]{0,10}(?:不存在|未找到|无效|没有找到)
    (?:사용자|수신자|계정|주소)[^a-z]{0,15}(?:없|찾을 수)
    (?:宛先|ユーザー|アドレス|あて先)[^a-z]{0,20}(?:ありません|見つかり|存在し|不明|無効)
    未找到|查無此人|收件人不存在
    rcpt user[\w.<>@ ]{0,80} not ok
    can(?:'|no)t accept (?:user|recipient)
    unable to find (?:alias|user|recipient|mailbox)
"""

FILTERED = r"""
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
"""
