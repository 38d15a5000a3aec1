"""The part of a reply above our line, in what mail programs make of our mail."""

import time

import pytest
from test_mail import build, multipart

from mailflow.html import html_to_text, text_to_html
from mailflow.mail import read
from mailflow.reply import LINE_CLASS, cut_html, cut_mail, cut_text, reply_line

LINE = reply_line("Please write your reply above this line")
ANSWER = "We are on our way, with a fire extinguisher and a new printer. It takes an hour."
#: Our mail, as a program has it in a quote.
OURS = (
    f'<div class="{LINE_CLASS}" style="color:#8a8a8a;font-size:11px">{LINE}</div>'
    '<table role="presentation" width="100%"><tbody><tr><td>'
    f"<p>Dear Marta,</p><p>{ANSWER}</p><p>Ada Agent</p>"
    '<blockquote type="cite"><p>The printer burns</p></blockquote>'
    "</td></tr></tbody></table>"
)
OURS_TEXT = f"{LINE}\n\nDear Marta,\n\n{ANSWER}\n\nAda Agent\n\n> The printer burns\n"
WRITTEN = ["It", "is", "out", "now.", "Thank", "you!"]
FROM = "Support <support@mailflow.test>"
FROM_HTML = 'Support &lt;<a href="mailto:support@mailflow.test">support@mailflow.test</a>&gt;'


def quoted(text, mark="> "):
    return "\n".join(f"{mark}{line}".rstrip() for line in text.split("\n"))


def words(markup):
    return html_to_text(markup).split()


def check(cut, above):
    """`above` is what is left, and the rest holds our line and answer and nothing of it."""
    assert words(cut.above) == above.split()
    assert "##~" in cut.rest
    assert "fire extinguisher" in " ".join(words(cut.rest))
    assert above.split()[-1] not in words(cut.rest)


def check_text(text, above):
    cut = cut_text(text)
    assert cut.above == above
    assert cut.above + text[len(cut.above) : len(text) - len(cut.rest)] + cut.rest == text
    assert LINE.split()[0] in cut.rest


# ------------------------------------------------------------
# HTML: the programs
# ------------------------------------------------------------

GMAIL_QUOTE = (
    '<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{intro}'
    '<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px '
    'solid rgb(204,204,204);padding-left:1ex"><u></u><div style="margin:0">{ours}</div>'
    "</blockquote></div>"
)
GMAIL_OURS = OURS.replace(LINE_CLASS, f"m_-8414{LINE_CLASS}")
ON = f"On Tue, Mar 3, 2026 at 10:12 AM {FROM_HTML} wrote:"

HTML = {
    "gmail": '<div dir="ltr">It is out now.<div><br></div><div>Thank you!</div></div>'
    + GMAIL_QUOTE.format(intro=ON, ours=GMAIL_OURS),
    "gmail in Turkish": '<div dir="ltr">It is out now. Thank you!</div>'
    + GMAIL_QUOTE.format(
        intro=f"{FROM_HTML}, 3 Mar 2026 Sal, 10:12 tarihinde şunu yazdı:", ours=GMAIL_OURS
    ),
    "gmail in Japanese": '<div dir="ltr">It is out now. Thank you!</div>'
    + GMAIL_QUOTE.format(intro=f"2026年3月3日(火) 10:12 {FROM_HTML}:", ours=GMAIL_OURS),
    "outlook on the desk": (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p.MsoNormal '
        "{margin:0cm}</style></head><body lang=EN-GB link=\"#0563C1\"><div class=WordSection1>"
        "<p class=MsoNormal>It is out now.<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>"
        "<p class=MsoNormal>Thank you!<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>"
        "<div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>"
        "<p class=MsoNormal><b><span lang=EN-US>From:</span></b><span lang=EN-US> Support "
        "&lt;support@mailflow.test&gt; <br><b>Sent:</b> Tuesday, March 3, 2026 10:12 AM<br>"
        "<b>To:</b> marta@acorn-tests.example<br><b>Subject:</b> Re: [#HT00042] The printer"
        f" burns<o:p></o:p></span></p></div></div><p class=MsoNormal><o:p>&nbsp;</o:p></p>"
        f"<div><p class=MsoNormal style='color:#8A8A8A'>{LINE}<o:p></o:p></p></div>"
        f"<p>Dear Marta,<o:p></o:p></p><p>{ANSWER}</p></div></body></html>"
    ),
    "outlook on the desk, names only, in German": (
        "<html><body><div class=WordSection1><p class=MsoNormal>It is out now. Thank you!</p>"
        "<div style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b>Von:</b>"
        " Support <br><b>Gesendet:</b> Dienstag, 3. März 2026 10:12<br><b>An:</b> Marta<br>"
        f"<b>Betreff:</b> AW: Drucker</p></div><p class=MsoNormal>{LINE}</p><p>{ANSWER}</p></div>"
    ),
    "outlook behind a mail gateway": (
        "<html><body><div class=WordSection1><p class=MsoNormal>It is out now. Thank you!</p>"
        "<div><p class=MsoNormal><b>From:</b> Support &lt;support@mailflow.test&gt;<br>"
        "<b>Sent:</b> Tuesday, March 3, 2026 10:12 AM<br><b>To:</b> Marta<br><b>Subject:</b> x"
        "</p></div><table><tr><td style='background:#ffeb9c'><b>CAUTION:</b> This mail comes from"
        " outside of Acorn. Do not open links or attachments that you do not expect.</td></tr>"
        f"</table><p class=MsoNormal>{LINE}</p><p>{ANSWER}</p></div></body></html>"
    ),
    "outlook in the browser": (
        '<html><body dir="ltr"><div class="elementToProof" style="font-family: Aptos">It is out '
        'now. Thank you!</div><div id="appendonsend"></div><hr style="display:inline-block;width:'
        '98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" '
        'color="#000000" style="font-size:11pt"><b>From:</b> Support &lt;support@mailflow.test'
        "&gt;<br><b>Sent:</b> 03 March 2026 10:12<br><b>To:</b> Marta Lindqvist &lt;marta@acorn-"
        "tests.example&gt;<br><b>Subject:</b> Re: The printer burns</font><div>&nbsp;</div></div>"
        f"<div>{OURS}</div></body></html>"
    ),
    "outlook on a telephone": (
        '<div dir="auto">It is out now. Thank you!</div><div id="ms-outlook-mobile-signature">'
        "</div><hr style=\"display:inline-block;width:98%\"><div id=\"divRplyFwdMsg\"><strong>"
        "Von:</strong> Support &lt;support@mailflow.test&gt;<br><strong>Gesendet:</strong> "
        "Dienstag, 3. März 2026 10:12:33<br><strong>An:</strong> Marta<br><strong>Betreff:"
        f"</strong> x<br></div><br><div>{OURS}</div>"
    ),
    "apple mail": (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head>'
        '<body style="overflow-wrap: break-word;">It is out now. Thank you!<br id="lineBreakAt'
        'BeginningOfMessage"><div><br><blockquote type="cite"><div>Am 03.03.2026 um 10:12 schrieb '
        f'{FROM_HTML}:</div><br class="Apple-interchange-newline"><div><div>{OURS}</div></div>'
        "</blockquote></div><br></body></html>"
    ),
    "apple mail on a telephone": (
        '<html><body dir="auto"><div dir="ltr">It is out now. Thank you!</div><div dir="ltr"><br>'
        f'<blockquote type="cite">On 3 Mar 2026, at 10:12, {FROM_HTML} wrote:<br><br></blockquote>'
        f'</div><blockquote type="cite"><div dir="ltr">\ufeff{OURS}</div></blockquote></body>'
    ),
    "thunderbird": (
        '<html><body><p>It is out now. Thank you!<br></p><div class="moz-cite-prefix">Am 03.03.26 '
        'um 10:12 schrieb Support:<br></div><blockquote type="cite" cite="mid:1@mailflow.test">'
        f'<meta http-equiv="content-type" content="text/html; charset=UTF-8">{OURS}</blockquote>'
        "</body></html>"
    ),
    "yahoo": (
        '<html><head></head><body><div class="ydp7c1yahoo-style-wrap"><div dir="ltr">It is out '
        'now. Thank you!</div><div><br></div></div><div id="ydp9yahoo_quoted_4423" class="ydp9'
        'yahoo_quoted"><div style="color:#26282a"><div>On Tuesday, March 3, 2026 at 10:12:33 AM '
        f"GMT+1, Support &lt;support@mailflow.test&gt; wrote: </div><div><br></div><div><br></div>"
        f'<div><div id="ydp9yiv1"><div>{OURS}</div></div></div></div></div></body></html>'
    ),
    "gmx": (
        '<html><head></head><body><div style="font-family: Verdana"><div>It is out now. Thank you!'
        '</div><div>&nbsp;<div name="quote" style="margin:10px 5px 5px 10px; border-left:2px solid'
        ' #C3D9E5;"><div style="margin:0 0 10px 0;"><b>Gesendet:</b>&nbsp;Dienstag, 03. März 2026 '
        "um 10:12 Uhr<br><b>Von:</b>&nbsp;&quot;Support&quot; &lt;support@mailflow.test&gt;<br>"
        "<b>An:</b>&nbsp;marta@acorn-tests.example<br><b>Betreff:</b>&nbsp;x</div><div name="
        f'"quoted-content">{OURS}</div></div></div></div></body></html>'
    ),
    "proton": (
        '<div style="font-family: Arial">It is out now. Thank you!</div><div class="protonmail_'
        'quote">        On Tuesday, March 3rd, 2026 at 10:12, Support &lt;support@mailflow.test&gt;'
        f' wrote:<br><br><blockquote class="protonmail_quote" type="cite">{OURS}</blockquote></div>'
    ),
    "zoho": (
        '<div style="font-family: Verdana"><div>It is out now. Thank you!<br></div><div class='
        '"zmail_extra_hr" style="border-top:1px solid #ccc"><br></div><div class="zmail_extra"><div'
        f' id="Zm-_Id_-Sgn1">---- On Tue, 03 Mar 2026 10:12:00 +0100 <b>{FROM_HTML}</b> wrote ----'
        f"<br></div><br><blockquote>{OURS}</blockquote></div></div>"
    ),
    "samsung": (
        '<div>It is out now. Thank you!</div><div id="composer_signature"></div><div style="color:'
        '#000000"><!-- originalMessage --><div>-------- Original message --------</div><div>From: '
        "Support &lt;support@mailflow.test&gt; </div><div>Date: 03/03/2026  10:12  (GMT+01:00) "
        f"</div><div>To: marta@acorn-tests.example </div><div>Subject: x </div></div>{OURS}"
    ),
}  # fmt: skip


@pytest.mark.parametrize("program", HTML)
def test_html_of(program):
    check(cut_html(HTML[program]), "It is out now. Thank you!")


@pytest.mark.parametrize("program", HTML)
def test_html_through_a_whole_mail(program):
    """As it comes: encoded, beside a text part, tamed."""
    raw = multipart(
        "Content-Type: text/plain; charset=utf-8\n\nIt is out now.",
        "Content-Type: text/html; charset=utf-8\n\n" + HTML[program],
        kind="alternative",
    )
    check(cut_mail(read(raw)), "It is out now. Thank you!")


@pytest.mark.parametrize("program", HTML)
def test_nothing_gets_lost(program):
    cut = cut_html(HTML[program])
    assert words(cut.above) + words(cut.rest) == words(HTML[program])


def test_the_structure_around_the_cut_stays():
    cut = cut_html(HTML["gmail"])
    assert cut.above == ('<div dir="ltr">It is out now.<div><br></div><div>Thank you!</div></div>')
    assert cut.rest.startswith('<div class="gmail_quote gmail_quote_container">')


class TestLine:
    def test_in_any_language(self):
        for sentence in (
            "Bitte antworten Sie oberhalb dieser Zeile",
            "請在此行上方回覆",
            "يرجى كتابة ردك فوق هذا السطر",
        ):
            html = HTML["gmail"].replace(LINE, reply_line(sentence))
            check(cut_html(html), "It is out now. Thank you!")
            html = HTML["outlook on the desk"].replace(LINE, reply_line(sentence))
            check(cut_html(html), "It is out now. Thank you!")

    def test_translated_by_the_program_with_its_marks_gone(self):
        html = HTML["gmail"].replace(LINE, "Skriv svaret ovanför den här raden")
        cut = cut_html(html)
        assert words(cut.above) == WRITTEN

    def test_with_encoded_marks(self):
        html = HTML["gmail"].replace(LINE_CLASS, "")
        html = html.replace("##~", "&#35;&#x23;&#126;").replace("~##", "~&num;#")
        assert words(cut_html(html).above) == WRITTEN

    def test_split_into_several_nodes(self):
        split = "<span>##</span><b>~ Please write</b> your reply <i>above this line ~</i>##"
        cut = cut_html(HTML["thunderbird"].replace(LINE, split))
        assert words(cut.above) == WRITTEN
        assert "fire" in cut.rest

    def test_of_another_helpdesk_is_not_ours(self):
        text = f"It is out now.\n{LINE}\nThank you!".replace("##~", "##-").replace("~##", "-##")
        assert cut_text(text).rest == ""

    def test_the_marks_alone_are_no_line(self):
        text = "What does ##~ mean in your mails?\n\nRead this " + "x " * 400 + "~##"
        assert cut_text(text).rest == ""

    def test_a_helpdesk_that_sends_as_we_do(self):
        """Its own line comes first, with nothing above; ours is in its quote."""
        theirs = reply_line("Bitte antworten Sie oberhalb dieser Zeile")
        html = (
            f'<div class="{LINE_CLASS}">{theirs}</div><p>It is out now. Thank you!</p>'
            f"<div>On 3 Mar 2026 at 10:12 {FROM_HTML} wrote:</div><blockquote>{OURS}</blockquote>"
        )
        cut = cut_html(html)
        assert words(cut.above)[-6:] == WRITTEN
        assert "fire" in cut.rest

    def test_who_writes_into_the_node_of_the_line(self):
        """The class stays with what is typed there, and tells nothing."""
        html = f'<div class="{LINE_CLASS}">It is out now. Thank you!</div><p>Marta</p>'
        assert cut_html(html).rest == ""


class TestNothingIsCut:
    def same(self, html):
        assert cut_html(html).above == html
        assert cut_html(html).rest == ""

    def test_without_a_quote(self):
        self.same('<div>It is out.</div><div class="their_box">On … wrote: x</div>')

    def test_answer_below_the_quote_in_outlook(self):
        block = "<p><b>From:</b> Support &lt;s@x.test&gt;<br><b>Sent:</b> today<br><b>To:</b> M</p>"
        self.same(f"<div>{block}<p>{LINE}</p><p>{ANSWER}</p><p>It is out now.</p></div>")

    def test_answers_between_the_quoted_lines(self):
        self.same(
            '<div>See below</div><div class="gmail_quote"><div class="gmail_attr">On Tue, 3 Mar'
            f' 2026 at 10:12 {FROM_HTML} wrote:</div><blockquote class="gmail_quote"><div>{LINE}'
            '</div><p>Is it out?</p></blockquote><div>Yes, it is.</div><blockquote class="'
            'gmail_quote"><p>Shall we come?</p></blockquote><div>Yes, please.</div></div>'
        )

    def test_a_signature_alone_is_no_answer(self):
        self.same(
            f"<div>Sent from my iPhone</div><div>On 3 Mar 2026 at 10:12 Support wrote:</div>"
            f"<blockquote>{OURS}</blockquote>"
        )

    def test_nothing_was_written_at_all(self):
        self.same(
            f"<div><br></div><div>On 3 Mar 2026 at 10:12 Support wrote:</div>"
            f"<blockquote>{OURS}</blockquote>"
        )

    def test_too_deep_to_be_taken_apart(self):
        deep = "<div>" * 300 + "It is out now." + "</div>" * 300
        self.same(f"{deep}<blockquote>{OURS}</blockquote>")

    def test_nothing_to_read(self):
        for html in ("", " ", "<!-- ##~ x ~## -->", f"<script>{LINE}</script>"):
            self.same(html)


def test_images_above_the_line_stay():
    html = f'<p>Look:</p><p><img src="cid:1"></p><blockquote>{OURS}</blockquote>'
    assert cut_html(html).above == '<p>Look:</p><p><img src="cid:1"></p>'


def test_written_into_the_very_line():
    cut = cut_html(f"<div>It is out now. {LINE}</div><p>{ANSWER}</p>")
    assert words(cut.above) == WRITTEN[:4]


def test_an_xml_declaration():
    html = '<?xml version="1.0" encoding="UTF-8"?>' + HTML["gmail"]
    check(cut_html(html), "It is out now. Thank you!")


# ------------------------------------------------------------
# PLAIN TEXT
# ------------------------------------------------------------

ABOVE = "It is out now.\n\nThank you!"

TEXT = {
    "gmail": f"On Tue, Mar 3, 2026 at 10:12 AM {FROM} wrote:\n\n{quoted(OURS_TEXT)}",
    "gmail, wrapped": (
        "On Tue, Mar 3, 2026 at 10:12 AM Support of the Acorn Company in Uppsala\n"
        f"<support@mailflow.test> wrote:\n\n{quoted(OURS_TEXT)}"
    ),
    "gmail, the line wrapped": (
        f"Le mar. 3 mars 2026 à 10:12, {FROM} a\nécrit :\n\n"
        + quoted(OURS_TEXT.replace("above this line", "above\nthis line"))
    ),
    "rewrapped after quoting": (
        f"On Tue, Mar 3, 2026 at 10:12 AM {FROM} wrote:\n\n> ##~ Please write your reply above\n"
        "this line ~##\n> \n> We are on our way, with a fire extinguisher and a new printer. It\n"
        "takes an hour.\n> Ada Agent\n"
    ),
    "thunderbird": f"Am 03.03.26 um 10:12 schrieb Support:\n{quoted(OURS_TEXT)}",
    "apple mail": quoted(f"Am 03.03.2026 um 10:12 schrieb {FROM}:\n\n{OURS_TEXT}"),
    "apple mail on a telephone": (
        quoted(f"On 3 Mar 2026, at 10:12, {FROM} wrote:\n\n\ufeff{OURS_TEXT}")
    ),
    "outlook": (
        f"From: {FROM}\nSent: Tuesday, March 3, 2026 10:12 AM\nTo: Marta Lindqvist <marta@acorn-"
        f"tests.example>\nSubject: Re: [#HT00042] The printer burns\n\n{OURS_TEXT}"
    ),
    "outlook, older": (
        "-----Original Message-----\nFrom: Support [mailto:support@mailflow.test] \nSent: 03 March"
        f" 2026 10:12\nTo: Marta\nSubject: x\n\n{OURS_TEXT}"
    ),
    "outlook in the browser": (
        f"________________________________\nDe: {FROM}\nEnviado: martes, 3 de marzo de 2026 10:12\n"
        f"Para: Marta <marta@acorn-tests.example>\nAsunto: Re: x\n\n{OURS_TEXT}"
    ),
    "yahoo": (
        "    On Tuesday, March 3, 2026 at 10:12:33 AM GMT+1, Support <support@mailflow.test> wrote:"
        f"  \n \n {OURS_TEXT}"
    ),
    "mutt": f"* {FROM} [2026-03-03 10:12]:\n\n{quoted(OURS_TEXT)}",
    "nothing but the quote": quoted(OURS_TEXT),
    "not even quoted": OURS_TEXT,
}


#: Programs that put no mark before each quoted line.
UNMARKED = ["outlook", "outlook, older", "outlook in the browser", "yahoo", "not even quoted"]


@pytest.mark.parametrize("program", TEXT)
def test_text_of(program):
    text = f"{ABOVE}\n\n{TEXT[program]}"
    check_text(text, ABOVE)
    assert cut_text(text).rest.lstrip() == TEXT[program].lstrip()


@pytest.mark.parametrize("program", TEXT)
def test_text_through_a_whole_mail(program):
    raw = build(f"{ABOVE}\n\n{TEXT[program]}".encode(), Content_Type="text/plain; charset=utf-8")
    cut = cut_mail(read(raw))
    assert cut.above == "<p>It is out now.</p>\n<p>Thank you!</p>"
    assert "##~" in cut.rest


@pytest.mark.parametrize("program", [each for each in UNMARKED if each != "not even quoted"])
def test_nothing_above_an_original_without_marks_cuts_nothing(program):
    """What stands below it is ours, or theirs: nobody can tell."""
    text = f"{TEXT[program]}\n\n{ABOVE}\n"
    assert cut_text(text).above == text


class TestAnswerBelowTheQuote:
    """The answer is what was written; the quote above it is the rest."""

    def test_in_thunderbird(self):
        cut = cut_html(
            '<div class="moz-cite-prefix">On 03.03.26 10:12, Support wrote:<br></div>'
            f'<blockquote type="cite">{OURS}</blockquote><p>It is out now. Thank you!</p>'
        )
        assert cut.above == "<p>It is out now. Thank you!</p>"
        check(cut, "It is out now. Thank you!")

    def test_below_a_signature_and_the_quote(self):
        cut = cut_html(
            f"<div>-- <br>Marta Lindqvist</div><div>On 3 Mar 2026 at 10:12 Support wrote:</div>"
            f"<blockquote>{OURS}</blockquote><p>It is out now. Thank you!</p>"
        )
        check(cut, "It is out now. Thank you!")
        assert words(cut.rest)[:3] == ["--", "Marta", "Lindqvist"]

    @pytest.mark.parametrize("program", [each for each in TEXT if each not in UNMARKED])
    def test_in_plain_text(self, program):
        text = f"{TEXT[program]}\n\n{ABOVE}\n"
        cut = cut_text(text)
        if program == "rewrapped after quoting":  # a line without a mark may be an answer
            assert cut.above.split() == text.split()
        else:
            assert (cut.above, cut.rest.strip()) == (ABOVE, TEXT[program].strip())


def test_an_unquoted_line_with_nothing_above():
    text = f"{OURS_TEXT}\n{ABOVE}\n"
    assert cut_text(text).above == text


def test_text_answers_between_the_quoted_lines():
    for gap in ("", "\n"):
        text = (
            f"Hello,\n\nOn 3 Mar 2026 10:12, {FROM} wrote:\n> {LINE}\n>\n> Is it out?\n{gap}"
            f"Yes, it is.\n{gap}> Shall we come?\n"
        )
        cut = cut_text(text)
        assert (cut.above, cut.rest) == (
            text.partition("> Shall")[0].rstrip(),
            "> Shall we come?\n",
        )


def test_their_own_last_lines_are_no_introduction():
    for ending in (
        "Call me at 10:30 on 2026-03-03.",
        "I wrote to ada@our-office.example, too",
        "My number:\n\n0170 1234567",
        "The steps are:",
        "Serial: 4711\nModel: Blaze 3000\nRoom: 12",
    ):
        above = f"It is out now.\n{ending}"
        check_text(f"{above}\n\n{TEXT['gmail']}", above)
        check_text(f"{above}\n\n{TEXT['outlook']}", above)
        check_text(f"{above}\n\n{TEXT['not even quoted']}", above)


def test_hostile_bodies_take_no_time():
    begin = time.process_time()
    for hostile in (
        f"{LINE}\n" * 20_000,
        f"x\n{'-' * 200_000}\n{LINE}",
        f"x\n{'a' * 200_000}@b:\n{LINE}",
        f"x\n{'From: a@b.c 2026 10:12' * 20_000}\n{LINE}",
        "##~ " * 50_000,
        "a: b\n" * 50_000 + LINE,
        "x\n" + "--\n" * 10_000,
        "x\n" + "> a\n\n--\n\n" * 10_000,
        "x\n" + "From: a\n" * 10_000,
        "x\n" + "> a\nwrote:\n" * 10_000,
        "x\n" + "On 3 Mar 2026 10:12\n" * 10_000,
        f"x\n{'-' * 390}\n" * 1000,
        f"x\n{'sent from my ' * 30}\n" * 1000,
        "> x\ny\n" * 50_000 + f"> {LINE}\n" + "> x\ny\n" * 50_000,
    ):
        cut_text(hostile)
        cut_html(hostile.replace("\n", "<br>"))
    cut_html("<p>x</p>" + "<span>a </span>" * 50_000 + f"<p>{LINE}</p>")
    cut_html("<blockquote>" * 200 + f"{LINE}<br>" * 5000)
    assert time.process_time() - begin < 20


FORM = (
    "You have a new message.\n\nFrom: Ada Byron <ada@customer.example>\nSent: 9 March 2026\n"
    "Subject: Lamp\n\nMy lamp is broken.\n"
)


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_what_a_web_form_says_is_seen(kind):
    body = FORM if kind == "plain" else text_to_html(FORM)
    more = {"Content_Type": f"text/{kind}"}
    cut = cut_mail(read(build(body, Subject="Contact form", **more)))
    assert "My lamp is broken." in cut.above
    assert not cut.rest
    for answers in ({"Subject": "Re: Contact form"}, {"In_Reply_To": "<a@b.example>"}):
        cut = cut_mail(read(build(body, **{"Subject": "Contact form"} | more | answers)))
        assert "My lamp is broken." in cut.rest
