# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Texts of rules, ticket numbers and subjects to compare by."""

import time

import pytest

from mailflow.expression import PatternError
from mailflow.rule_text import MAX_VALUE, fill, names_in
from mailflow.subject import MAX_KEY, subject_key
from mailflow.ticket_number import MAX_NUMBERS, check_number_pattern, find_numbers

NUMBER = r"\b(?P<number>[A-Z]{1,8}[-/]?\d{3,12})\b"


def test_placeholders():
    assert names_in("{a_1} {B} {a_1} {} {1} {{c}} {d e}") == ["a_1", "B", "c"]
    assert fill("{a} and {b}", {"a": "{b}", "b": "{password}"}, 100) == "{b} and {password}"
    assert fill("{a}!", {"a": "one\r\n two\x00\x1b"}, 100) == "one two !"
    assert len(fill("{a}{a}", {"a": "x" * 5000}, 100_000)) == 2 * MAX_VALUE
    assert fill("{a}", {"a": "x" * 50}, 10) == "x" * 10
    with pytest.raises(KeyError, match="gone"):
        fill("{gone}", {}, 10)


def test_numbers():
    assert find_numbers(NUMBER, "Re: [#HT00042] and ht00043.") == ["HT00042", "ht00043", "HT00043"]
    assert find_numbers(NUMBER, "no number", "HT00042") == ["HT00042"]
    assert find_numbers(r"Case (\d+)", "case 7") == ["case 7", "CASE 7"]
    assert find_numbers(r"Case (?P<number>\d+)", "case 7 \ud800") == ["7"]
    many = " ".join(f"HT{number:05}" for number in range(1000))
    assert len(find_numbers(NUMBER, many)) <= 2 * MAX_NUMBERS


@pytest.mark.parametrize("pattern", ["", " ", "(", r"\d*", "(?=a)", "x{99999}", "(?P<n>a)(?P<n>b)"])
def test_patterns_of_numbers_that_are_refused(pattern):
    with pytest.raises(PatternError):
        check_number_pattern(pattern)


def test_numbers_take_no_time():
    start = time.monotonic()
    find_numbers(r"(?P<number>(a|aa)+[A-Z]{1,8}\d+)$", "a" * 5_000_000)
    assert time.monotonic() - start < 2


def test_subject_keys():
    assert subject_key("AW: Re: The  PRINTER bürns") == "the printer burns"
    assert subject_key("") == subject_key("Re: ") == ""
    long = "x" * 1999
    assert len(subject_key(long)) <= MAX_KEY
    assert subject_key(long) != subject_key(long[:-1])
    assert subject_key("İ" * 500) == subject_key(subject_key("x") and "İ" * 500)
