"""When somebody who is away comes back: told for certain, or not at all."""

import time
from datetime import date

import pytest
from babel.dates import get_month_names

from mailflow.absence import Absence, return_date
from mailflow.mail import read


def absence(text, subject="Automatic reply", sent="Tue, 03 Mar 2026 09:30:00 +0000", more=""):
    source = (
        f"From: jane@acorn.example\nSubject: {subject}\nDate: {sent}\n{more}"
        f"Content-Type: text/plain; charset=utf-8\n\n{text}"
    )
    return return_date(read(source.encode()))


def until(*day):
    return Absence(date(*day), False)


def back(*day):
    return Absence(date(*day), True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "I am out of the office until 12 March 2026. In urgent cases call Bob.",
            until(2026, 3, 12),
        ),
        ("I will be back on 13 March.", back(2026, 3, 13)),
        (
            "I'm out of office from March 2 to March 12, back on Monday, March 16th.",
            back(2026, 3, 16),
        ),
        ("I am away March 5-12, 2026.", until(2026, 3, 12)),
        ("I will not be back until Monday, March 16, 2026", back(2026, 3, 16)),
        (
            "I will be out of the office from 2 March through 12 March 2026 with limited access",
            until(2026, 3, 12),
        ),
        ("I am out of office from 03/04/2026 until 03/25/2026.", until(2026, 3, 25)),
        ("Ich bin vom 2. bis einschließlich 12. März nicht im Büro.", until(2026, 3, 12)),
        (
            "Ich bin bis zum 12.03.2026 nicht im Haus. Ab dem 13.03. bin ich wieder erreichbar.",
            back(2026, 3, 13),
        ),
        ("Am Montag, den 16.03.2026 bin ich wieder für Sie da.", back(2026, 3, 16)),
        ("Ich bin vom 02.03.-12.03.2026 im Urlaub.", until(2026, 3, 12)),
        ("Je suis absent du bureau du 2 au 12 mars 2026 inclus.", until(2026, 3, 12)),
        (
            "Je suis absente jusqu'au 12/04/2026. En cas d'urgence, merci de contacter le bureau.",
            until(2026, 4, 12),
        ),
        ("Je serai de retour le lundi 16 mars.", back(2026, 3, 16)),
        ("Estaré fuera de la oficina hasta el 12 de marzo de 2026.", until(2026, 3, 12)),
        ("Estaré de vacaciones del 2 al 12 de marzo. Vuelvo el 13 de marzo.", back(2026, 3, 13)),
        ("Estou de férias até 12 de março de 2026.", until(2026, 3, 12)),
        ("Sono fuori ufficio fino al 12 marzo 2026. Rientro il 13 marzo.", back(2026, 3, 13)),
        ("Ik ben afwezig tot en met 12 maart 2026.", until(2026, 3, 12)),
        ("Ik ben op maandag 16 maart weer terug op kantoor.", back(2026, 3, 16)),
        ("Jeg er på ferie til og med d. 20. marts.", until(2026, 3, 20)),
        ("Jag är ledig till och med den 12 mars och är tillbaka 13 mars.", back(2026, 3, 13)),
        ("Jeg er på ferie til og med 12. mars 2026.", until(2026, 3, 12)),
        ("Olen lomalla 12.3.2026 asti.", until(2026, 3, 12)),
        ("Olen takaisin toimistolla 13. maaliskuuta.", back(2026, 3, 13)),
        ("Jestem poza biurem do 12 marca 2026.", until(2026, 3, 12)),
        ("Wracam do pracy 13 marca.", back(2026, 3, 13)),
        ("Jsem mimo kancelář do 12. března 2026.", until(2026, 3, 12)),
        ("Я буду в отпуске до 12 марта 2026 года.", until(2026, 3, 12)),
        ("3月12日まで不在にしております。", until(2026, 3, 12)),
        ("3월 12일까지 부재중입니다.", until(2026, 3, 12)),
        ("2026年3月12日まで休暇をいただいております。", until(2026, 3, 12)),
        ("2026-03-05 – 2026-03-12 out of office", until(2026, 3, 12)),
        ("I'm on parental leave until September 1st.", until(2026, 9, 1)),
        ("2026. március 12-ig szabadságon vagyok.", until(2026, 3, 12)),
        ("12 Mart 2026 tarihine kadar ofis dışındayım.", until(2026, 3, 12)),
        (
            "Hi,\n\nI am currently out of office, returning 16 March 2026.\n\nBest\nJane",
            back(2026, 3, 16),
        ),
        ("I am out of the office till 12/31/26", until(2026, 12, 31)),
        ("I will be out of office starting 03/05/2026 and returning 03/16/2026", back(2026, 3, 16)),
        ("Out of office 5th to 12th of March. Version 12.3 released", until(2026, 3, 12)),
    ],
)
def test_the_end_of_an_absence(text, expected):
    assert absence(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "I am out of office until 03/04/2026.",
        "I was away until 20 February 2026.",
        "I am away until 12 February.",
        "I am out until 5 January 2028",
        "Our office opened on 12 March 2026 in Berlin.",
        "Thank you for your mail of 12 March 2026. I will answer soon.",
        "Call me from 8:30 to 17:00 until then",
        "I am away until 12 March or until 20 April.",
        "Thank you. Our offer is valid until 12 March 2026, ask for it.",
        "",
        "I am away until 30 February 2026.",
        "I am away until 2 March or so.",
    ],
)
def test_no_guess(text):
    assert absence(text) is None


def test_a_date_without_a_year_may_be_in_the_next_one():
    sent = "Tue, 22 Dec 2026 09:30:00 +0000"
    assert absence("I am away until 6 January.", sent=sent) == until(2027, 1, 6)


def test_a_message_that_nobody_has_switched_off():
    assert absence("I am away until 1 March.") is None
    assert absence("I am back on 2 March.") is None


def test_english_dates_by_the_region_that_the_header_names():
    text = "I am out of the office until 03/04/2026."
    assert absence(text) is None
    assert absence(text, more="Content-Language: en-US\n") == until(2026, 3, 4)
    assert absence(text, more="Content-Language: en-GB\n") == until(2026, 4, 3)


def test_the_subject_tells_it_when_the_text_does_not():
    found = absence("Please call Bob.", subject="Out of office until 12 March 2026")
    assert found == until(2026, 3, 12)


def test_quoted_mail_tells_nothing():
    quoted = "\n".join(f"> {line}" for line in ("Hello", "I am away until 12 March 2026."))
    assert absence(f"Thanks.\n\nOn Mon, 2 Mar 2026, Bob wrote:\n{quoted}") is None


def test_without_a_date_of_its_own_a_mail_tells_nothing():
    source = b"From: a@b.example\nSubject: Away\n\nI am away until 12 March 2026."
    assert return_date(read(source)) is None


@pytest.mark.parametrize(
    "text",
    [
        "until " * 2000, "1.1.1.1." * 1000, "12 March " * 500, "until 12 March 2026 " * 300,
        "1" * 5000, "- " * 3000, "12/03/" * 900, "(,; " * 1500 + "12 March", "de " * 2000,
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_hostile_texts_take_no_time(text):
    start = time.monotonic()
    absence(text)
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("month", range(1, 13))
@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "I am away and will be back on 4 {} 2027."),
        ("de", "Ich bin am 4. {} 2027 zurück."),
        ("fr", "Je suis absent, de retour le 4 {} 2027."),
        ("es", "Estoy de vacaciones, vuelvo el 4 de {} de 2027."),
        ("it", "Sono fuori ufficio, rientro il 4 {} 2027."),
        ("pt", "Estou de férias, volto em 4 de {} de 2027."),
        ("nl", "Ik ben afwezig en op 4 {} 2027 terug."),
        ("sv", "Jag har semester och är tillbaka den 4 {} 2027."),
    ],
)
def test_each_month_by_its_name(locale, text, month):
    name = get_month_names("wide", locale=locale)[month]
    sent = "Tue, 29 Dec 2026 09:30:00 +0000"
    assert absence(text.format(name), sent=sent) == back(2027, month, 4)
