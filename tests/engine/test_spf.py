"""SPF records: reading, evaluating, following."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.dns import Dns

from mailflow.dns_lookup import Lookup
from mailflow.spf import is_meant_as_spf, is_spf, read_spf
from mailflow.spf_lookup import Result, evaluate, networks, survey


@pytest.fixture
def server():
    with Dns() as dns:
        yield dns


def txt(text):
    return {"TXT": [f'"{text}"']}


def says(server, ip, domain="acorn.example", text=None):
    lookup = Lookup([server.address], timeout=0.5)
    return evaluate(lookup, ipaddress.ip_address(ip), domain, f"anna@{domain}", text).result


# ---- reading ----


@pytest.mark.parametrize(
    ("text", "spf", "meant"),
    [
        ("v=spf1 -all", True, False),
        ("V=SPF1 mx", True, False),
        ("v=spf1", True, False),
        ("v=spf10 mx", False, True),
        ("v=spf1;mx -all", False, True),
        ('"v=spf1 mx -all"', False, True),
        (" v=spf1 mx -all", False, True),
        ("spf1 mx -all", False, True),
        ("v=spf mx -all", False, True),
        ("spf2.0/pra ?all", False, False),
        ("google-site-verification=1", False, False),
        ("spf record of this domain", False, False),
    ],
)
def test_what_is_an_spf_record_and_what_was_meant_as_one(text, spf, meant):
    assert (is_spf(text), is_meant_as_spf(text)) == (spf, meant)


def test_a_record_is_read_into_terms():
    record = read_spf("v=spf1 a:mail.acorn.example/24//64 ~MX ip4:192.0.2.0/28 exp=e.acorn.example")
    a, mx, ip4, exp = record.terms
    assert (a.name, a.value, a.four, a.six, a.qualifier) == ("a", "mail.acorn.example", 24, 64, "+")
    assert (mx.name, mx.qualifier, mx.value) == ("mx", "~", "")
    assert (ip4.name, ip4.value) == ("ip4", "192.0.2.0/28")
    assert (exp.name, exp.qualifier) == ("exp", "")
    assert record.faults == ()


@pytest.mark.parametrize(
    ("word", "mended"),
    [
        ("ipv4:192.0.2.1", "ip4:192.0.2.1"),
        ("ip4:2001:db8::1", "ip6:2001:db8::1"),
        ("ip6:192.0.2.1", "ip4:192.0.2.1"),
        ("ip4=192.0.2.1", "ip4:192.0.2.1"),
        ("192.0.2.1", "ip4:192.0.2.1"),
        ("2001:db8::/32", "ip6:2001:db8::/32"),
        ("ip4:192.0.2.300", ""),
        ("ip4:192.0.2.1/33", ""),
        ("include=_spf.acorn.example", "include:_spf.acorn.example"),
        ("includes:_spf.acorn.example", "include:_spf.acorn.example"),
        ("include:_spf.acorn.example,", "include:_spf.acorn.example"),
        ("redirect:_spf.acorn.example", "redirect=_spf.acorn.example"),
        ("include:https://acorn.example", ""),
        ("include", ""),
        ("include:acorn", ""),
        ("a:", "a"),
        ("mx;", "mx"),
        ("-all.", ""),
        ("all:acorn.example", ""),
        ("mail.acorn.example", ""),
        ("exists:%{q}.acorn.example", ""),
        ("exists:100%.acorn.example", ""),
        ("–all", ""),
    ],
)
def test_what_makes_no_sense_is_a_fault_and_mended_where_that_is_evident(word, mended):
    record = read_spf(f"v=spf1 mx {word} -all")
    assert [fault.text for fault in record.faults] == [word]
    assert record.faults[0].mended == mended
    assert [term.name for term in record.mechanisms] == ["mx", "all"]


def test_a_space_behind_a_colon_is_one_fault():
    record = read_spf("v=spf1 include: _spf.acorn.example -all")
    assert [(fault.text, fault.mended) for fault in record.faults] == [
        ("include: _spf.acorn.example", "include:_spf.acorn.example")
    ]


@pytest.mark.parametrize(
    "word",
    ["exists:%{i}._spf.%{d2}", "include:%{d}", "a:mail.acorn.example.", "mx//64", "unknown=x"],
)
def test_what_is_rare_but_right_is_no_fault(word):
    assert read_spf(f"v=spf1 {word} -all").faults == ()


def test_nothing_behind_all_counts():
    record = read_spf("v=spf1 mx -all include:x.example redirect=y.example")
    assert [term.text for term in record.mechanisms] == ["mx", "-all"]
    assert [term.text for term in record.ignored] == ["include:x.example", "redirect=y.example"]
    assert record.redirect is None


@given(st.text(max_size=80) | st.text("v=spf1 :/+-~?.%{}inclde4630all", max_size=60))
def test_no_text_makes_reading_fail(text):
    record = read_spf(f"v=spf1 {text}")
    assert all(term.faulty or term.name for term in record.terms)
    assert isinstance(is_meant_as_spf(text), bool)


# ---- evaluating ----


@pytest.mark.parametrize(
    ("record", "ip", "result"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", "192.0.2.7", Result.PASS),
        ("v=spf1 ip4:192.0.2.0/24 -all", "198.51.100.7", Result.FAIL),
        ("v=spf1 ip4:192.0.2.0/24 ~all", "2001:db8::1", Result.SOFTFAIL),
        ("v=spf1 ip6:2001:db8::/32 -all", "2001:db8::1", Result.PASS),
        ("v=spf1 -ip4:192.0.2.7 ip4:192.0.2.0/24 -all", "192.0.2.7", Result.FAIL),
        ("v=spf1 mx -all", "192.0.2.10", Result.PASS),
        ("v=spf1 mx/28 -all", "192.0.2.15", Result.PASS),
        ("v=spf1 a -all", "192.0.2.10", Result.FAIL),
        ("v=spf1 a:mail.acorn.example -all", "192.0.2.10", Result.PASS),
        ("v=spf1 a:mail.acorn.example -all", "2001:db8::10", Result.PASS),
        ("v=spf1 include:provider.example -all", "198.51.100.5", Result.PASS),
        ("v=spf1 include:provider.example -all", "198.51.100.9", Result.FAIL),
        ("v=spf1 redirect=provider.example", "198.51.100.9", Result.SOFTFAIL),
        ("v=spf1 exists:%{ir}.list.%{d} -all", "192.0.2.9", Result.PASS),
        ("v=spf1 exists:%{ir}.list.%{d} -all", "192.0.2.8", Result.FAIL),
        ("v=spf1 exists:%{l}._of.%{o} -all", "192.0.2.9", Result.PASS),
        ("v=spf1 ptr -all", "192.0.2.10", Result.PASS),
        ("v=spf1 ptr -all", "192.0.2.66", Result.FAIL),
        ("v=spf1", "192.0.2.1", Result.NEUTRAL),
        ("v=spf1 include:nothing.example -all", "192.0.2.1", Result.PERMERROR),
        ("v=spf1 include:acorn.example -all", "192.0.2.1", Result.PERMERROR),
        ("v=spf1 redirect=nothing.example", "192.0.2.1", Result.PERMERROR),
        ("v=spf1 mistake -all", "192.0.2.1", Result.PERMERROR),
        ("v=spf1 include:down.example -all", "192.0.2.1", Result.TEMPERROR),
        ("v=spf1 ip4:192.0.2.1 include:down.example -all", "192.0.2.1", Result.PASS),
    ],
)
def test_a_server_may_send_or_not(server, record, ip, result):
    server.zone.update(
        {
            "acorn.example": {**txt(record), "MX": ["10 mail.acorn.example."]},
            "mail.acorn.example": {"A": ["192.0.2.10"], "AAAA": ["2001:db8::10"]},
            "provider.example": txt("v=spf1 ip4:198.51.100.0/29 ~all"),
            "9.2.0.192.list.acorn.example": {"A": ["127.0.0.2"]},
            "anna._of.acorn.example": {"A": ["127.0.0.2"]},
            "10.2.0.192.in-addr.arpa": {"PTR": ["mail.acorn.example."]},
            "66.2.0.192.in-addr.arpa": {"PTR": ["mail.acorn.example."]},
        }
    )
    server.trouble["down.example"] = "servfail"
    assert says(server, ip) is result


def test_a_domain_without_a_record_says_nothing_and_one_with_two_is_an_error(server):
    server.zone["two.example"] = {"TXT": ['"v=spf1 mx -all"', '"v=spf1 a -all"']}
    assert says(server, "192.0.2.1", "nothing.example") is Result.NONE
    assert says(server, "192.0.2.1", "two.example") is Result.PERMERROR


def test_a_record_can_be_tried_before_it_is_published(server):
    server.zone["acorn.example"] = txt("v=spf1 -all")
    assert says(server, "192.0.2.1", text="v=spf1 ip4:192.0.2.1 -all") is Result.PASS


def test_macros_of_rfc_7208_section_7_4_expand(server):
    names = {
        "%{s}.x": "strong-bad@email.example.com.x",
        "%{d4}.x": "email.example.com.x",
        "%{d2}.x": "example.com.x",
        "%{dr}.x": "com.example.email.x",
        "%{d2r}.x": "example.email.x",
        "%{l-}.x": "strong.bad.x",
        "%{l1r-}.x": "strong.x",
        "%{ir}.%{v}._spf.%{d2}": "3.2.0.192.in-addr._spf.example.com",
        "%{lr-}.lp._spf.%{d2}": "bad.strong.lp._spf.example.com",
    }
    for macro, name in names.items():
        lookup = Lookup([server.address], timeout=0.5)
        ip = ipaddress.ip_address("192.0.2.3")
        text = f"v=spf1 exists:{macro} -all"
        text = text.replace(".x", ".x.example")
        evaluate(lookup, ip, "email.example.com", "strong-bad@email.example.com", text)
        asked = server.asked[-1][0].replace("\\@", "@")
        assert asked == name.replace(".x", ".x.example"), macro


def test_endless_includes_end(server):
    server.zone["*.loop.example"] = txt("v=spf1 include:n%{d}")
    server.zone["a.example"] = txt("v=spf1 include:b.example include:b.example -all")
    server.zone["b.example"] = txt("v=spf1 include:a.example include:a.example -all")
    assert says(server, "192.0.2.1", "a.example") is Result.PERMERROR
    assert says(server, "192.0.2.1", "x.loop.example") is Result.PERMERROR


# ---- following ----


def followed(server, text, domain="acorn.example"):
    return survey(Lookup([server.address], timeout=0.5), read_spf(text), domain)


def test_lookups_are_counted_with_those_of_what_is_included(server):
    server.zone.update(
        {
            "acorn.example": {"A": ["192.0.2.1"], "MX": ["10 acorn.example."]},
            "one.example": txt("v=spf1 a include:two.example -all"),
            "two.example": txt("v=spf1 ip4:192.0.2.1 exists:%{i}.two.example ~all"),
        }
    )
    found = followed(server, "v=spf1 a mx include:one.example ip4:192.0.2.2 -all a:behind.example")
    assert found.lookups == 6
    assert found.costs == (
        ("a", 1),
        ("mx", 1),
        ("include:one.example", 4),
        ("ip4:192.0.2.2", 0),
        ("-all", 0),
    )
    assert found.includes == ("one.example", "two.example")
    assert found.has_macro
    assert found.void == ("one.example",)  # has no A record
    assert found.broken == ()


def test_what_is_included_has_to_have_a_record(server):
    server.zone.update(
        {
            "none.example": txt("something else"),
            "two.example": {"TXT": ['"v=spf1 -all"', '"v=spf1 ~all"']},
            "bad.example": txt("v=spf1 nonsense -all"),
            "back.example": txt("v=spf1 include:acorn.example -all"),
        }
    )
    names = ["none.example", "two.example", "bad.example", "gone.example", "back.example"]
    found = followed(server, " ".join(["v=spf1", *(f"include:{each}" for each in names), "-all"]))
    assert found.broken == (*names[:4], "acorn.example")


def test_what_cannot_be_looked_up_is_said(server):
    server.trouble["down.example"] = "servfail"
    found = followed(server, "v=spf1 include:down.example -all")
    assert found.why.code == "dns_refused"
    assert found.broken == ()


def test_a_tree_without_end_is_left(server):
    server.zone["*.deep.example"] = txt("v=spf1 a:a.example a:b.example include:x.deep.example")
    for number in range(100):
        terms = " ".join(f"include:n{number + 1}.wide.example a:h{each}" for each in range(1))
        server.zone[f"n{number}.wide.example"] = txt(f"v=spf1 {terms}.example")
    assert followed(server, "v=spf1 include:n0.wide.example").lookups <= 62


def test_networks_of_a_provider_are_those_of_its_includes_too(server):
    server.zone.update(
        {
            "_spf.provider.example": txt(
                "v=spf1 include:_a.provider.example redirect=_b.provider.example"
            ),
            "_a.provider.example": txt(
                "v=spf1 ip4:198.51.100.0/29 -ip4:198.51.100.9 include:_spf.provider.example"
            ),
            "_b.provider.example": txt("v=spf1 ip6:2001:db8:1::/48 ~all"),
        }
    )
    found = networks(Lookup([server.address]), "_spf.provider.example")
    assert [str(each) for each in found] == ["198.51.100.0/29", "2001:db8:1::/48"]
