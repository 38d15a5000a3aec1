"""Quotes by structure: nothing gets lost, whatever the structure, and nothing is folded twice."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailflow.html import html_to_text, tame
from mailflow.reply import QUOTE, SIGNATURE, cut_html, cut_text
from mailflow.unfold import unfolded

QUOTED = "<p>Is it out?</p><p>Shall we come?</p>"


def words(markup):
    return html_to_text(markup).split()


# ------------------------------------------------------------
# NOTHING GETS LOST
# ------------------------------------------------------------

WORD = st.sampled_from(["It", "is", "out.", "Thanks", "4711", "schön", "好"])
OWN = st.lists(WORD, min_size=1, max_size=4).map(" ".join)
TEXT_LINE = st.one_of(
    OWN,
    OWN.map(lambda own: f"> {own}"),
    OWN.map(lambda own: f">> {own}"),
    st.sampled_from(
        [
            "", "", "-- ", "--", "____________", "Sent from my iPhone", "P.S. one more",
            "On 3 Mar 2026, at 10:12, Support <support@mailflow.test> wrote:",
            "Am 03.03.2026 um 10:12 schrieb Support <", "support@mailflow.test>:",
            "-----Original Message-----", "From: Support <support@mailflow.test>",
            "Sent: Tuesday, March 3, 2026 10:12 AM", "Subject: Re: The printer burns", "He says:",
            "##~ Please write your reply above this line ~##",
        ]
    ),
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(TEXT_LINE, max_size=25).map("\n".join))
def test_text_is_above_or_in_the_rest(text):
    cut = cut_text(text)
    assert sorted(f"{cut.above}\n{cut.rest}".split()) == sorted(text.split())
    assert bool(cut.rest) == bool(cut.folded)
    assert cut.above.split() or not text.split()


@settings(max_examples=300, deadline=None)
@given(st.lists(OWN | st.sampled_from(["", "a: b", "Best", "1. x"]), max_size=25).map("\n".join))
def test_text_without_a_quote_is_returned_whole(text):
    cut = cut_text(text)
    assert (cut.above, cut.rest, cut.folded) == (text, "", ())


BLOCKS = st.sampled_from(
    [
        "<div>{}</div>", "<p>{}</p>", "<blockquote>{}</blockquote>", "<span>{}</span>",
        '<blockquote type="cite">{}</blockquote>', '<div class="gmail_quote">{}</div>',
        '<blockquote class="gmail_quote">{}</blockquote>', '<div class="gmail_attr">{}</div>',
        '<div id="divRplyFwdMsg">{}</div>', '<div class="yahoo_quoted">{}</div>',
        '<div class="moz-cite-prefix">{}</div>', '<div class="gmail_signature">{}</div>',
        "<table><tr><td>{}</td></tr></table>", "<pre>{}</pre>", "<ul><li>{}</li></ul>",
        "<b>From:</b> {}<br><b>Sent:</b> x<br><b>Subject:</b> y", "{}<br>", "<hr>{}", "-- <br>{}",
        "On 3 Mar 2026 at 10:12 Support wrote:{}",
    ]
)  # fmt: skip


def fill(node):
    block, content = node
    return block.replace("{}", "".join(content))


HTML = st.recursive(
    OWN, lambda inner: st.tuples(BLOCKS, st.lists(inner, max_size=4)).map(fill), max_leaves=20
)


@settings(max_examples=500, deadline=None)
@given(st.lists(HTML, max_size=6).map("".join))
def test_html_is_above_or_in_the_rest(markup):
    markup = tame(markup)
    cut = cut_html(markup)
    # letters: words that touch in HTML may be parted by the cut
    seen = "".join(words(cut.above) + words(cut.rest))
    assert sorted(seen) == sorted("".join(words(markup)))
    assert words(cut.above) or not words(markup)
    assert "".join(words(unfolded(cut.above))) == "".join(words(cut.above))


# ------------------------------------------------------------
# WHAT IS A QUOTE
# ------------------------------------------------------------


@pytest.mark.parametrize(
    "mark",
    [
        'type="cite"', 'TYPE="CITE"', 'cite="mid:1@mailflow.test"', 'class="x_gmail_quote"',
        'style="border-left:1px solid #ccc;padding-left:1ex"', 'class="tutanota_quote"',
        'style="PADDING-LEFT: 5px; BORDER-LEFT: #000000 2px solid"', 'class="spark_quote"',
    ],
)  # fmt: skip
def test_a_marked_blockquote(mark):
    cut = cut_html(f"<p>Yes.</p><blockquote {mark}>{QUOTED}</blockquote>")
    assert (words(cut.above), cut.folded) == (["Yes."], (QUOTE,))


@pytest.mark.parametrize(
    "mark",
    ["", 'style="margin:0 0 0 40px;border:none;padding:0"', 'style="border-left:none"',
     'class="webkit-indent-blockquote"'],
)  # fmt: skip
def test_an_indented_block_is_no_quote(mark):
    """Editors indent with a blockquote; these are own words."""
    markup = f"<p>Two things:</p><blockquote {mark}><p>It smokes.</p></blockquote>"
    assert cut_html(markup).rest == ""
    assert "<blockquote" not in unfolded(markup)
    assert words(unfolded(markup)) == words(markup)


def test_an_indented_block_behind_an_attribution_is_a_quote():
    cut = cut_html(
        "<p>Yes.</p><p>On 3 Mar 2026 at 10:12 Support &lt;s@mailflow.test&gt; wrote:</p>"
        f"<blockquote>{QUOTED}</blockquote>"
    )
    assert words(cut.above) == ["Yes."]


def test_an_image_below_the_quote_is_an_answer():
    quote = f'<blockquote type="cite">{QUOTED}</blockquote>'
    markup = f'<p>See below.</p>{quote}<p><img src="cid:1"></p>'
    assert cut_html(markup).above == markup
    pixel = f'<p>Yes.</p>{quote}<p><img src="x" width="1" height="1"></p>'
    assert cut_html(pixel).above == "<p>Yes.</p>"


def test_a_list_of_things_is_no_header():
    for text in (
        "Please collect it.\n\nFrom: Uppsala\nTo: Berlin\nDate: 3 March 2026\nWeight: 12 kg",
        "It says:\nFrom: port 3\nTo: port 4\nError: 12",
    ):
        assert cut_text(text).rest == ""
        assert cut_html(text.replace("\n", "<br>")).rest == ""


def test_what_they_cite_themselves_stays():
    text = "The display says:\n\n> PC LOAD LETTER\n> E-4711"
    assert cut_text(text).above == text
    assert cut_text(f"{text}\n\nWhat is that?").above == f"{text}\n\nWhat is that?"


def test_a_quote_that_they_picked_stays():
    """Programs say whom they quote; who takes a sentence and writes below it does not."""
    text = "> Is it out?\n\nYes, it is."
    assert cut_text(text).above == text
    markup = '<blockquote type="cite">Is it out?</blockquote><p>Yes, it is.</p>'
    assert cut_html(markup).above == markup


def test_they_name_who_wrote_without_quoting():
    text = "On Monday your colleague wrote:\n\nSend us the number.\n\nHere it is: 4711"
    assert cut_text(text).above == text


# ------------------------------------------------------------
# SIGNATURES
# ------------------------------------------------------------


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nMarta Lindqvist\n+46 18 123 45", "--\nMarta", "Sent from my iPhone",
        "Von meinem iPhone gesendet", "Envoyé depuis mon téléphone portable", "Inviato da iPad",
        "Gesendet mit der GMX Mail App", "Wysłane z iPhone'a", "iPhoneから送信", "发自我的iPhone",
        "Get Outlook for Android<https://aka.ms/ghei36>", "Enviado desde mi iPhone",
        "-- \nMarta\n\nSent from my iPhone",
    ],
)  # fmt: skip
def test_signatures_are_folded(signature):
    cut = cut_text(f"It is out now.\n\n{signature}\n")
    assert (cut.above, cut.rest.strip(), cut.folded) == ("It is out now.", signature, (SIGNATURE,))
    html = "<br>".join(signature.replace("<", "&lt;").split("\n"))
    assert words(cut_html(f"<div>It is out now.</div><div>{html}</div>").above) == words(
        "It is out now."
    )
    quote = "On 3 Mar 2026, at 10:12, Support wrote:\n> Is it out?"
    for text in (
        f"It is out now.\n\n{signature}\n\n{quote}", f"It is out now.\n\n{quote}\n\n{signature}",
        f"{quote}\n\nIt is out now.\n\n{signature}", f"{signature}\n\n{quote}\n\nIt is out now.",
    ):  # fmt: skip
        assert cut_text(text).above == "It is out now.", text


@pytest.mark.parametrize(
    "ending",
    [
        "Help with my order", "Sent via DHL on Monday.", "Sent with the invoice", "Best, Marta",
        "It was sent from your shop", "-- \nMarta\n\nP.S. The number is 4711.", "From my side: no.",
        "--\n" + "And here is a long story of what happened.\n" * 20,
    ],
)  # fmt: skip
def test_own_words_are_no_signature(ending):
    text = f"It is out now.\n\n{ending}"
    assert cut_text(text).above == text


@pytest.mark.parametrize(
    "node", ['class="gmail_signature"', 'id="ms-outlook-mobile-signature"', 'id="Signature"',
             'class="moz-signature"', 'name="messageSignatureSection"'],
)  # fmt: skip
def test_signatures_by_structure(node):
    cut = cut_html(f"<div>It is out now.</div><div {node}>Marta<br>Acorn</div>")
    assert (cut.above, cut.folded) == ("<div>It is out now.</div>", (SIGNATURE,))
    alone = f"<div {node}>It is out now.</div>"
    assert cut_html(alone).above == alone


def test_what_a_company_adds_below_everything():
    quote = "On 3 Mar 2026, at 10:12, Support wrote:\n> Is it out?"
    note = (
        "This message is confidential and intended only for the recipient.\nDelete it if not you."
    )
    cut = cut_text(f"It is out now.\n\n{quote}\n\n{note}")
    assert cut.above == "It is out now."


# ------------------------------------------------------------
# SHOWN AS IT IS
# ------------------------------------------------------------


@pytest.mark.parametrize(
    "markup",
    [
        '<div class="gmail_quote">a<blockquote class="gmail_quote">b</blockquote>c</div>',
        '<div class="ydp1yahoo_quoted">a</div><div>b</div>', '<hr id="stopSpelling">a<p>b</p>',
        '<div id="appendonsend"></div><div id="divRplyFwdMsg">a</div><div>b</div>',
        '<div data-o-mail-quote="1">a</div>', '<div id="Signature">a</div>',
        "<p>--<br>a</p><p>b</p>",
    ],
)  # fmt: skip
def test_no_mark_is_left_that_would_fold_it(markup):
    shown = unfolded(markup)
    assert words(shown) == words(markup)
    for mark in ("quote", "stopSpelling", "appendonsend", "Rply", "data-o-mail", "<p>--"):
        assert mark not in shown


def test_what_has_no_marks_stays_as_it_is():
    markup = '<P CLASS="x">a -- b</p>'
    assert unfolded(markup) == markup
    deep = "<div>" * 300 + "<blockquote>a</blockquote>" + "</div>" * 300
    assert unfolded(deep) == deep


def test_much_white_space_is_read_in_time():
    markup = f"<pre>{' ' * 200_000}x</pre>"
    start = time.perf_counter()
    assert cut_html(markup).above == markup
    assert time.perf_counter() - start < 5
