"""Our own mail is known again by its marks, and nobody else can make them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailflow.header import message_ids
from mailflow.stamp import (
    PURPOSES,
    message_id,
    read_message_id,
    read_stamp,
    stamp,
)

SECRET = "3d0f6c1e-7d1b-11f0-9a55-0242ac120002"
OTHER = "9b2d6c1e-7d1b-11f0-9a55-0242ac120002"
TEXT = st.text(max_size=500)  # with control characters and beyond the basic plane
HOSTILE = TEXT | st.text(st.characters(min_codepoint=0xD7F0, max_codepoint=0xE000), max_size=50)


def changed(value):
    """The value with one character at a time replaced."""
    for index, character in enumerate(value):
        yield value[:index] + ("b" if character != "b" else "c") + value[index + 1 :]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_stamp_is_read_back(purpose):
    assert read_stamp(SECRET, stamp(SECRET, purpose, "4711")) == (purpose, "4711")


def test_a_stamp_says_what_it_is_for():
    value = stamp(SECRET, "answer", "4711")
    purpose, subject, signature = value.split("; ")
    assert (purpose, subject, len(signature)) == ("answer", "4711", 32)
    assert len(f"X-Helpdesk-Mailflow: {value}") <= 78  # RFC 5322 section 2.1.1


def test_a_stamp_survives_folding():
    value = stamp(SECRET, "answer", "4711")
    assert read_stamp(SECRET, "\r\n " + value.replace("; ", ";\r\n\t") + " ")


def test_a_stamp_of_another_database_is_not_ours():
    assert read_stamp(OTHER, stamp(SECRET, "answer", "4711")) is None


def test_no_character_of_a_stamp_can_be_changed():
    for value in changed(stamp(SECRET, "answer", "4711")):
        assert read_stamp(SECRET, value) is None, value


def test_what_belongs_together_cannot_be_cut_in_another_way():
    signature = stamp(SECRET, "answer", "4711").rpartition("; ")[2]
    assert read_stamp(SECRET, f"answer; 471; {signature}") is None
    assert read_stamp(SECRET, f"test; 4711; {signature}") is None


def test_a_message_id_is_no_stamp():
    ticket, random, signature = message_id(SECRET, 5, "x.example")[4:].partition("@")[0].split(".")
    assert read_stamp(SECRET, f"answer; {ticket}.{random}; {signature}") is None


@pytest.mark.parametrize(
    ("purpose", "subject"),
    [("newsletter", "1"), ("answer", ""), ("answer", "1\r\nBcc: x@y.example"), ("answer", "1;2"),
     ("answer", "a b"), ("answer", "ü"), ("answer", "1" * 200)],
)  # fmt: skip
def test_what_a_header_cannot_carry_is_refused(purpose, subject):
    with pytest.raises(ValueError, match=r"No (purpose|subject)"):
        stamp(SECRET, purpose, subject)


def test_nothing_is_signed_without_a_secret():
    with pytest.raises(ValueError, match="no secret"):
        stamp("", "answer", "1")
    with pytest.raises(ValueError, match="no secret"):
        message_id("", 1, "x.example")
    assert read_stamp("", stamp(SECRET, "answer", "1")) is None
    assert read_message_id("", message_id(SECRET, 1, "x.example")) is None


def test_a_message_id_is_read_back():
    value = message_id(SECRET, 4711, "zylker.example")
    assert value.endswith("@zylker.example>")
    assert read_message_id(SECRET, value) == 4711
    assert read_message_id(SECRET, message_id(SECRET, 0, "zylker.example")) == 0


def test_a_message_id_is_one_for_every_reader():
    value = message_id(SECRET, 2**31, "zylker.example")
    assert message_ids(value) == (value,)
    assert len(value) < 100
    assert value.isascii()


def test_message_ids_cannot_be_guessed():
    assert len({message_id(SECRET, 1, "zylker.example") for _ in range(100)}) == 100


def test_a_message_id_survives_a_change_of_case():
    value = message_id(SECRET, 4711, "zylker.example")
    assert read_message_id(SECRET, value.upper()) == 4711
    assert read_message_id(SECRET, f" {value}\r\n") == 4711


def test_message_ids_of_others_are_not_ours():
    assert read_message_id(OTHER, message_id(SECRET, 4711, "zylker.example")) is None
    assert read_message_id(SECRET, "<CAF=abc@mail.gmail.com>") is None
    local = message_id(SECRET, 4711, "zylker.example")[1:].partition("@")[0]
    for value in changed(local):
        assert read_message_id(SECRET, f"<{value}@zylker.example>") is None, value


@pytest.mark.parametrize(
    ("domain", "used"),
    [
        ("Zylker.Example.", "zylker.example"),
        ("müller.example", "xn--mller-kva.example"),
        ("xn--mller-kva.example", "xn--mller-kva.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("", "mailflow.invalid"),
        ("a b.example", "mailflow.invalid"),
        ("x>\r\nBcc: <a@b.example", "mailflow.invalid"),
        ("ü" * 100 + ".example", "mailflow.invalid"),
        ("x" * 100 + ".example", "mailflow.invalid"),
        (".ü..example", "mailflow.invalid"),
    ],
)
def test_the_domain_of_a_message_id_is_ascii(domain, used):
    value = message_id(SECRET, 1, domain)
    assert value.partition("@")[2] == f"{used}>"
    assert read_message_id(SECRET, value) == 1


@given(HOSTILE)
def test_nothing_that_a_stranger_writes_is_a_stamp(value):
    assert read_stamp(SECRET, value) is None
    assert read_message_id(SECRET, value) is None


@given(TEXT, TEXT, TEXT)
def test_nothing_that_looks_like_a_stamp_is_one(purpose, subject, signature):
    assert read_stamp(SECRET, f"{purpose}; {subject}; {signature}") is None
    assert read_message_id(SECRET, f"<hd.{purpose}.{subject}.{signature}@x.example>") is None


@given(st.integers(0, 2**62), TEXT)
def test_any_ticket_and_any_domain_give_a_message_id(ticket_id, domain):
    value = message_id(SECRET, ticket_id, domain)
    assert value.isascii()
    assert not set(value[1:-1]) & set("<> \r\n\t")
    assert read_message_id(SECRET, value) == ticket_id


@given(TEXT)
def test_any_secret_signs(secret):
    if secret:
        assert read_stamp(secret, stamp(secret, "test", "7")) == ("test", "7")


@pytest.mark.parametrize("value", ["answer;" + " " * 10**6, "<hd.1." + "a" * 10**6, ";" * 10**6])
def test_long_values_cost_nothing(value):
    begin = time.perf_counter()
    assert read_stamp(SECRET, value) is None
    assert read_message_id(SECRET, value) is None
    assert time.perf_counter() - begin < 0.1
