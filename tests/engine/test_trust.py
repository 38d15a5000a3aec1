"""What the receiving server reported, and nothing that only looks like it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_mail import build

from mailflow.mail import read
from mailflow.note import note
from mailflow.trust import Trust, tell_trust

SERVER = "mx.acorn.example"
NONE = Trust()


def mail(*headers, sender="Jane <jane@shop.example>"):
    lines = "".join(f"Authentication-Results: {value}\n" for value in headers)
    return read(lines.encode() + build(From=sender))


def dmarc(*headers, server=SERVER, **kwargs):
    return tell_trust(mail(*headers, **kwargs), server).dmarc


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("mx.acorn.example; dmarc=pass header.from=shop.example", "pass"),
        ("MX.Acorn.Example 1; dmarc=PASS header.from=Shop.Example", "pass"),
        ("mx.acorn.example (policy 7); dmarc=pass (p=REJECT sp=NONE dis=NONE)", "pass"),
        ("mx.acorn.example;\n\tdkim=pass header.i=@shop.example header.b=a/b+c=;\n"
         "\tspf=pass (acorn.example: domain of x=y@shop.example designates 2001:db8::1 as"
         " permitted sender) smtp.mailfrom=\"x=y\"@shop.example;\n"
         "\tdmarc=pass (p=NONE) header.from=shop.example", "pass"),
        ("mx.acorn.example; dmarc=pass action=none header.from=shop.example;compauth=pass"
         " reason=100", "pass"),
        ("mx.acorn.example; dmarc=fail (p=REJECT) header.from=shop.example", "fail"),
        ("mx.acorn.example; dmarc=pass header.from=shop.example; dmarc=fail", "fail"),
        ("mx.acorn.example; dmarc=pass; dmarc=none", "none"),
        ("mx.acorn.example; dmarc=bestguesspass header.from=shop.example", "none"),
        ("mx.acorn.example; dmarc=permerror", "none"),
        ("mx.acorn.example; spf=pass smtp.mailfrom=shop.example", "none"),
        ("mx.acorn.example; none", "none"),
        ("mx.acorn.example", "none"),
        ("mx.acorn.example; x-note=\"dmarc=pass\"", "none"),
        ("mx.acorn.example; spf=fail (dmarc=pass; dmarc=pass) smtp.helo=x", "none"),
    ],
)  # fmt: skip
def test_the_report_of_the_server(value, expected):
    assert dmarc(value) == expected


def test_only_the_pinned_server_is_believed():
    good = f"{SERVER}; dmarc=pass"
    assert dmarc(good) == "pass"
    assert dmarc(good, server=f" {SERVER.upper()} ") == "pass"
    assert dmarc(good, server=None) == dmarc(good, server="") == dmarc(good, server=" ") == "none"
    assert dmarc("mx.evil.example; dmarc=pass") == "none"
    assert dmarc(f"{SERVER}.evil.example; dmarc=pass") == "none"
    assert dmarc(f"({SERVER}) mx.evil.example; dmarc=pass") == "none"
    assert dmarc(f"mx.evil.example ({SERVER}); dmarc=pass") == "none"


def test_a_forged_header_further_down_is_ignored():
    assert dmarc(f"{SERVER}; dmarc=fail", f"{SERVER}; dmarc=pass") == "fail"
    assert dmarc(f"{SERVER}; spf=pass", f"{SERVER}; dmarc=pass") == "none"
    assert dmarc(f"{SERVER}; dmarc=(", f"{SERVER}; dmarc=pass") == "none"
    assert dmarc("relay.example; dmarc=fail", f"{SERVER}; dmarc=pass") == "pass"


def test_an_encoded_address_adds_no_result():
    """The envelope sender is the writer's choice, and stands in the server's header."""
    forged = "=?utf-8?q?a=3B_dmarc=3Dpass_header.from=3Dshop.example_x.y=3D?=@evil.example"
    assert dmarc(f"{SERVER}; spf=pass smtp.mailfrom={forged}") == "none"


def test_another_domain_than_the_senders_was_checked():
    value = f"{SERVER}; dmarc=pass header.from=evil.example"
    assert tell_trust(mail(value), SERVER) == Trust(
        "none", note("trust_dmarc_other", server=SERVER, domain="evil.example")
    )
    assert dmarc(value, sender="x@mail.evil.example") == "pass"
    assert dmarc(value, sender="x@notevil.example") == "none"
    assert dmarc(value, sender="") == "none"


def test_what_the_trace_says():
    assert tell_trust(mail(), SERVER) == NONE
    told = {
        f"{SERVER}; dmarc=pass": note("trust_dmarc", server=SERVER, result="pass"),
        f"{SERVER}; dmarc=fail": note("trust_dmarc", server=SERVER, result="fail"),
        f"{SERVER}; dmarc=temperror": note("trust_dmarc", server=SERVER, result="temperror"),
        f"{SERVER}; spf=pass": note("trust_dmarc", server=SERVER, result="none"),
        f"{SERVER}; dmarc": note("trust_unreadable", server=SERVER),
    }
    for value, expected in told.items():
        assert tell_trust(mail(value), SERVER).note == expected


@given(st.text(st.sampled_from('dmarc=pass;() ".@\\/1éfail\t'), max_size=60))
def test_no_header_raises(value):
    assert dmarc(f"{SERVER}{value}") in ("pass", "fail", "none")
    assert dmarc(value, server=value) in ("pass", "fail", "none")


@pytest.mark.parametrize(
    "piece", ["(", "((a)", "; dmarc=pass", ' x.y="\\', "a", ";", " smtp.x=y", "; a=b (c)"]
)
def test_no_header_takes_long(piece):
    for size in (9_000, 60_000):
        hostile = mail(f"{SERVER}; dmarc=pass {piece * (size // len(piece))}")
        begin = time.process_time()
        tell_trust(hostile, SERVER)
        assert time.process_time() - begin < 1
