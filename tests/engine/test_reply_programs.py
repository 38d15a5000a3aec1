"""Replies as programs make them, to mails without our line: above, below and between."""

import pytest

from mailflow.html import html_to_text
from mailflow.reply import cut_html, cut_text
from mailflow.unfold import unfolded

ANSWER = "Ja, er brennt noch. It still burns, order 4711."
ASKED = "Does the printer still burn?"
OURS = f"<p>Dear Marta,</p><p>{ASKED}</p><p>Ada Agent</p>"
FROM = 'Support &lt;<a href="mailto:support@mailflow.test">support@mailflow.test</a>&gt;'
CITE = 'style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"'
FIELDS = {
    "en": ("From", "Sent", "To", "Subject"),
    "de": ("Von", "Gesendet", "An", "Betreff"),
    "fr": ("De", "Envoyé", "À", "Objet"),
    "es": ("De", "Enviado", "Para", "Asunto"),
    "pt": ("De", "Enviada em", "Para", "Assunto"),
    "it": ("Da", "Inviato", "A", "Oggetto"),
    "nl": ("Van", "Verzonden", "Aan", "Onderwerp"),
    "pl": ("Od", "Wysłane", "Do", "Temat"),
    "sv": ("Från", "Skickat", "Till", "Ämne"),
    "nb": ("Fra", "Sendt", "Til", "Emne"),
    "fi": ("Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"),
    "cs": ("Od", "Odesláno", "Komu", "Předmět"),
    "hu": ("Feladó", "Elküldve", "Címzett", "Tárgy"),
    "ru": ("От", "Отправлено", "Кому", "Тема"),
    "tr": ("Kimden", "Gönderildi", "Kime", "Konu"),
    "ja": ("差出人", "送信日時", "宛先", "件名"),
    "zh": ("发件人", "发送时间", "收件人", "主题"),
}


def fields(language, start="<b>", end="</b>", line="<br>"):
    names = FIELDS[language]
    values = ("Support &lt;support@mailflow.test&gt;", "3.3.2026 10:12", "Marta", "RE: Printer")
    return line.join(f"{start}{n}:{end} {v}" for n, v in zip(names, values, strict=True))


def gmail(intro, answer=ANSWER):
    return (
        f'<div dir="ltr">{answer}</div><br><div class="gmail_quote gmail_quote_container"><div '
        f'dir="ltr" class="gmail_attr">{intro}<br></div><blockquote class="gmail_quote" {CITE}>'
        f"{OURS}</blockquote></div>"
    )


def thunderbird(intro):
    return (
        f'<p>{ANSWER}</p><div class="moz-cite-prefix">{intro}<br></div><blockquote type="cite" '
        f'cite="mid:1@mailflow.test">{OURS}</blockquote>'
    )


def outlook(language):
    return (
        f"<div class=WordSection1><p class=MsoNormal>{ANSWER}<o:p></o:p></p><p class=MsoNormal>"
        "<o:p>&nbsp;</o:p></p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:"
        f"3.0pt 0cm 0cm 0cm'><p class=MsoNormal>{fields(language)}<o:p></o:p></p></div></div>"
        f"<p class=MsoNormal><o:p>&nbsp;</o:p></p>{OURS}</div>"
    )


def outlook_web(language):
    return (
        f'<div class="elementToProof">{ANSWER}</div><div id="appendonsend"></div><hr style="display'
        f':inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr"><font>{fields(language)}<'
        f"/font>"
        f"<div>&nbsp;</div></div><div>{OURS}</div>"
    )


PROGRAMS = {
    "gmail": gmail(f"On Tue, Mar 3, 2026 at 10:12 AM {FROM} wrote:"),
    "gmail, in Swedish": gmail(f"Den tis 3 mars 2026 kl 10:12 skrev {FROM}:"),
    "gmail, in a language that nobody knows": gmail(f"Qa jum 3 {FROM} qeq"),
    "gmail, older": f'<div dir="ltr">{ANSWER}</div><div class="gmail_extra"><br><div class="gmail_'
    f'quote">2026-03-03 10:12 GMT+01:00 {FROM}:<br><blockquote class="gmail_quote" {CITE}>{OURS}'
    "</blockquote></div><br></div>",
    "gmail, with a signature": gmail(
        f"El mar, 3 mar 2026 a las 10:12, {FROM} escribió:",
        f'{ANSWER}<br clear="all"><div><br></div><span class="gmail_signature_prefix">-- </span>'
        '<br><div dir="ltr" class="gmail_signature">Marta<br>+46 18 123 45</div>',
    ),
    **{f"outlook on the desk, {each}": outlook(each) for each in FIELDS},
    **{f"outlook in the browser, {each}": outlook_web(each) for each in FIELDS},
    "outlook in the browser, in a language that nobody knows": (
        f'<div>{ANSWER}</div><hr><div id="divRplyFwdMsg">Qa: x<br>Qe: y<br></div><div>{OURS}</div>'
    ),
    "outlook on a telephone": (
        f'<div>{ANSWER}</div><div id="ms-outlook-mobile-signature"><div>Get <a href="https://aka.ms'
        '/o0ukef">Outlook for iOS</a></div></div><div id="mail-editor-reference-message-container"'
        f' class="ms-outlook-mobile-reference-message"><hr><div>{fields("en")}</div>{OURS}</div>'
    ),
    "outlook for mac": (
        f'<div>{ANSWER}</div><span id="OLK_SRC_BODY_SECTION"><div style="border-top:#b5c4df 1pt '
        f'solid">{fields("fr")}</div><div>{OURS}</div></span>'
    ),
    "outlook express": (
        f'<DIV>{ANSWER}</DIV><BLOCKQUOTE style="PADDING-LEFT: 5px; BORDER-LEFT: #000000 2px solid">'
        f"<DIV>----- Original Message ----- </DIV><DIV>{fields('en')}</DIV>{OURS}</BLOCKQUOTE>"
    ),
    "hotmail": (
        f'<div>{ANSWER}<br><br><hr id="stopSpelling">Date: Tue, 3 Mar 2026 10:12:00 +0100<br>From: '
        f"support@mailflow.test<br>To: marta@acorn-tests.example<br>Subject: x<br><br>{OURS}</div>"
    ),
    "apple mail": (
        f'<body>{ANSWER}<br><div><br><blockquote type="cite"><div>Le 3 mars 2026 à 10:12, {FROM} a'
        f' écrit :</div><br class="Apple-interchange-newline">{OURS}</blockquote></div></body>'
    ),
    "apple mail on a telephone": (
        f'<div dir="ltr">{ANSWER}</div><div dir="ltr"><br><div dir="ltr">Sent from my iPhone</div>'
        f'</div><div dir="ltr"><br><blockquote type="cite">On 3 Mar 2026, at 10:12, {FROM} wrote:'
        f'<br><br></blockquote></div><blockquote type="cite">{OURS}</blockquote>'
    ),
    "thunderbird": thunderbird("Am 03.03.26 um 10:12 schrieb Support:"),
    "thunderbird, in Polish": thunderbird("W dniu 3.03.2026 o 10:12, Support pisze:"),
    "thunderbird, in Finnish": thunderbird("Support kirjoitti 3.3.2026 klo 10.12:"),
    "thunderbird, with a signature below": thunderbird("On 03.03.26 10:12, Support wrote:")
    + '<pre class="moz-signature" cols="72">-- \nMarta Lindqvist</pre>',
    "yahoo": (
        f'<div class="ydp7c1yahoo-style-wrap"><div>{ANSWER}</div><div><br></div></div><div id="ydp9'
        'yahoo_quoted_4423" class="ydp9yahoo_quoted"><div><div>Il martedì 3 marzo 2026 alle ore '
        f"10:12:33 CET, {FROM} ha scritto: </div><div><br></div><div>{OURS}</div></div></div>"
    ),
    "aol": (
        f"<div>{ANSWER}</div><div><br></div><div>-----Original Message-----<br>From: Support "
        "&lt;support@mailflow.test&gt;<br>To: marta &lt;marta@acorn-tests.example&gt;<br>Sent: Tue,"
        f' Mar 3, 2026 10:12 am<br>Subject: x<br><br><div class="aolReplacedBody">{OURS}</div>'
        f'</div>'
    ),
    "gmx": (
        f'<div><div>{ANSWER}</div><div>&nbsp;<div name="quote" style="border-left:2px solid #C3D9E5'
        f'"><div><b>Gesendet:</b> Dienstag, 03. März 2026 um 10:12 Uhr<br><b>Von:</b> {FROM}<br><b>'
        f'An:</b> M<br><b>Betreff:</b> x</div><div name="quoted-content">{OURS}</div></div></d'
        f'iv></div>'
    ),
    "web.de, newer": (
        f"<div>{ANSWER}</div><div>&nbsp;</div><div><div>Am 03.03.26 um 10:12 schrieb Support</div>"
        f'<blockquote type="cite" name="quote" style="border-left:2px solid">{OURS}</blockquot'
        f'e></div>'
    ),
    "proton": (
        f'<div>{ANSWER}</div><div class="protonmail_signature_block"><div class="protonmail_si'
        f'gnature'
        '_block-proton">Sent with <a href="https://proton.me">Proton Mail</a></div></div><div class'
        '="protonmail_quote">On Tuesday, March 3rd, 2026 at 10:12, Support &lt;support@mailflo'
        'w.test'
        f'&gt; wrote:<br><blockquote class="protonmail_quote" type="cite">{OURS}</blockquote></div>'
    ),
    "samsung": (
        f'<div>{ANSWER}</div><div id="composer_signature"><div>Von meinem Galaxy gesendet</div'
        f'></div>'
        "<div><br></div><div><!-- originalMessage --><div>-------- Ursprüngliche Nachricht --------"
        f"</div><div>Von: Support &lt;s@mailflow.test&gt; </div><div>Datum: 03.03.26  10:12  ("
        f"GMT+01"
        f":00) </div><div>An: M </div><div>Betreff: x </div></div>{OURS}"
    ),
    "zimbra": (
        f'<div><div>{ANSWER}</div><br><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__'
        f'HEADERS__">{fields("es")}</div><br><div data-marker="__QUOTED_TEXT__">{OURS}</div></div>'
    ),
    "zoho": (
        f'<div><div>{ANSWER}<br></div><div class="zmail_extra_hr" style="border-top:1px solid '
        f'#ccc">'
        '<br></div><div class="zmail_extra"><div id="Zm-_Id_-Sgn1">---- On Tue, 03 Mar 2026 10'
        ':12:00'
        f" +0100 <b>{FROM}</b> wrote ----<br></div><br><blockquote>{OURS}</blockquote></div></div>"
    ),
    "spark": (
        f'<div name="messageBodySection">{ANSWER}</div><div name="messageSignatureSection"><br'
        f'>Marta'
        '</div><div name="messageReplySection">On Mar 3, 2026, 10:12 +0100, Support &lt;s@mailflow.'
        f'test&gt;, wrote:<br><blockquote type="cite" class="spark_quote">{OURS}</blockquote></div>'
    ),
    "lotus notes": (
        f'<font face="sans-serif">{ANSWER}</font><br><br><br><font size=1 color=#5f5f5f>From: '
        f'&nbsp;'
        "</font><font size=1>Support &lt;support@mailflow.test&gt;</font><br><font size=1>To: "
        "&nbsp;"
        "Marta</font><br><font size=1>Date: &nbsp;03.03.2026 10:12</font><br><font size=1>Subject: "
        f"&nbsp;x</font><br><hr noshade>{OURS}"
    ),
    "roundcube": (
        f'<p>{ANSWER}</p><p id="reply-intro">Op 03-03-2026 10:12 schreef Support:</p><blockquote '
        f'type="cite" style="padding:0 0.4em;border-left:#1010ff 2px solid">{OURS}</blockquote>'
    ),
    "yandex": (
        f'<div>{ANSWER}</div><div> </div><div>03.03.2026, 10:12, "Support" &lt;support@mailflo'
        f'w.test'
        f"&gt;:</div><blockquote>{OURS}</blockquote>"
    ),
    "qq": (
        f"<div>{ANSWER}</div><div><br></div><div style='font-size:12px'>------------------&nbs"
        f"p;原始邮件"
        f"&nbsp;------------------</div><div>{fields('zh')}</div><div>{OURS}</div>"
    ),
    "netease": (
        f'<div>{ANSWER}</div><br><p>在 2026-03-03 10:12:00，"Support" &lt;s@mailflow.test&gt; '
        f'写道：</p><blockquote id="isReplyContent" style="border-left:#ccc 1px solid">{OURS}</bl'
        f'ockquote>'
    ),
}  # fmt: skip


def words(markup):
    return html_to_text(markup).split()


@pytest.mark.parametrize("program", PROGRAMS)
def test_answer_above(program):
    cut = cut_html(PROGRAMS[program])
    assert words(cut.above) == ANSWER.split()
    assert ASKED in " ".join(words(cut.rest))
    assert words(cut.above) + words(cut.rest) == words(PROGRAMS[program])


@pytest.mark.parametrize("program", PROGRAMS)
def test_nothing_written_hides_nothing(program):
    """A reply with an empty body, or one whose answer stands in the quote, is shown whole."""
    markup = PROGRAMS[program].replace(ANSWER, "<br>")
    cut = cut_html(markup)
    assert cut.rest == "" and cut.above == markup
    assert words(unfolded(markup)) == words(markup)


# ------------------------------------------------------------
# BELOW AND BETWEEN
# ------------------------------------------------------------

MARKED = {
    "gmail": (
        f'<div class="gmail_quote"><div class="gmail_attr">On Tue, Mar 3, 2026 at 10:12 AM {FROM} '
        'wrote:<br></div>', '<blockquote class="gmail_quote">{}</blockquote>', "</div>",
    ),
    "gmail, the answers outside": (
        f'<div class="gmail_attr">On Tue, Mar 3, 2026 at 10:12 AM {FROM} wrote:<br></div>',
        '<blockquote class="gmail_quote">{}</blockquote>', "",
    ),
    "thunderbird": (
        '<div class="moz-cite-prefix">Am 03.03.26 um 10:12 schrieb Support:<br></div>',
        '<blockquote type="cite">{}</blockquote>', "",
    ),
    "apple mail": (
        f"<div>On 3 Mar 2026, at 10:12, {FROM} wrote:</div>",
        '<div><blockquote type="cite">{}</blockquote></div>', "",
    ),
    "proton": (
        '<div class="protonmail_quote">On Tuesday, March 3rd, 2026 at 10:12, Support wrote:<br>',
        '<blockquote class="protonmail_quote" type="cite">{}</blockquote>', "</div>",
    ),
    "roundcube": (
        '<p id="reply-intro">Le 03.03.2026 10:12, Support a écrit :</p>',
        '<blockquote type="cite" style="border-left:#1010ff 2px solid">{}</blockquote>', "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("program", MARKED)
def test_answer_below(program):
    intro, quote, end = MARKED[program]
    cut = cut_html(f"{intro}{quote.format(OURS)}<div>{ANSWER}</div>{end}")
    assert words(cut.above) == ANSWER.split()
    assert ASKED in " ".join(words(cut.rest))


@pytest.mark.parametrize("program", MARKED)
def test_answers_between_keep_what_they_answer(program):
    intro, quote, end = MARKED[program]
    body = (
        f"<div>Hello,</div>{intro}{quote.format(ASKED)}<div>{ANSWER}</div>"
        f"{quote.format('Shall we come?')}<div>Yes, please.</div>{quote.format('Best, Ada')}{end}"
    )
    cut = cut_html(body)
    seen = " ".join(words(cut.above))
    for each in ("Hello,", ASKED, ANSWER, "Shall we come? Yes, please."):
        assert each in seen
    assert words(cut.rest) == ["Best,", "Ada"]
    shown = unfolded(cut.above)
    assert words(shown) == words(cut.above)
    assert "<blockquote" not in shown and "gmail_quote" not in shown


@pytest.mark.parametrize("program", MARKED)
def test_answers_above_and_below(program):
    intro, quote, end = MARKED[program]
    body = f"<div>Hello,</div>{intro}{quote.format(OURS)}{end}<div>{ANSWER}</div>"
    assert cut_html(body).above == body


# ------------------------------------------------------------
# PLAIN TEXT
# ------------------------------------------------------------

ATTRIBUTIONS = [
    "On Tue, Mar 3, 2026 at 10:12 AM Support <support@mailflow.test> wrote:",
    "On 03/03/2026 10:12, Support wrote:",
    "Am Di., 3. März 2026 um 10:12 Uhr schrieb Support <support@mailflow.test>:",
    "Support <support@mailflow.test> schrieb am Di., 3. März 2026, 10:12:",
    "Le mar. 3 mars 2026 à 10:12, Support <support@mailflow.test> a écrit :",
    "El mar, 3 mar 2026 a las 10:12, Support (<support@mailflow.test>) escribió:",
    "Em ter., 3 de mar. de 2026 às 10:12, Support <support@mailflow.test> escreveu:",
    "Il giorno mar 3 mar 2026 alle ore 10:12 Support <support@mailflow.test> ha scritto:",
    "Op di 3 mrt 2026 om 10:12 schreef Support <support@mailflow.test>:",
    "wt., 3 mar 2026 o 10:12 Support <support@mailflow.test> napisał(a):",
    "Den tis 3 mars 2026 kl 10:12 skrev Support <support@mailflow.test>:",
    "tir. 3. mars 2026 kl. 10:12 skrev Support <support@mailflow.test>:",
    "ti 3. maalisk. 2026 klo 10.12 Support (support@mailflow.test) kirjoitti:",
    "út 3. 3. 2026 v 10:12 odesílatel Support <support@mailflow.test> napsal:",
    "Support <support@mailflow.test> ezt írta (időpont: 2026. márc. 3., K, 10:12):",
    "În mar., 3 mar. 2026 la 10:12, Support <support@mailflow.test> a scris:",
    "вт, 3 мар. 2026 г. в 10:12, Support <support@mailflow.test>:",
    "03.03.2026 10:12, Support пишет:",
    "вт, 3 бер. 2026 р. о 10:12 Support <support@mailflow.test> пише:",
    "Support <support@mailflow.test>, 3 Mar 2026 Sal, 10:12 tarihinde şunu yazdı:",
    "Στις Τρί 3 Μαρ 2026 στις 10:12 π.μ., ο/η Support <support@mailflow.test> έγραψε:",
    "2026年3月3日(火) 10:12 Support <support@mailflow.test>:",
    "2026/03/03 10:12、Support <support@mailflow.test>のメール:",
    "Support <support@mailflow.test> 於 2026年3月3日 週二 上午10:12寫道：",
    "2026년 3월 3일 (화) 오전 10:12, Support <support@mailflow.test>님이 작성:",
    "Vào Th 3, 3 thg 3, 2026 vào lúc 10:12 Support <support@mailflow.test> đã viết:",
    "في الثلاثاء، 3 مارس 2026 في 10:12 ص تمت كتابة ما يلي بواسطة Support <support@mailflow.test>:",
    "Zitat von Support <support@mailflow.test>:",
    "* Support <support@mailflow.test> [2026-03-03 10:12]:",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_attributions(attribution):
    """On one line and, as Gmail wraps it, on two; with the answer above and below."""
    for intro in (attribution, attribution.replace("<s", "<\ns")):
        for gap in ("\n", "\n\n"):
            quote = f"{intro}{gap}> Dear Marta,\n>\n> {ASKED}\n"
            assert cut_text(f"{ANSWER}\n\n{quote}").above == ANSWER
            assert cut_text(f"{quote}\n{ANSWER}").above == ANSWER
    # a program that marks no lines
    assert cut_text(f"{ANSWER}\n\n{attribution}\n\nDear Marta,\n{ASKED}\n").above == ANSWER


@pytest.mark.parametrize("language", FIELDS)
def test_blocks_of_fields(language):
    block = html_to_text(fields(language))
    for rule in ("", "________________________________\n", "-----Original Message-----\n"):
        assert cut_text(f"{ANSWER}\n\n{rule}{block}\n\nDear Marta,\n{ASKED}").above == ANSWER
    starred = html_to_text(fields(language, start="*", end="*"))
    assert cut_text(f"{ANSWER}\n\n{starred}\n\n{ASKED}").above == ANSWER


@pytest.mark.parametrize(
    "separator",
    [
        "-----Original Message-----", "----- Original Message -----", "-----Reply message-----",
        "-----Ursprüngliche Nachricht-----", "-------- Original-Nachricht --------",
        "-----Message d'origine-----", "-----Mensaje original-----", "-----Mensagem Original-----",
        "-----Messaggio originale-----", "-----Oorspronkelijk bericht-----",
        "-----Ursprungligt meddelande-----", "-----Opprinnelig melding-----",
        "-----Oprindelig meddelelse-----", "-----Alkuperäinen viesti-----",
        "-----Wiadomość oryginalna-----", "-----Původní zpráva-----",
        "-----Исходное сообщение-----",
        "-----Orijinal İleti-----", "-----Eredeti üzenet-----", "-----元のメッセージ-----",
        "-----邮件原件-----\n发件人: Support <support@mailflow.test>\n发送时间: x\n主题: y",
    ],
)  # fmt: skip
def test_separators(separator):
    assert cut_text(f"{ANSWER}\n\n{separator}\n{ASKED}").above == ANSWER


def test_text_between():
    answers = f"> {ASKED}\n\n{ANSWER}\n\n> Shall we come?\n\nYes."
    above = f"Hello,\n\n{ATTRIBUTIONS[0]}\n{answers}"
    cut = cut_text(f"{above}\n\n> Best\n> Ada\n")
    assert cut.above == above
    assert cut.rest == "> Best\n> Ada\n"


def test_a_quote_that_a_program_has_wrapped_again():
    quote = (
        "> It takes an hour at least to get to you with a fire extinguisher and the\n"
        "new printer.\n> Best\n> Ada\n"
    )
    assert cut_text(f"{ANSWER}\n\n{ATTRIBUTIONS[0]}\n{quote}").above == ANSWER
