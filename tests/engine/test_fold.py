# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailflow.fold import fold, frame, needle


@given(st.text())
@example("İstanbul")
@example("ŉ ϓ ẞ ΐ ᾳ ﷺ ℌ ǅ")
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_no_line_end_comes_out(text):
    assert "\n" not in fold(text)
    assert "\r" not in fold(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("café", "CAFE\u0301"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("İstanbul", "istanbul"),
        ("line\r\n  break", "line break"),
        ("ﬁne", "FINE"),
    ],
)
def test_the_same_words(one, other):
    assert fold(one) == fold(other)


def test_each_comparison_is_one_search():
    text = frame(["Marta Lindqvist", "marta@acorn-tests.example"])
    assert needle("LINDQ") in text
    assert needle("marta lindqvist", starts=True, ends=True) in text
    assert needle("marta", starts=True, ends=True) not in text
    assert needle("Lindqvist", starts=True) not in text
    assert needle("acorn-tests.example", ends=True) in text


def test_nothing_has_no_frame():
    assert frame([]) == frame(["", " \n"]) == ""


@pytest.mark.parametrize("text", ["", " ", "\u0301"])
def test_nothing_cannot_be_looked_for(text):
    with pytest.raises(ValueError):
        needle(text)
