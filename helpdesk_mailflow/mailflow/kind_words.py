"""The words by which programs and people give a mail away, in many languages.

Collected from what mail systems write; none of these decides by itself unless
:mod:`.kind` says so. All patterns are bounded: none takes more than linear time on the
stretch of text that it is given.
"""

import re

REPLY_OR_FORWARD = re.compile(
    r"\s*(?:re|aw|sv|vs|antw|odp|ynt|res|rif|r|ref|fw|fwd|wg|tr|enc|rv|i|pd|vl|回复|答复|转发|回覆"
    r"|отв|пересл)\s*(?:\[\d+\])?\s*[:：]",
    re.IGNORECASE,
)

# Subjects that mail systems write and people do not.
BOUNCE_SUBJECT = re.compile(
    r"""^\W*(?:\[[^\]]{0,40}\]\s*)?(?:
      failure\ notice\b
    | mail\ delivery\ (?:failed|failure|problem|error|system|status)
    | (?:e-?mail|message)\ delivery\ (?:has\ )?(?:failed|failure)
    | delivery\ (?:status\ )?notification
    | delivery\ (?:has\ )?fail(?:ed|ure)
    | fail(?:ed|ure)\ delivery
    | undeliver(?:ed|able)\ (?:mail|message)
    | returned\ mail\b
    | mail\ (?:system\ )?error\ ?-
    | (?:non|un)-?deliver(?:y|able|ed)\s*(?:report|notification|:)
    | delayed\ mail\b
    | warning:\ (?:message\ \S+\ delayed|could\ not\ send\ message)
    | there\ was\ an\ error\ sending\ your\ mail
    | message\ status\ -\ undeliverable
    | nondeliverable\ mail
    | unzustellbar | nicht\ zustellbar | fehler\ beim\ zustellen
    | (?:mail\ )?zustellung(?:sfehler|sfehlgeschlagen|\ fehlgeschlagen)
    | non\ remis | non\ distribuable | échec\ de\ (?:la\ )?(?:remise|distribution|livraison)
    | no\ se\ puede\ entregar | no\ entregado | error\ de\ entrega
    | não\ é\ possível\ entregar | não\ entregue | falha\ na\ entrega
    | impossibile\ recapitare | non\ recapitabile | mancata\ consegna | mancato\ recapito
    | onbestelbaar | niet\ bezorgd
    | nie\ można\ dostarczyć | niedostarczon | nelze\ doručit | nedoručiteln | kézbesíthetetlen
    | går\ inte\ att\ leverera | kan\ ikke\ leveres | kunne\ ikke\ leveres | ei\ voitu\ toimittaa
    | teslim\ edilemedi
    | (?:ваше\ )?(?:сообщение|письмо)\ не\ доставлено | не\ доставлено | недоставленное
    | 配信不能 | 配信不可 | 配達不能 | 未配達 | 退信 | 系统退信 | 无法传递 | 無法傳遞 | 未传递
    | 배달되지\ 않음 | 반송
    )""",
    re.IGNORECASE | re.VERBOSE,
)

BOUNCE_TEXT = re.compile(
    r"""
      (?:could|can)\ ?not\ be\ delivered | (?:couldn't|can't|wasn't)\ (?:be\ )?delivered
    | (?:was|were)\ not\ delivered | has\ not\ (?:yet\ )?been\ delivered
    | not\ been\ able\ to\ deliver | (?:un|not\ )able\ to\ deliver | undeliverable
    | (?:error|trouble|problem)\ (?:while\ |in\ )?delivering | delivery\ (?:\S+\ ){0,8}failed
    | delivery\ (?:has\ been\ )?delayed | delivery\ attempt | did\ not\ reach | rejected\ your
    | (?:was|were|been)\ rejected
    | message\ (?:was\ )?undelivered | failed\ recipient | failed\ to\ deliver
    | encountered\ delivery\ problems | could\ not\ deliver | (?:not|cannot)\ be\ delivered
    | delivery\ of\ (?:your\ |this\ )?(?:e-?)?mail | unable\ to\ complete\ delivery
    | returned\ to\ (?:the\ )?sender | returning\ message | returned\ message
    | permanent\ (?:fatal\ )?(?:error|failure) | fatal\ errors?
    | (?:user|recipient|address|mailbox)\ (?:is\ )?(?:unknown|not\ found|full|unavailable|rejected)
    | (?:unknown|no\ such)\ (?:user|recipient|mailbox|address|host) | over\ quota
    | mailbox\ (?:size\ )?(?:limit|exceeded) | invalid\ (?:final\ delivery\ )?(?:user|recipient)
    | this\ is\ the\ mail\ system\ at | this\ is\ the\ qmail | transcript\ of\ session
    | host\ (?:or\ domain\ name\ )?(?:not\ found|unknown) | message\ expired | retry\ timeout
    | error\ (?:message|from|code)\W | [45]\.\d{1,2}\.\d{1,3}\b | \b[45]5\d[ -]
    | (?:nicht|konnte\ nicht)\ zugestellt | unzustellbar
    | n['’](?:a|ont)\ (?:pas|pu)\ .{0,30}(?:remis|distribu|livr|délivr)
    | no\ se\ (?:ha\ podido|pudo|puede)\ entregar | no\ (?:ha\ sido|fue)\ entregado
    | não\ (?:foi|pôde\ ser|pode\ ser)\ (?:possível\ )?entreg
    | (?:impossibile|non\ è\ stato\ possibile)\ (?:recapitare|consegnare)
    | (?:kon|kan|kunnen)\ niet\ .{0,30}(?:bezorgd|afgeleverd)
    | nie\ (?:można|udało\ się|mogła|mógł|została?)\ .{0,20}dostarcz
    | (?:nelze|nebylo\ možné)\ .{0,20}doručit | nebyla\ doručena
    | kunde\ inte\ levereras | kunne\ ikke\ leveres | teslim\ edilemedi | iletilemedi
    | не\ (?:было\ |может\ быть\ |удалось\ |могло\ быть\ )?доставлен | не\ удалось\ доставить
    | 配信(?:できま|不能|不可|され) | 配送(?:でき|する)|届けられませ | 送信(?:できま|されま)せん
    | 送信でき | お届けでき | 宛先 | あて先 | ディレクトリのリストにありません | エラー
    | 无法(?:投递|送达|传递|发送) | 未能送达 | 退信 | 無法(?:傳遞|投遞|寄送) | 被退回
    | 전송하지\ 못 | 배달(?:되지|하지)
    """,
    re.IGNORECASE | re.VERBOSE,
)

# Says itself that it is automatic; decides alone when it opens the subject.
AUTO_REPLY_SUBJECT = re.compile(
    r"""^\s*\W{0,3}(?:
      automatic\ (?:e-?mail\ )?(?:reply|response|answer)
    | auto[- ]?(?:reply|response|responder|respond)(?:\ message)?
    | automated\ (?:reply|response)
    | (?:out[- ]of[- ](?:the[- ])?office|ooo|vacation|away)\ (?:auto(?:matic)?[- ]?)?(?:reply
        |response|autoreply)
    | automatische\ (?:e-?mail-?)?(?:antwort|rückmeldung|abwesenheits\w+) | autoantwort
    | abwesenheits(?:notiz|nachricht|meldung|benachrichtigung|agent|assistent)
    | automatisch\ antwoord | afwezigheids(?:bericht|melding|assistent)
    | réponse\ automatique | message\ d['’]absence | notification\ d['’]absence
    | respuesta\ autom[áa]tica | resposta\ autom[áaà]tica | risposta\ automatica
    | autosvar | automatiskt?\ svar | automaattinen\ vastaus | automaatvastus | sjálfvirkt\ svar
    | odpowiedź\ automatyczna | automatyczna\ odpowiedź | autoodpowiedź
    | automatická\ odpov[eě][ďd] | automatikus\ válasz | răspuns\ automat
    | automatski\ odgovor | samodejni\ odgovor | automatinis\ atsakymas | automātiskā?\ atbilde
    | автоматический\ ответ | автоответ(?:чик)? | автоматична\ відповідь | автоматичен\ отговор
    | αυτόματη\ απάντηση | otomatik\ (?:yanıt|cevap) | תשובה\ אוטומטית | תגובה\ אוטומטית
    | رد\ تلقائي | الرد\ التلقائي | trả\ lời\ tự\ động | ตอบกลับอัตโนมัติ
    | balasan\ otomatis | jawapan\ automatik
    | 自動(?:応答|返信|回覆|回復) | 自动(?:回复|答复) | 자동\ ?(?:회신|응답|답장)
    )\s*(?:[:：\-–—|(\[.!]|$|(?:from|von|de|re|was|on|zu|für|for)\b)""",
    re.IGNORECASE | re.VERBOSE,
)

# Says that somebody is away; people write about that too, so a second sign is needed.
ABSENCE_SUBJECT = re.compile(
    r"""^\s*\W{0,3}(?:
      out[- ]of[- ](?:the[- ])?office | ooo\b | away\ from | (?:i(?:'m|\ am)\ )?away\ (?=until
          |till|from|on)
    | on\ (?:annual\ |maternity\ |parental\ |sick\ )?(?:leave|vacation|holidays?) | vacation
        | holiday
    | i(?:'m|\ am)\ (?:currently\ )?(?:out|away|on)
    | abwesen(?:d|heit) | nicht\ im\ (?:büro|haus) | im\ urlaub | urlaub | außer\ haus
    | afwezig | niet\ aanwezig | met\ vakantie
    | absen(?:t|te|ce)\b | en\ congés? | hors\ du\ bureau
    | fuera\ de\ (?:la\ )?oficina | ausente | ausencia | de\ vacaciones
    | fora\ do\ escritório | ausência | de\ férias
    | fuori\ (?:sede|ufficio) | assen(?:te|za) | in\ ferie
    | frånvaro | frånvarande | fravær | ikke\ til\ stede | på\ ferie | poissa | lomalla
    | poza\ biurem | nieobecno | urlop | mimo\ kancelář | nepřítomn | dovolená
    | házon\ kívül | szabadság | ofis\ dışında | вне\ офиса | отсутств | в\ отпуске | відсутн
    | εκτός\ γραφείου | 不在 | 休暇 | 外出 | 休假 | 부재
    )""",
    re.IGNORECASE | re.VERBOSE,
)

# What may follow ABSENCE_SUBJECT where it says nothing else: nothing, or until when.
ABSENCE_REST = re.compile(
    r"""\W*(?:(?:until|till?|through|bis|jusqu\S*|hasta|até|fino|tot|t/m|til|do|до|από|έως)\b.*
    |(?:from|on|vom|von|ab|du|desde|del|da|dal|van|från|fra|od|с|з)\b.{0,12}\d.*
    |(?:message|notice|notification|meldung|nachricht|notiz)?\W*)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)

ABSENCE_TEXT = re.compile(
    r"""
      \bi(?:'m|’m|\ am|\ will\ be)\ (?:currently\ |presently\ |now\ )?(?:out\ of|away
          |on\ (?:\w+\ )?(?:leave|vacation|holiday)|not\ in\ the\ office|travell?ing|unavailable)
    | (?:limited|no|without)\ access\ to\ (?:my\ )?(?:e-?mail|messages) | upon\ my\ return
    | (?:will|shall)\ (?:respond|reply|answer|get\ back)\ .{0,60}(?:return|back|as\ soon)
    | thank\ you\ for\ (?:your|the)\ (?:e-?mail|message).{0,80}(?:out\ of|away|on\ leave|vacation)
    | (?:bin|befinde\ mich)\ .{0,80}(?:abwesend|nicht\ (?:im|erreichbar|am\ platz)|urlaub
        |außer\ haus|wieder\ (?:da|erreichbar|im))
    | e-?mails?\ (?:werden|wird)\ nicht\ (?:weitergeleitet|gelesen|bearbeitet)
    | je\ suis\ .{0,60}(?:absent|en\ congé|hors\ du\ bureau) | de\ retour\ le
    | estoy\ .{0,40}(?:fuera|ausente|vacaciones) | estaré\ .{0,40}(?:fuera|ausente|vacaciones)
    | estou\ .{0,40}(?:fora|ausente|férias) | estarei\ .{0,40}(?:fora|ausente|férias)
    | (?:sono|sarò)\ .{0,40}(?:assente|fuori|ferie)
    | ik\ ben\ .{0,60}(?:afwezig|niet\ aanwezig|vakantie)
    | jag\ är\ .{0,40}(?:ledig|borta|semester|frånvarande) | jeg\ er\ .{0,40}(?:ferie|fravær|ute)
    | olen\ .{0,40}(?:lomalla|poissa) | jestem\ .{0,40}(?:nieobecn|urlop|poza)
    | jsem\ .{0,40}(?:mimo|dovolen|nepřítom) | (?:я|буду)\ .{0,40}(?:отсутств|в\ отпуске|вне\ офиса)
    | 不在に|不在と|休暇|休假|外出中 | 부재\ ?중
    """,
    re.IGNORECASE | re.VERBOSE,
)

RECEIPT_SUBJECT = re.compile(
    r"""^\s*(?:read|not\ read|gelesen|nicht\ gelesen|ungelesen(?:\ gelöscht)?|lu|non\ lu|leído
        |no\ leído
    |lido|não\ lida?|letto|non\ letto|gelezen|niet\ gelezen|läst|inte\ läst|læst|lest|luettu
    |przeczytano|odczytano|přečteno|olvasva|okundu|прочитано|прочтено|開封済み|已读|已讀|읽음
    |read\ receipt|return\ receipt(?:\s\(displayed\))?|lesebestätigung|accusé\ de\ lecture
    |confirmación\ de\ lectura|conferma\ di\ lettura|confirmação\ de\ leitura
    |leesbevestiging)\s?[:：\-]""",
    re.IGNORECASE | re.VERBOSE,
)
RECEIPT_TEXT = re.compile(
    r"""
      (?:was|were)\ (?:read|displayed|deleted\ without\ being\ read)
    | return\ receipt\ for\ the\ mail | this\ receipt\ verifies | (?:is|as)\ a\ read\ receipt
    | wurde\ .{0,80}(?:gelesen|angezeigt|gelöscht,\ ohne) | empfangsbestätigung | lesebestätigung
    | a\ été\ (?:lu|affiché) | accusé\ de\ (?:réception|lecture)
    | (?:fue|ha\ sido)\ leído | foi\ lid[ao] | è\ stato\ letto | is\ gelezen | (?:har\ )?lästes
    | (?:została?|zostało)\ .{0,30}(?:odczytan|przeczytan) | byl[ao]?\ přečten | было\ прочитано
    """,
    re.IGNORECASE | re.VERBOSE,
)
