"""Placeholders of the conversation template, and the colours of its mails."""

import pytest

from mailflow.color import contrast, is_color, text_on
from mailflow.placeholder import fill_html, fill_text, placeholders

TEXTS = {"subject": "The printer burns", "agent": "Ada Agent", "portal_link": "View"}
BLOCKS = {"answer": "<p>We come.</p>", "signature": ""}


def fill(markup, **texts):
    return fill_html(
        markup, {**TEXTS, **texts}, BLOCKS, {"portal_link": "https://x.example/my?a=1&b=2"}
    )


def test_names():
    assert placeholders("{a_b} { subject } {subject} {Nope} {1} {{x}} <a href='%7Burl%7D'>") == [
        "a_b",
        "subject",
        "url",
    ]


def test_text():
    assert fill_text("Re: {tag} {subject} {other}", {"tag": "", "subject": "A\r\nB"}) == (
        "Re: A B {other}"
    )


def test_html():
    assert fill("<p>Dear {agent}, <b>{ subject }</b> {other}</p>") == (
        "<p>Dear Ada Agent, <b>The printer burns</b> {other}</p>"
    )


def test_a_block_is_never_within_a_paragraph():
    assert fill("<p>{answer}</p><h1>x {answer}</h1>") == (
        "<div><p>We come.</p></div><div>x <p>We come.</p></div>"
    )


def test_the_paragraph_of_an_empty_block_goes():
    assert fill("<p>a</p><p> {signature}&nbsp;</p><p>{signature} x</p>") == (
        "<p>a</p><div> x</div>"
    )
    assert fill("<p>{signature}{answer}</p>") == "<div><p>We come.</p></div>"
    assert fill("{signature}") == ""


class TestHostile:
    @pytest.mark.parametrize(
        "name", ["<script>x()</script>", "<img src=x onerror=x()>", "&lt;b&gt;", "'\"><b>"]
    )
    def test_a_text_is_never_markup(self, name):
        filled = fill('<p title="{agent}">{agent}</p>', agent=name)
        assert "<b>" not in filled
        assert "<script" not in filled
        assert "<img" not in filled
        assert filled.count("<") == 2

    def test_a_value_is_never_a_placeholder(self):
        assert fill("<p>{agent}</p>", agent="{answer} {subject}") == "<p>{answer} {subject}</p>"
        filled = fill_html(
            "<p>{answer}</p>", {"subject": "x"}, {"answer": "<p>{subject} {answer}</p>"}
        )
        assert filled == "<div><p>{subject} {answer}</p></div>"
        assert fill('<a title="{agent}">x</a>', agent="{answer}") == '<a title="{answer}">x</a>'
        assert fill_text("{agent}", {"agent": "{subject}", "subject": "x"}) == "{subject}"

    def test_no_value_makes_a_link_do_something(self):
        link = '<a href="{agent}">x</a>'
        assert fill(link, agent="javascript:x()") == '<a href="javascript%3Ax%28%29">x</a>'
        link = '<a href="https://x.example/?q=%7Bagent%7D">x</a>'
        assert fill(link, agent='"><b>') == '<a href="https://x.example/?q=%22%3E%3Cb%3E">x</a>'

    def test_private_characters_are_no_mark(self):
        assert fill("<p>{agent}</p>", agent="\ue000x:answer\ue001") == (
            "<p>\ue000x:answer\ue001</p>"
        )


def test_an_address_as_a_whole():
    assert fill('<a href="{portal_link}">x</a>') == (
        '<a href="https://x.example/my?a=1&amp;b=2">x</a>'
    )
    assert fill('<a href="{answer}">x</a>') == '<a href="{answer}">x</a>'


def test_nothing():
    assert fill("") == fill("  ") == ""


def test_colors():
    assert is_color("#a0B1c2")
    for wrong in ("", None, "red", "#abc", "#12345g", "#123456;color:red"):
        assert not is_color(wrong)
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert text_on("#714b67") == "#ffffff"
    assert text_on("#ffe08a") == "#1f2328"
