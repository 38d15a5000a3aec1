"""Patterns of addresses: what they match, and that none of them takes long."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailflow.wildcard import LONGEST, is_pattern, is_too_wide, literal, matches


@pytest.mark.parametrize(
    ("pattern", "address"),
    [
        ("jane@acorn.example", "jane@acorn.example"),
        ("Jane@Acorn.example", "jane@acorn.EXAMPLE"),
        ("*@bounce.example", "x-17@bounce.example"),
        ("*@bounce.example", "@bounce.example"),
        ("*@*.bounce.example", "x@mx1.bounce.example"),
        ("no-reply*@*", "no-reply+2026@shop.example"),
        ("bounce-?@x.example", "bounce-7@x.example"),
        ("*+?*@x.example", "a+b@x.example"),
        ("a*a", "aa"),
        ("*", ""),
        ("*a?c*", "xxabcxx"),
        ("*@[192.0.2.1]", "jane@[192.0.2.1]"),
        ("**@x.example", "jane@x.example"),
    ],
)
def test_a_pattern_matches(pattern, address):
    assert matches(pattern, address)


@pytest.mark.parametrize(
    ("pattern", "address"),
    [
        ("jane@acorn.example", "jane@acorn.example.org"),
        ("jane@acorn.example", "mary-jane@acorn.example"),
        ("*@bounce.example", "x@bounce.example.org"),
        ("*@bounce.example", "x@mx1.bounce.example"),
        ("bounce-?@x.example", "bounce-@x.example"),
        ("bounce-?@x.example", "bounce-17@x.example"),
        ("a*a", "a"),
        ("*ab*ab", "ab"),
        ("j.ne@x.example", "jane@x.example"),
        ("[a-z]@x.example", "a@x.example"),
        ("?", ""),
    ],
)
def test_a_pattern_does_not_match(pattern, address):
    assert not matches(pattern, address)


def test_what_a_pattern_has_literally():
    assert literal("*@bounce.example") == "@bounce.example"
    assert literal("?*?") == ""
    assert is_pattern("a?b")
    assert not is_pattern("a@b.example")


@pytest.mark.parametrize(
    "pattern",
    ["*", "**", "?*", "*@*", "*@*.*", "*@*.com", "*@*.co.uk", "*@?*.example", "a*@*", "*@a*.com"],
)
def test_a_pattern_of_nearly_everybody_is_too_wide(pattern):
    assert is_too_wide(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["*@bounce.example", "*@qq.com", "*@*.bounce.example", "no-reply*@*", "*@mail*.example",
     "bounce+*@*.com", "*@x.example"],
)  # fmt: skip
def test_a_pattern_that_names_somebody_is_not(pattern):
    assert not is_too_wide(pattern)


ALPHABET = st.text("ab*?@.", max_size=12)


@given(ALPHABET, st.text("ab@.", max_size=12))
def test_a_pattern_means_what_a_regular_expression_would(pattern, address):
    expression = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern)
    assert matches(pattern, address) == bool(re.fullmatch(expression, address, re.DOTALL))


@given(st.text(max_size=50), st.text(max_size=50))
def test_no_pattern_raises(pattern, address):
    assert matches(pattern, address) in (True, False)


@pytest.mark.parametrize(
    "pattern",
    ["*a" * (LONGEST // 2) + "b", "*" * LONGEST + "b", "*?a?" * (LONGEST // 4) + "*b",
     "*" + "?" * (LONGEST // 2) + "b*c"],
)  # fmt: skip
def test_no_pattern_takes_long(pattern):
    begin = time.perf_counter()
    assert not matches(pattern, "a" * LONGEST)
    assert time.perf_counter() - begin < 0.1
