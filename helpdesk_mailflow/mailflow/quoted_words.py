"""The words that mail programs put around quotes and signatures, in many languages.

All expressions look at squeezed lines and ignore case. They are alternatives of literals with
bounded gaps, so that no line takes more than linear time.
"""

import re

#: What ends "…, Support <…> wrote:", before the colon.
WROTE = re.compile(
    r"""(?:\b(?:wrote|writes|has\ written|said|schrieb|schrieben|geschrieben|schreibt
    |a\ (?:é|e)crit|(?:é|e)crivait|escribi(?:ó|o)|escribe|ha\ escrito|va\ escriure|ha\ escrit
    |escreveu|escreveram|ha\ scritto|scrive|scriveva|schreef|geschreven|heeft\ geschreven
    |skrev|skrifaði|kirjoitti|kirjutas|napisał(?:\(a\)|/-a|a)?|pisze|napsal(?:\(a\)|a)?
    |nap(?:í|i)sal(?:\(a\)|a)?|napisao(?:\ je|/la)?|napisala|je\ (?:na)?pisal(?:a|\(a\))?
    |a\ scris|írta(?:\ a\ következőket)?|ezt\ írta|rašė|parašė|rakstīja|uzrakstīja|shkroi
    |yazdı|şunu\ yazdı|đã\ viết|viết|menulis|tulis|έγραψε|egrapse
    |написал(?:\(а\)|/а|а)?|пишет|писал(?:\(а\)|а)?|сообщил(?:\(а\)|а)?|пише|написав|писав
    |напиша|написа|idatzi\ du|scríobh|skryf|aandika)
    |כתב(?:ה|/ה)?|כתבת|מאת|كتب(?:ت)?|نوشت|लिखा|เขียน(?:ว่า)?
    |写道|寫道|写到|撰写|さんは書きました|が書きました|のメール|님이\ ?작성|님이\ ?쓴\ ?글|작성)
    \s?(?:\([^()]{1,20}\)|-{2,8})?\s?[:：]?[*_]{0,2}\s?(?:-{2,8})?$""",
    re.IGNORECASE | re.VERBOSE,
)
#: What begins "Quoting Support <…>:", which has no verb at its end.
QUOTING = re.compile(
    r"(?:quoting|zitat von|zitiere|citando|citation de|citazione|citat från|citerend|cytowanie"
    r"|цитирование|цитирую)\b",
    re.IGNORECASE,
)
#: What begins an attribution that has a date.
ON = re.compile(
    r"""[\[(*_"'«“„>\s-]{0,4}(?:\d
    |(?:on|at|am|an|um|le|el|il|em|no\ dia|op|den|d\.|på|w\ dniu|dnia|dne|dňa|dana|în\ data|în
    |la\ data|pe|στις|vào|pada|tarih|em\ data|data|date|datum|fecha|u|ve|v|в|у|на|a|ma|ti|ke|to
    |la|su|i|il\ giorno|il\ dì|kuupäeval|בתאריך|ב|في|بتاريخ|در|在|於|于|เมื่อ|dia)\b
    |\w{2,4}[.,]{1,2}\s|\w{2,14},\s)""",
    re.IGNORECASE | re.VERBOSE,
)

#: A line that names the sender, in the block of fields before a quote.
FROM = re.compile(
    r"""[*_]{0,2}(?:from|von|de|da|van|från|fra|lähettäjä|od|от|від|отправитель|kimden|gönderen
    |feladó|expéditeur|remitente|mittente|afzender|nadawca|odesílatel|odosielateľ|expeditor
    |saatja|sender|absender|από|מאת|من|จาก|từ|dari|差出人|送信者|送信元|发件人|發件人|寄件者|寄件人
    |보낸\ ?사람|šalje|pošiljatelj|frá|nuo|no|kellelt|از|प्रेषक)\s?[*_]{0,2}\s?[:：]""",
    re.IGNORECASE | re.VERBOSE,
)
#: A line that says when it was sent. Not "Date", which lists of other things have, too.
SENT = re.compile(
    r"""[*_]{0,2}(?:sent|date\ sent|gesendet(?:\ am)?|envoyé(?:\ le)?|enviado(?:\ el|\ em)?|enviada
    (?:\ em)?|inviato|verzonden|skickat|sendt|lähetetty|wysłane?|wysłano|odesláno|odoslané|poslano
    |отправлено|надіслано|изпратено|gönderildi|gönderilme\ tarihi|elküldve|trimis|εστάλη|στάλθηκε
    |נשלח|تم\ الإرسال|ส่ง|送信日時|送信|发送时间|發送時間|寄件日期|已发送
    |보낸\ ?날짜|đã\ gửi|dikirim)
    \s?[*_]{0,2}\s?[:：]""",
    re.IGNORECASE | re.VERBOSE,
)
#: What other fields such a block may begin with.
DATE_OR_TO = re.compile(
    r"""[*_]{0,2}(?:date|datum|fecha|data|dato|päivämäärä|päiväys|дата|tarih|dátum|ημερομηνία|תאריך
    |التاريخ|日付|日期|日時|날짜|ngày|tanggal|to|an|à|para|a|aan|till|til|vastaanottaja|do|komu|pro
    |кому|до|kime|kimdən|címzett|către|προς|אל|إلى|宛先|收件人|收件者|받는\ ?사람|đến|kepada)
    \s?[*_]{0,2}\s?[:：]""",
    re.IGNORECASE | re.VERBOSE,
)
SUBJECT = re.compile(
    r"""[*_]{0,2}(?:subject|betreff|objet|sujet|asunto|assunto|oggetto|onderwerp|ämne|emne|aihe
    |temat|předmět|predmet|тема|относно|konu|tárgy|subiect|θέμα|נושא|الموضوع|موضوع|เรื่อง|chủ\ đề
    |subjek|perihal|件名|主题|主旨|主題|제목|assumpte|efni|tema|teema|gaia|विषय)\s?[*_]{0,2}\s?[:：]""",
    re.IGNORECASE | re.VERBOSE,
)
#: The words between the dashes of "-----Original Message-----", and of forwards.
ORIGINAL = re.compile(
    r"""(?:original\ (?:message|appointment|e-?mail|mail)|^original$|reply\ message|forwarded
    |original(?:e|t|n)?[\ -]?(?:nachricht|meddelande|melding|besked|viesti)|ursprüngliche
    |ursprungligt|weitergeleitete|message\ (?:d'|d’)?origin|message\ initial|message\ transf
    |mensaje\ (?:original|reenviado)|mensagem\ (?:original|encaminhada|reenviada)|messaggio
    |oorspronkelijk|origineel|doorgestuurd|vidarebefordrat|videresendt|opprinnelig|oprindelig
    |original(?:meddelelse|melding|bericht)|alkuperäinen|välitetty|oryginalna|pierwotna
    |przekazana|původní|pôvodná|přeposlaná|исходное|оригинальное|пересылаемое|пересланное
    |переслан|оригінальне|початкове|вихідне|orijinal|özgün|iletilen|iletisi|eredeti|továbbított
    |mesaj\ (?:original|redirec)|mesajul|αρχικό|πρωτότυπο|προωθημένο|tin\ nhắn\ gốc|thư\ gốc
    |pesan\ asli|izvorna|izvirno|originalna|missatge|הודעה\ מקורית|הועבר|הרسالة|الرسالة
    |元のメッセージ|転送|原始|原邮件|原郵件|转发|轉寄|轉發|원본|전달)""",
    re.IGNORECASE | re.VERBOSE,
)
#: "Begin forwarded message:", as Apple Mail has it without dashes.
BEGIN_FORWARDED = re.compile(
    r"(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-?mail)"
    r"|début du (?:message réexpédié|message transféré)|inicio del mensaje reenviado"
    r"|início da mensagem (?:reencaminhada|encaminhada)|inizio messaggio inoltrato"
    r"|begin doorgestuurd bericht|vidarebefordrat brev|start på videresendt besked"
    r"|videresendt melding|välitetty viesti alkaa|początek przekazywanej wiadomości"
    r"|начало переадресованного (?:сообщения|письма))\s?[:：]",
    re.IGNORECASE,
)

#: Above a signature (RFC 3676, section 4.3), also without its space.
DELIMITER = re.compile(r"--\s?|[—–]")
# Programs and devices that sign mails.
_DEVICE = r"""(?:i-?phone|i-?pad|i-?pod|mac(?:book)?\b|android|blackberry|galaxy|samsung|htc\b|nokia
    |lumia|huawei|xiaomi|oneplus|pixel\b|motorola|xperia|windows|outlook
    |mail(?:box|bird|droid|spring)?(?:$|\]|\sfor\b|\spour\b|\sfür\b|\sapp\b)|courrier\b|correo\b\spara
    |posta\ per\b|yahoo|gmail|\baol|airmail|\bspark\b|proton|tutanota|gmx\b|web\.de|\bk-9|fairemail
    |bluemail|edison|superhuman|thunderbird|\bmobile?\b|phone|\bcell\b|handheld|\bdevice|tablet
    |telefon|téléphone|teléfono|telefoon|\bhandy|mobilgerät|portable|móvil|cellulare|dispositiv
    |appareil|mymail|fastmail|mail\.ru|ios\b)"""
_MINE = r"""(?:my|meinem|mon|ma|mi|meu|minha|mio|il\ mio|dal\ mio|mijn|min|mitt|mit|minun|moj\w{0,4}
    |mého|môjho|моего|мого|benim)\b"""
_BY = rf"(?:{_MINE}.{{0,80}}|.{{0,25}}?{_DEVICE}.{{0,120}})"
#: "Sent from my iPhone" and its kin: a line that programs add, seen as a whole.
SENT_FROM = re.compile(
    rf"""[<(\[*_\s-]{{0,4}}(?:
    sent\ from\ {_BY}|sent\ (?:via|with|using|by)\ .{{0,25}}?{_DEVICE}.{{0,80}}
    |(?:someone\ |mail\ |written\ |typed\ )?from\ (?:my\ )?(?:mobile|i-?phone|i-?pad|android|phone
      |smartphone|blackberry)(?:\ \w{{1,10}}){{0,2}}
    |get\ \[?(?:outlook|yahoo\ mail|gmail|bluemail|the\ all-new\ aol)\b.{{0,160}}
    |(?:gesendet|versandt|verschickt|geschrieben)\ (?:von|mit|über|via|aus|per)\ {_BY}
    |von\ meinem\ .{{1,60}}gesendet
    |diese\ (?:nachricht|e-?mail|mail)\ wurde\ (?:von|mit|über)\ {_BY}
    |(?:envoyé|expédié)\ (?:de|depuis|à\ partir\ de|avec|via|par)\ {_BY}
    |envoyé\ d['’]un.{{1,60}}|provenance\s?:\s.{{0,60}}|télécharger?\ outlook.{{0,100}}
    |(?:enviad[oa]|enviat)\ (?:desde|des\ del|do|da|de|a\ partir\ do|pelo|con|com|via)\ {_BY}
    |(?:obtener|obtenga|obter)\ outlook.{{0,100}}
    |inviat[oa]\ (?:da|dal|dalla|con|tramite)\ {_BY}|(?:ottieni|scarica)\ outlook.{{0,100}}
    |(?:verzonden|verstuurd)\ (?:vanaf|met|via|vanuit)\ {_BY}|outlook\ voor\ {_DEVICE}.{{0,80}}
    |(?:skickat|skickad|sendt)\ (?:från|fra|via|med)\ {_BY}
    |(?:skaffa|hent|få|hanki|pobierz|download)\ outlook.{{0,100}}
    |lähetetty\ {_BY}|wysłan[eoay]\ (?:z|za\ pomocą|przy\ użyciu)\ {_BY}
    |(?:odesláno|odoslané|poslano|poslané)\ (?:z|ze|zo|s|iz)\ {_BY}
    |(?:отправлено|отправлен|послано)\ (?:с|со|из|через)\ {_BY}|надіслано\ (?:з|із)\ {_BY}
    |изпратено\ от\ {_BY}|στάλθηκε\ από\ {_BY}|trimis\ (?:de\ pe|din)\ {_BY}
    |{_DEVICE}.{{0,20}}\sgönderildi|{_BY}\ küldve
    |.{{0,40}}から送信|(?:发自|發自)我的.{{0,40}}|從我的.{{1,30}}傳送
    |나의\ .{{1,40}}에서\ 보냄|נשלח\ מה.{{1,40}}|أ?رسلت\ من\ .{{1,40}}
    |đã\ gửi\ từ\ {_BY}|dikirim\ dari\ {_BY}
    )[>)\]*_.!\s]{{0,4}}""",
    re.IGNORECASE | re.VERBOSE,
)
#: What mail servers and lists add below everything.
FOOTER = re.compile(
    r"""(?:you\ received\ this\ (?:message|email)\ because\ you\ are\ subscribed
    |to\ unsubscribe\ from\ this\ (?:group|list)
    |this\ (?:e-?mail|message)\ (?:has\ been|was)\ (?:checked|scanned)
    |virus-?free\b|diese\ e-?mail\ wurde\ (?:von\ \S+\ )?auf\ viren|virenfrei
    |l'absence\ de\ virus|cet\ e-?mail\ a\ été\ vérifié|este\ (?:correo|e-?mail)\ .{0,40}\ virus
    |www\.avast\.com|www\.avg\.com)""",
    re.IGNORECASE | re.VERBOSE,
)
#: What companies have added below all mails.
DISCLAIMER = re.compile(
    r"""(?:confidentiality|confidential\b|legally\ privileged|intended\ (?:solely|only|for\ the)
    |intended\ recipient|disclaimer|consider\ the\ environment|before\ printing
    |vertraulich|nicht\ der\ (?:richtige|beabsichtigte)|confidentiel|confidencial|riservat
    |vertrouwelijk|poufn|konfidenti|fortrolig|luottamuksel|důvěrn|dôvern|bizalmas|gizli
    |конфиденциальн|конфіденційн|εμπιστευτικ|機密|机密|保密)""",
    re.IGNORECASE | re.VERBOSE,
)
#: Something is added below a signature.
POSTSCRIPT = re.compile(r"(?:p\.?\s?s\.?|n\.?b\.?|ps\.)\s?[:：.)\-–]|p\.?s\.?\s", re.IGNORECASE)

_SENT_FROM_LENGTH = 200


def is_sent_from(text: str) -> bool:
    """Whether a line is one that a program or device signs with."""
    return len(text) <= _SENT_FROM_LENGTH and bool(SENT_FROM.fullmatch(text))


def is_added(text: str) -> bool:
    """Whether a line is one that a program, a device or a server adds below a mail."""
    return is_sent_from(text) or bool(FOOTER.match(text))
