"""Questions to name servers, asked of a real one on the loopback interface."""

import time

import pytest
from servers.dns import Dns

from mailflow.dns_lookup import Lookup, Status
from mailflow.domain import is_free_mail, registrable_domain

ZONE = {
    "acorn.example": {
        "TXT": ['"v=spf1 mx" " -all"', '"site-verification=1"'],
        "MX": ["20 backup.acorn.example.", "10 mail.acorn.example."],
    },
    "mail.acorn.example": {"A": ["192.0.2.10"], "AAAA": ["2001:db8::10"]},
    "relay.acorn.example": {"CNAME": ["mail.acorn.example."]},
    "lost.acorn.example": {"CNAME": ["nowhere.example."]},
    "silent.example": {"MX": ["0 ."]},
    "many.example": {"A": [f"192.0.2.{last}" for last in range(1, 200)]},
}


@pytest.fixture
def server():
    with Dns(ZONE) as dns:
        yield dns


@pytest.fixture
def lookup(server):
    return Lookup([server.address], timeout=0.6)


def test_the_strings_of_a_txt_record_are_joined_without_a_space(lookup):
    answer = lookup.txt("Acorn.Example.")
    assert answer.status is Status.FOUND
    assert set(answer.records) == {"v=spf1 mx -all", "site-verification=1"}


def test_odd_octets_of_a_txt_record_are_shown(server, lookup):
    server.zone["odd.example"] = {"TXT": ['"a\\000b\\255\\195\\164"']}
    assert lookup.txt("odd.example").records == ("a\\x00b\\xffä",)


def test_mail_exchangers_come_the_best_first(lookup):
    assert lookup.mx("acorn.example").records == (
        "10 mail.acorn.example",
        "20 backup.acorn.example",
    )
    assert lookup.mx("silent.example").records == ("0 .",)


def test_a_host_has_addresses_of_both_kinds_and_may_be_an_alias(lookup):
    answer = lookup.addresses("relay.acorn.example")
    assert answer.records == ("192.0.2.10", "2001:db8::10")
    assert answer.alias == "mail.acorn.example"


def test_a_name_without_such_records_differs_from_no_name(lookup):
    assert lookup.mx("mail.acorn.example").status is Status.EMPTY
    assert lookup.mx("nowhere.example").status is Status.NO_NAME
    lost = lookup.a("lost.acorn.example")
    assert (lost.status, lost.alias) == (Status.NO_NAME, "nowhere.example")


@pytest.mark.parametrize("name", ["a..b", "x" * 70 + ".example", "a." * 130 + "b", "ä" * 64])
def test_what_cannot_be_a_name_is_no_name(lookup, name):
    assert lookup.a(name).status is Status.NO_NAME


def test_a_cut_off_answer_is_asked_again_over_tcp(server, lookup):
    server.trouble["acorn.example"] = "truncate"
    assert lookup.mx("acorn.example").records[0] == "10 mail.acorn.example"
    assert [by for name, type_, by in server.asked] == ["udp", "tcp"]
    assert len(lookup.a("many.example").records) == 199  # too long for UDP by itself
    assert server.asked[-1] == ("many.example", "A", "tcp")


def test_a_question_is_asked_once(server, lookup):
    for _time in range(3):
        lookup.txt("acorn.example")
    assert server.count("acorn.example") == 1


def test_a_silent_domain_costs_one_timeout_and_does_not_harm_others(server, lookup):
    server.trouble["silent.example"] = "silent"
    begin = time.monotonic()
    answers = [lookup.mx("silent.example"), lookup.txt("a.silent.example")]
    answers.append(lookup.addresses("b.silent.example"))
    assert time.monotonic() - begin < 1.5
    assert all(answer.failed for answer in answers)
    assert {answer.why.code for answer in answers} == {"dns_timeout"}
    assert answers[0].why.values["name"] == "silent.example"
    assert lookup.mx("acorn.example").status is Status.FOUND


@pytest.mark.parametrize(
    ("trouble", "code"), [("servfail", "dns_refused"), ("refused", "dns_refused")]
)
def test_an_error_of_the_name_server_is_no_missing_record(server, lookup, trouble, code):
    server.trouble["acorn.example"] = trouble
    answer = lookup.txt("acorn.example")
    assert (answer.status, answer.why.code) == (Status.FAILED, code)
    assert answer.why.values["answer"] == trouble.upper()


def test_nonsense_is_no_answer(server, lookup):
    server.trouble["acorn.example"] = "garbage"
    assert lookup.txt("acorn.example").failed


def test_without_a_name_server_it_says_so_at_once():
    with Dns() as gone:
        address = gone.address
    begin = time.monotonic()
    answer = Lookup([address], timeout=0.4).txt("acorn.example")
    assert answer.failed
    assert answer.why.code in ("dns_timeout", "dns_unreachable")
    assert time.monotonic() - begin < 2


def test_a_zone_that_never_ends_is_left(server):
    server.zone["*.acorn.example"] = {"A": ["192.0.2.1"]}
    lookup = Lookup([server.address])
    answers = [lookup.a(f"n{number}.acorn.example") for number in range(310)]
    assert answers[-1].why.code == "dns_limit"
    assert len(server.asked) == 300


@pytest.mark.parametrize("text", ["ns.example", "127.0.0.1:port", "", "1.2.3"])
def test_a_name_server_is_named_by_its_address(text):
    with pytest.raises(ValueError, match="IP address of a name server"):
        Lookup([text])


def test_name_servers_may_have_ports_and_ipv6():
    Lookup(["192.0.2.53", "127.0.0.1:5353", "[::1]:5353", "2001:db8::53", "[2001:db8::53]"])


def test_domains_are_registered_below_public_suffixes():
    assert registrable_domain("A.B.Acorn.co.uk.") == "acorn.co.uk"
    assert registrable_domain("localhost") == "localhost"
    assert is_free_mail("GMAIL.com")
