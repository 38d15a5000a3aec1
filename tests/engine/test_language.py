"""The language of a mail, and that nobody guesses where it cannot be told."""

import tempfile
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_mail import build, multipart

from mailflow import language
from mailflow.language import LANGUAGES, language_of
from mailflow.mail import read
from mailflow.reply import reply_line

GERMAN = "Guten Tag, unser Drucker geht seit heute Morgen nicht mehr. Können Sie helfen?"
ENGLISH = "Good morning, our printer has not worked since this morning. Can you help us?"


def told(body, **fields):
    return language_of(read(build(body, Content_Type="text/plain; charset=utf-8", **fields)))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (GERMAN, "de"),
        (ENGLISH, "en"),
        ("Bonjour, notre imprimante ne marche plus depuis ce matin.", "fr"),
        ("Buenos días, la impresora no funciona desde esta mañana.", "es"),
        ("Buongiorno, la nostra stampante non funziona più da stamattina.", "it"),
        ("Bom dia, a nossa impressora não funciona desde hoje de manhã.", "pt"),
        ("Goedemorgen, onze printer doet het sinds vanochtend niet meer.", "nl"),
        ("Dzień dobry, nasza drukarka nie działa od dzisiejszego ranka.", "pl"),
        ("Hei, skriveren vår har ikke virket siden i morges, kan dere hjelpe?", "no"),
        ("Здравствуйте, наш принтер не работает с сегодняшнего утра.", "ru"),
        ("Доброго дня, наш принтер не працює з самого ранку.", "uk"),
        ("您好，我们的打印机从今天早上开始就不能用了。", "zh"),
        ("プリンターが今朝から動きません。", "ja"),
        ("안녕하세요, 오늘 아침부터 프린터가 작동하지 않습니다.", "ko"),
        ("مرحبا، الطابعة لا تعمل منذ هذا الصباح.", "ar"),
        ("PRINTER ARIZALI, BU SABAHTAN BERİ ÇALIŞMIYOR, YARDIM EDER MİSİNİZ?", "tr"),
    ],
)
def test_languages(body, code):
    assert told(body) == code


def test_only_what_the_author_wrote_counts():
    assert told(f"{GERMAN}\n\n" + f"> {ENGLISH}\n" * 20) == "de"
    ours = f"{reply_line('Please write above this line')}\n\n{ENGLISH * 10}"
    assert told(f"{GERMAN}\n\nOn Tue, 1 Sep 2026 at 10:00, Support wrote:\n\n{ours}") == "de"
    assert told(f"{GERMAN}\n-- \n{ENGLISH * 10}") == "de"
    assert (
        told(f"https://shop.example/a/printer/not/working {GERMAN} info@the-shop.example") == "de"
    )


def test_html_counts_as_what_it_shows():
    html = f"<p>{GERMAN}</p><style>the of and to in is you that</style>"
    mail = read(build(html, Content_Type="text/html; charset=utf-8"))
    assert language_of(mail) == "de"
    both = multipart(
        f"Content-Type: text/plain; charset=utf-8\n\n{GERMAN}",
        f"Content-Type: text/html; charset=utf-8\n\n{html}",
        kind="alternative",
    )
    assert language_of(read(both)) == "de"


def test_a_short_text_is_in_the_declared_language():
    assert told("Danke!", Subject="Re") == ""
    assert told("Danke!", Subject="Re", Content_Language="de-AT, en") == "de"
    assert told("Takk!", Subject="Re", Content_Language="nb-NO") == "no"
    assert told("?", Subject="Re", Content_Language="tlh") == ""
    assert told("?", Subject="Re", Content_Language=", ;") == ""
    assert told(GERMAN, Content_Language="en") == "de"


def test_the_subject_helps_a_short_first_mail_only():
    subject = "Our printer does not work since this morning"
    assert told("See above", Subject=subject) == "en"
    assert told("Ja", Subject=subject, In_Reply_To="<2@shop.example>") == ""


@pytest.mark.parametrize(
    "body",
    ["", "17", "http://a.example/b", "x" * 5000, "AB-17 CD-18 EF-19 " * 30, "😀" * 50, "> quoted"],
)
def test_unsure(body):
    assert told(body, Subject="Re") == ""


def test_every_result_is_listed():
    known = set(language._identifier().labels) - {language._NOT_LINGUISTIC}
    assert known == set(LANGUAGES)
    assert list(LANGUAGES) == sorted(LANGUAGES)
    assert all(len(code) == 2 for code in LANGUAGES)


@given(st.text(max_size=80), st.text(st.sampled_from("den-,* 1"), max_size=8))
@settings(max_examples=100)
def test_nothing_else_comes_out(body, declared):
    assert told(body.encode(errors="replace"), Content_Language=declared) in ("", *LANGUAGES)


@pytest.mark.parametrize("piece", ["a", ">\n", "-- \n", "@ ", "e " * 7 + "\n", "<a ", "é", "> a\n"])
def test_no_text_takes_long(piece):
    language._identifier()
    mail = read(build(piece * (1_000_000 // len(piece))))
    begin = time.process_time()
    language_of(mail)
    assert time.process_time() - begin < 0.2


def test_it_costs_little():
    mail = read(build(f"{GERMAN}\n" * 30, Content_Type="text/plain; charset=utf-8"))
    language_of(mail)
    costs = []
    for _turn in range(10):
        begin = time.process_time()
        for _mail in range(50):
            language_of(mail)
        costs.append((time.process_time() - begin) / 50)
    assert min(costs) < 0.000_3


def test_a_full_disk_costs_the_language_and_no_mail(monkeypatch):
    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    language._identifier.cache_clear()
    try:
        assert told(GERMAN) == ""
        assert told(GERMAN, Content_Language="de") == "de"
    finally:
        language._identifier.cache_clear()
    monkeypatch.undo()
    assert told(GERMAN) == "de"
