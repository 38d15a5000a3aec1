"""The set-up check of a From address, against a real name server on the loopback interface."""

import base64
import time

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from servers.dns import Dns

from mailflow.dkim import Signature, is_aligned, read_signatures, tags
from mailflow.domain_check import Question, Via, check_domain, check_domains
from mailflow.finding import Kind, Record, State
from mailflow.mail_providers import MICROSOFT, PROVIDERS, provider_of

OUTLOOK = "spf.protection.outlook.com"
GOOGLE = "_spf.google.com"


def rsa_key(bits=2048):
    """A public key of so many bits; nobody has the private one."""
    key = rsa.RSAPublicNumbers(65537, 2 ** (bits - 1) + 1).public_key()
    encoding = serialization.Encoding.DER
    return base64.b64encode(
        key.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
    ).decode()


KEY, SHORTER, SHORT = rsa_key(), rsa_key(1024), rsa_key(768)
ED25519 = base64.b64encode(
    ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
).decode()


def txt(*texts):
    return {"TXT": [strings(text) for text in texts]}


def strings(text):
    """A TXT record as in a zone file, cut into strings of 255 characters."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return " ".join(f'"{text[start : start + 255]}"' for start in range(0, len(text), 255))


#: A domain where all is well; it sends from its own server.
GOOD = {
    "acorn.example": {
        **txt("v=spf1 mx -all", "site-verification=abc"),
        "MX": ["10 mail.acorn.example."],
        "A": ["192.0.2.80"],
    },
    "mail.acorn.example": {"A": ["192.0.2.10"], "AAAA": ["2001:db8::10"]},
    "default._domainkey.acorn.example": txt(f"v=DKIM1; k=rsa; p={KEY}"),
    "_dmarc.acorn.example": txt("v=DMARC1; p=reject; rua=mailto:dmarc@acorn.example"),
    # providers
    OUTLOOK: txt("v=spf1 ip4:198.51.100.0/25 ip6:2001:db8:40::/48 -all"),
    GOOGLE: txt("v=spf1 include:_netblocks.google.com ~all"),
    "_netblocks.google.com": txt("v=spf1 ip4:203.0.113.0/25 ~all"),
    "sendgrid.net": txt("v=spf1 ip4:203.0.113.128/26 ~all"),
    # others
    "other.example": {"A": ["192.0.2.99"]},
}


@pytest.fixture
def server():
    with Dns(GOOD) as dns:
        yield dns


@pytest.fixture(scope="module")
def shared():
    """One for the many examples of a test."""
    with Dns() as dns:
        yield dns


@pytest.fixture
def check(server):
    """Change the records of some names (None takes a name out), ask, and get the findings of a
    kind."""

    def run(kind, records=None, /, **question):
        change(server, records or {})
        question.setdefault("address", "support@acorn.example")
        if "via" not in question:
            question.setdefault("hosts", ("mail.acorn.example",))
        result = check_domain(Question(**question), [server.address], timeout=0.5)
        found = [each for each in result.findings if each.kind is kind]
        return found if kind is Kind.DKIM else found[0]

    return run


def change(server, records):
    for name, values in records.items():
        if values is None:
            server.zone.pop(name, None)
        else:
            server.zone[name] = {**server.zone.get(name, {}), **values}


def spf(text):
    return {"acorn.example": txt(text)}


def codes(finding):
    return [each.code for each in finding.notes]


# ---- all of it ----


def test_a_domain_where_all_is_well_is_told_so(server):
    question = Question("support@acorn.example", hosts=("mail.acorn.example",))
    result = check_domain(question, [server.address], timeout=0.5)
    assert result.state is State.OK
    assert [(each.kind, each.state) for each in result.findings] == [
        (Kind.SPF, State.OK),
        (Kind.DKIM, State.OK),
        (Kind.DMARC, State.OK),
        (Kind.MX, State.OK),
    ]
    assert all(each.publish is None for each in result.findings)
    assert all(each.found for each in result.findings)


def test_a_domain_that_does_not_exist_is_told_at_once(server):
    question = Question("support@acron.example", hosts=("mail.acorn.example",))
    result = check_domain(question, [server.address], timeout=0.5)
    assert result.state is State.WRONG
    assert {codes(each)[0] for each in result.findings} == {"domain_unknown"}
    assert len(server.asked) == 2


def test_a_domain_with_other_letters_is_asked_in_those_of_the_dns(server):
    server.zone["xn--bcher-kva.example"] = txt("v=spf1 -all")
    question = Question("support@bücher.example", hosts=("mail.acorn.example",))
    result = check_domain(question, [server.address], timeout=0.5)
    assert result.findings[0].name == "xn--bcher-kva.example"
    assert "spf_not_authorised" in codes(result.findings[0])


@pytest.mark.parametrize("trouble", ["silent", "servfail", "refused", "garbage"])
def test_without_the_dns_nothing_is_said_to_be_missing(server, trouble):
    server.trouble["example"] = trouble
    question = Question("support@acorn.example", hosts=("mail.acorn.example",))
    begin = time.monotonic()
    result = check_domain(question, [server.address], timeout=0.5)
    assert time.monotonic() - begin < 1.5
    assert result.state is State.UNKNOWN
    assert {each.state for each in result.findings} == {State.UNKNOWN}
    assert {each.kind for each in result.findings} == set(Kind)
    assert all(each.notes[0].code.startswith("dns_") for each in result.findings)
    assert all(each.publish is None for each in result.findings)


def test_one_domain_that_hangs_does_not_hold_up_the_others(server):
    server.trouble["slow.example"] = "silent"
    questions = [Question(f"a@d{number}.slow.example") for number in range(6)]
    questions += [Question("support@acorn.example", hosts=("mail.acorn.example",))] * 3
    begin = time.monotonic()
    results = check_domains(questions, [server.address], timeout=1.0)
    assert time.monotonic() - begin < 3
    assert len(results) == 7
    assert results[questions[-1]].state is State.OK
    assert results[questions[0]].state is State.UNKNOWN
    assert server.count("_dmarc.acorn.example") == 1


def test_nothing_to_check_is_no_error(server):
    assert check_domains([], [server.address]) == {}


# ---- SPF: who sends ----


@pytest.mark.parametrize(
    ("record", "hosts"),
    [
        ("v=spf1 mx -all", ("mail.acorn.example",)),
        ("v=spf1 a:mail.acorn.example ~all", ("mail.acorn.example",)),
        ("v=spf1 ip4:192.0.2.0/28 ip6:2001:db8::/64 -all", ("mail.acorn.example",)),
        ("v=spf1 ip4:192.0.2.80 -all", ("192.0.2.80",)),
        ("v=spf1 ip4:192.0.2.0/24 -all", ("192.0.2.64/28",)),
        ("v=spf1 a -all", ("acorn.example",)),
        ("v=spf1 redirect=_spf.acorn.example", ("mail.acorn.example",)),
        (f"v=spf1 include:{OUTLOOK} -all", ("smtp.office365.com",)),
        ("v=spf1 include:sendgrid.net -all", ("smtp.sendgrid.net",)),
        ("v=spf1 include:sendgrid.net -all", ("include:sendgrid.net",)),
    ],
)
def test_a_record_that_lets_the_server_pass_is_right(check, record, hosts):
    others = {"_spf.acorn.example": txt("v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 -all")}
    found = check(Kind.SPF, {**spf(record), **others}, hosts=hosts)
    assert (found.state, codes(found)) == (State.OK, ["spf_ok"])
    assert found.publish is None
    assert found.found == record


@pytest.mark.parametrize(
    ("record", "hosts", "publish"),
    [
        # before what refuses, behind what is there
        (
            "v=spf1 ip4:192.0.2.1 -all",
            ("mail.acorn.example",),
            "v=spf1 ip4:192.0.2.1 a:mail.acorn.example -all",
        ),
        (
            "v=spf1 ip4:192.0.2.1 ~all",
            ("192.0.2.9", "2001:db8::9"),
            "v=spf1 ip4:192.0.2.1 ip4:192.0.2.9 ip6:2001:db8::9 ~all",
        ),
        (
            "v=spf1 mx -ip4:192.0.2.99 -all",
            ("other.example",),
            "v=spf1 mx a:other.example -ip4:192.0.2.99 -all",
        ),
        # one address of two is not enough
        (
            "v=spf1 ip4:192.0.2.10 -all",
            ("mail.acorn.example",),
            "v=spf1 ip4:192.0.2.10 a:mail.acorn.example -all",
        ),
        # a redirect stays behind
        (
            "v=spf1 redirect=_spf.acorn.example",
            ("mail.acorn.example",),
            "v=spf1 a:mail.acorn.example redirect=_spf.acorn.example",
        ),
        ("v=spf1 -all", ("smtp.office365.com",), f"v=spf1 include:{OUTLOOK} -all"),
        # the include is there, but behind what refuses
        (
            f"v=spf1 ~ip4:198.51.100.0/24 include:{OUTLOOK} -all",
            ("smtp.office365.com",),
            f"v=spf1 include:{OUTLOOK} ~ip4:198.51.100.0/24 -all",
        ),
    ],
)
def test_what_is_missing_is_put_into_the_record_that_is_there(check, record, hosts, publish):
    others = {"_spf.acorn.example": txt("v=spf1 ip4:192.0.2.55 -all")}
    found = check(Kind.SPF, {**spf(record), **others}, hosts=hosts)
    assert (found.state, codes(found)) == (State.WRONG, ["spf_not_authorised"])
    assert found.publish == Record("acorn.example", "TXT", publish)
    assert hosts[0] in found.notes[0].values["senders"] or "Microsoft" in str(found.notes[0])
    # what is published then is right
    again = check(Kind.SPF, spf(publish), hosts=hosts)
    assert (again.state, again.publish) == (State.OK, None)


@pytest.mark.parametrize(("via", "include"), [(Via.MICROSOFT, OUTLOOK), (Via.GOOGLE, GOOGLE)])
def test_microsoft_and_google_are_let_pass_by_their_include(check, via, include):
    found = check(Kind.SPF, spf("v=spf1 mx -all"), via=via)
    assert found.state is State.WRONG
    assert found.publish.value == f"v=spf1 mx include:{include} -all"
    found = check(Kind.SPF, spf(found.publish.value), via=via)
    assert (found.state, codes(found)) == (State.OK, ["spf_ok"])


def test_a_providers_addresses_may_also_be_listed_one_by_one(check):
    found = check(
        Kind.SPF, spf("v=spf1 ip4:198.51.100.0/24 ip6:2001:db8:40::/48 -all"), via=Via.MICROSOFT
    )
    assert found.state is State.OK
    found = check(Kind.SPF, spf("v=spf1 ip4:198.51.100.0/24 -all"), via=Via.MICROSOFT)
    assert found.state is State.WRONG


def test_a_record_made_for_each_mail_is_followed(check):
    """Hosted SPF: what is included depends on who sends."""
    hosted = {f"{n}.100.51.198.hosted.example": txt("v=spf1 +all") for n in range(3)}
    hosted["*.hosted.example"] = txt("v=spf1 -all")
    record = spf("v=spf1 include:%{ir}.hosted.example -all")
    outlook = {OUTLOOK: txt("v=spf1 ip4:198.51.100.0/30 -all")}
    found = check(Kind.SPF, {**hosted, **record, **outlook}, via=Via.MICROSOFT)
    assert found.state is State.OK
    found = check(Kind.SPF, record, via=Via.GOOGLE)
    assert found.state is State.WRONG


def test_no_record_is_missing_and_the_one_to_publish_names_the_server(check):
    found = check(Kind.SPF, {"acorn.example": txt("other=1")})
    assert (found.state, codes(found)) == (State.MISSING, ["spf_missing"])
    assert found.found == ""
    assert found.publish == Record("acorn.example", "TXT", "v=spf1 a:mail.acorn.example ~all")
    found = check(Kind.SPF, via=Via.MICROSOFT)
    assert found.publish.value == f"v=spf1 include:{OUTLOOK} ~all"


@pytest.mark.parametrize("hosts", [(), ("localhost",), ("10.0.0.5",), ("relay.acorn.example",)])
def test_who_sends_may_be_unknown(check, hosts):
    relay = {"relay.acorn.example": {"A": ["192.168.1.5"]}, "localhost": {"A": ["127.0.0.1"]}}
    found = check(Kind.SPF, relay, hosts=hosts)
    assert found.state is State.UNKNOWN
    assert codes(found)[0] in ("spf_sender_unknown", "spf_host_unknown")
    assert found.publish is None
    found = check(Kind.SPF, {"acorn.example": txt("other=1")}, hosts=hosts)
    assert found.state is State.MISSING
    assert found.publish is None


def test_the_bounce_address_of_another_domain_is_told(check):
    found = check(Kind.SPF, envelope="bounces.acorn.example", hosts=("mail.acorn.example",))
    assert codes(found) == ["spf_ok"]
    found = check(Kind.SPF, envelope="odoo.example", hosts=("mail.acorn.example",))
    assert codes(found) == ["spf_ok", "spf_envelope"]


# ---- SPF: what is wrong with a record ----


@pytest.mark.parametrize(
    ("record", "code", "publish"),
    [
        ("v=spf1 mx +all", "spf_all_pass", "v=spf1 mx ~all"),
        ("v=spf1 mx all", "spf_all_pass", "v=spf1 mx ~all"),
        ("v=spf1 mx ipv4:192.0.2.7 -all", "spf_syntax", "v=spf1 mx ip4:192.0.2.7 -all"),
        ("v=spf1 mx include -all", "spf_syntax", "v=spf1 mx -all"),
        ("v=spf1; mx -all", "spf_meant", "v=spf1 mx -all"),
        ('"v=spf1 mx -all"', "spf_meant", "v=spf1 mx -all"),
        ("v=spf1 mx include:gone.example -all", "spf_include_broken", "v=spf1 mx -all"),
        ("v=spf1 mx redirect=gone.example", "spf_include_broken", "v=spf1 mx ~all"),
    ],
)
def test_a_record_that_receivers_ignore_is_wrong_and_mended(check, record, code, publish):
    found = check(Kind.SPF, spf(record))
    assert (found.state, codes(found)[0]) == (State.WRONG, code)
    assert found.publish == Record("acorn.example", "TXT", publish)


@pytest.mark.parametrize(
    ("record", "code", "publish"),
    [
        ("v=spf1 mx ?all", "spf_all_neutral", "v=spf1 mx ~all"),
        ("v=spf1 mx", "spf_no_all", "v=spf1 mx ~all"),
        ("v=spf1 mx -all ip4:192.0.2.1", "spf_ignored", "v=spf1 mx -all"),
    ],
)
def test_a_record_that_could_be_better_is_right_with_advice(check, record, code, publish):
    found = check(Kind.SPF, spf(record))
    assert (found.state, codes(found)) == (State.OK, ["spf_ok", code])
    assert found.publish.value == publish


def test_two_records_become_one(check):
    texts = ("v=spf1 mx -all", "v=spf1 include:sendgrid.net redirect=_spf.acorn.example")
    found = check(
        Kind.SPF,
        {
            "acorn.example": txt(*texts),
            "_spf.acorn.example": txt("v=spf1 ip4:192.0.2.1 -all"),
        },
    )
    assert (found.state, codes(found)[0]) == (State.WRONG, "spf_several")
    assert set(found.found.split("\n")) == set(texts)
    words = found.publish.value.split()
    assert (words[0], words[-1]) == ("v=spf1", "~all")
    assert sorted(words[1:-1]) == ["include:_spf.acorn.example", "include:sendgrid.net", "mx"]


def lots_of(count):
    """Includes that ask the DNS so many times in all."""
    return {f"p{number}.example": txt("v=spf1 ip4:192.0.2.1 -all") for number in range(count)}


def test_ten_lookups_are_allowed_and_eleven_are_not(check):
    nine = " ".join(f"include:p{number}.example" for number in range(9))
    found = check(Kind.SPF, {**lots_of(12), **spf(f"v=spf1 mx {nine} -all")})
    assert found.state is State.OK
    ten = f"{nine} include:p9.example"
    found = check(Kind.SPF, spf(f"v=spf1 mx {ten} -all"))
    assert (found.state, codes(found)[0]) == (State.WRONG, "spf_lookups")
    assert found.notes[0].values["count"] == 11
    # addresses in place of mx bring it down to ten
    assert found.publish.value == f"v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 {ten} -all"


def test_what_is_added_does_not_make_the_lookups_too_many(check):
    ten = " ".join(f"include:p{number}.example" for number in range(10))
    found = check(Kind.SPF, {**lots_of(10), **spf(f"v=spf1 {ten} -all")})
    assert codes(found) == ["spf_not_authorised"]
    assert found.publish.value == f"v=spf1 {ten} ip4:192.0.2.10 ip6:2001:db8::10 -all"
    found = check(Kind.SPF, spf(f"v=spf1 ptr {ten} -all"))
    assert "ptr" not in found.publish.value


def test_a_record_that_only_a_person_can_shorten_is_not_made_up(check):
    eleven = " ".join(f"include:p{number}.example" for number in range(11))
    found = check(Kind.SPF, {**lots_of(11), **spf(f"v=spf1 {eleven} -all")})
    assert codes(found) == ["spf_lookups", "spf_not_authorised"]
    assert found.publish is None
    ten = eleven.rpartition(" ")[0]
    found = check(Kind.SPF, spf(f"v=spf1 {ten} -all"), via=Via.MICROSOFT)
    assert codes(found) == ["spf_not_authorised", "spf_lookups_then"]
    assert found.publish is None


def test_lookups_that_find_nothing_are_counted(check):
    found = check(Kind.SPF, spf("v=spf1 mx a:x.example a:y.example a:z.example -all"))
    assert (found.state, codes(found)[0]) == (State.WRONG, "spf_void")
    assert found.notes[0].values["count"] == 3


def test_an_include_that_cannot_be_looked_up_is_not_said_to_be_wrong(server, check):
    server.trouble["down.example"] = "servfail"
    found = check(Kind.SPF, spf("v=spf1 mx include:down.example -all"))
    assert (found.state, codes(found)) == (State.OK, ["dns_refused", "spf_ok"])
    found = check(Kind.SPF, spf("v=spf1 include:down.example mx -all"))
    assert found.state is State.UNKNOWN
    assert found.publish is None


def test_a_long_record_is_to_be_cut_into_strings(check):
    many = " ".join(f"ip4:203.0.113.{number}" for number in range(20))
    found = check(Kind.SPF, spf(f"v=spf1 {many} -all"))
    assert codes(found) == ["spf_not_authorised", "spf_long"]
    assert found.found == f"v=spf1 {many} -all"


@given(
    st.lists(
        st.sampled_from(
            [
                "mx",
                "-all",
                "~all",
                "all",
                "a",
                "include:sendgrid.net",
                "include:gone.example",
                "ptr",
                "redirect=_spf.acorn.example",
                "ip4:192.0.2.1",
                "ip4:x",
                "exists:%{i}.example",
                "include:acorn.example",
                "v=spf1",
                "?include:sendgrid.net",
                "-mx",
                "a:mail.acorn.example/28",
                "exp=x.example",
                "\\",
            ]
        ),
        max_size=8,
    ),
    st.booleans(),
)
def test_what_is_to_be_published_is_a_record_that_is_right(shared, terms, two):
    """Whatever was there: what we say makes the check pass."""
    record = " ".join(["v=spf1", *terms])
    zone = {
        **GOOD,
        "acorn.example": {**GOOD["acorn.example"], **txt(record, *(["v=spf1 a"] if two else []))},
    }
    zone["_spf.acorn.example"] = txt("v=spf1 ip4:192.0.2.1 -all")
    question = Question("support@acorn.example", hosts=("mail.acorn.example",))
    shared.zone = zone
    finding = check_domain(question, [shared.address], timeout=1).findings[0]
    if finding.publish is None:
        assert finding.state is State.OK
        return
    assert finding.publish.value.count("v=spf1") == 1
    shared.zone["acorn.example"] = {**GOOD["acorn.example"], **txt(finding.publish.value)}
    again = check_domain(question, [shared.address], timeout=1).findings[0]
    assert again.state is State.OK, (record, finding, again)
    assert again.publish is None


# ---- DKIM ----


def dkim(value, name="default"):
    return {f"{name}._domainkey.acorn.example": txt(value)}


@pytest.mark.parametrize(
    ("value", "state", "said"),
    [
        (f"v=DKIM1; k=rsa; p={KEY}", State.OK, ["dkim_ok"]),
        (f"p={KEY}", State.OK, ["dkim_ok"]),
        (f"v=DKIM1;k=rsa;p={KEY[:100]} {KEY[100:]};", State.OK, ["dkim_ok"]),
        (f"v=DKIM1; k=ed25519; p={ED25519}", State.OK, ["dkim_ok"]),
        (f"v=DKIM1; t=y; p={KEY}", State.OK, ["dkim_ok", "dkim_testing"]),
        (f"v=DKIM1; p={SHORTER}", State.OK, ["dkim_ok", "dkim_longer"]),
        (f"v=DKIM1; p={SHORT}", State.WRONG, ["dkim_short"]),
        ("v=DKIM1; k=rsa; p=", State.WRONG, ["dkim_revoked"]),
        ("v=DKIM1; k=rsa; p=MIIBIjANBgkq", State.WRONG, ["dkim_unreadable"]),
        ("v=DKIM1; k=rsa; p=not base64!", State.WRONG, ["dkim_unreadable"]),
        (f"v=DKIM2; p={KEY}", State.WRONG, ["dkim_unreadable"]),
        (f"v=DKIM1; k=ed25519; p={KEY}", State.WRONG, ["dkim_unreadable"]),
        (f"v=DKIM1; k=dsa; p={KEY}", State.WRONG, ["dkim_other_use"]),
        (f"v=DKIM1; s=other; p={KEY}", State.WRONG, ["dkim_other_use"]),
        ("v=spf1 -all", State.WRONG, ["dkim_unreadable"]),
    ],
)
def test_a_key_is_right_or_wrong(check, value, state, said):
    [found] = check(Kind.DKIM, dkim(value), selectors=("default",))
    assert (found.state, codes(found)) == (state, said)
    assert found.name == "default._domainkey.acorn.example"
    assert found.found == value
    assert (found.publish is None) == (state is State.OK)


def test_two_keys_under_one_selector_are_wrong(check):
    name = "default._domainkey.acorn.example"
    [found] = check(Kind.DKIM, {name: txt(f"p={KEY}", f"p={SHORTER}")}, selectors=("default",))
    assert codes(found) == ["dkim_several"]


def test_a_selector_that_was_named_and_is_not_there_is_missing(check):
    [found] = check(Kind.DKIM, selectors=("mail2026",))
    assert (found.state, codes(found)) == (State.MISSING, ["dkim_missing"])
    assert found.publish.name == "mail2026._domainkey.acorn.example"
    assert found.publish.value.startswith("v=DKIM1; k=rsa; p=<")


def test_a_signature_tells_the_selector_and_who_signs(check):
    signature = Signature("acorn.example", "s2026")
    [found] = check(Kind.DKIM, dkim(f"p={KEY}", "s2026"), signatures=(signature,))
    assert (found.state, found.name) == (State.OK, "s2026._domainkey.acorn.example")
    # the provider signs for itself as well
    both = (Signature("sendgrid.net", "smtpapi"), signature)
    [found] = check(Kind.DKIM, signatures=both)
    assert found.state is State.OK
    # a signature of the parent domain counts, too
    parent = {"ps._domainkey.acorn.example": txt(f"p={KEY}"), "sub.acorn.example": txt("x")}
    [found] = check(
        Kind.DKIM,
        parent,
        address="a@sub.acorn.example",
        signatures=(Signature("acorn.example", "ps"),),
    )
    assert (found.state, found.name) == (State.OK, "ps._domainkey.acorn.example")


def test_a_signature_of_somebody_else_does_not_count(check):
    signature = Signature("sendgrid.net", "smtpapi")
    [found] = check(Kind.DKIM, signatures=(signature,))
    assert (found.state, codes(found)) == (State.WRONG, ["dkim_not_aligned"])
    assert found.notes[0].values["signers"] == "sendgrid.net"


def test_no_known_selector_is_no_missing_key(check):
    [found] = check(Kind.DKIM)
    assert codes(found) == ["dkim_ok", "dkim_guessed"]
    odd = {"default._domainkey.acorn.example": None, **dkim(f"p={KEY}", "oddly-named")}
    [found] = check(Kind.DKIM, odd)
    assert (found.state, codes(found)) == (State.UNKNOWN, ["dkim_selector_unknown"])
    # nothing below _domainkey: there is no key at all
    [found] = check(Kind.DKIM, {"oddly-named._domainkey.acorn.example": None})
    assert (found.state, codes(found)) == (State.MISSING, ["dkim_none"])
    assert found.publish.name == "<selector>._domainkey.acorn.example"


def test_a_wildcard_of_revoked_keys_is_no_key(check):
    star = {"default._domainkey.acorn.example": None, **dkim("v=DKIM1; p=", "*")}
    [found] = check(Kind.DKIM, star)
    assert (found.state, codes(found)) == (State.UNKNOWN, ["dkim_selector_unknown"])


def test_google_has_its_selector(check):
    gone = {"default._domainkey.acorn.example": None}
    [found] = check(Kind.DKIM, gone, via=Via.GOOGLE)
    assert (found.state, codes(found)) == (State.MISSING, ["dkim_missing", "dkim_google"])
    assert found.publish.name == "google._domainkey.acorn.example"
    [found] = check(Kind.DKIM, dkim(f"v=DKIM1; k=rsa; p={KEY}", "google"), via=Via.GOOGLE)
    assert (found.state, found.publish) == (State.OK, None)


ONE = "selector1._domainkey.acorn.example"
TWO = "selector2._domainkey.acorn.example"
TARGET = "selector{}-acorn-example._domainkey.acorn.onmicrosoft.com"


def test_microsoft_has_two_selectors_that_lead_to_the_tenant(check):
    found = check(Kind.DKIM, via=Via.MICROSOFT, tenant="acorn")
    assert [each.state for each in found] == [State.MISSING] * 2
    assert [each.publish for each in found] == [
        Record(ONE, "CNAME", TARGET.format(1)),
        Record(TWO, "CNAME", TARGET.format(2)),
    ]
    assert codes(found[0]) == ["dkim_missing", "dkim_microsoft_look"]
    found = check(Kind.DKIM, via=Via.MICROSOFT)
    assert "<your tenant>" in found[0].publish.value


def test_microsoft_signs_once_it_is_switched_on(check):
    both = {
        ONE: {"CNAME": [TARGET.format(1) + "."]},
        TWO: {"CNAME": [TARGET.format(2) + "."]},
    }
    found = check(Kind.DKIM, both, via=Via.MICROSOFT)
    assert [codes(each) for each in found] == [["dkim_switch_on"]] * 2
    assert [each.publish for each in found] == [None, None]
    # the second key comes when the first is renewed
    found = check(Kind.DKIM, {TARGET.format(1): txt(f"v=DKIM1; p={KEY}")}, via=Via.MICROSOFT)
    assert [each.state for each in found] == [State.OK] * 2
    assert [codes(each) for each in found] == [["dkim_ok"], ["dkim_next_key"]]


def test_of_one_selector_of_microsoft_the_other_is_known(check):
    """Domains added since May 2025 lead elsewhere, with a letter that cannot be guessed."""
    target = "selector{}-acorn-example._domainkey.acorn.r-v1.dkim.mail.microsoft"
    only = {ONE: {"CNAME": [target.format(1) + "."]}, target.format(1): txt(f"p={KEY}")}
    one, two = check(Kind.DKIM, only, via=Via.MICROSOFT)
    assert one.state is State.OK
    assert codes(two) == ["dkim_missing", "dkim_microsoft"]
    assert two.publish == Record(TWO, "CNAME", target.format(2))


def test_a_cname_that_leads_nowhere_is_wrong(check):
    lost = {"x1._domainkey.acorn.example": {"CNAME": ["x1.gone.example."]}}
    [found] = check(Kind.DKIM, lost, selectors=("x1",))
    assert (found.state, codes(found)) == (State.WRONG, ["dkim_dangling"])
    assert found.found == "CNAME x1.gone.example"


def test_signatures_are_read_from_headers_and_damage_is_left_out():
    values = [
        "v=1; a=rsa-sha256; c=relaxed/relaxed; d=Acorn.Example; s=S2026;\r\n\th=from:to; b=abc=",
        "v=1; d=acorn.example; s=s2026; b=other",
        "v=1; d=send\r\n grid.net; s=smtpapi",
        "v=1; d=; s=x",
        "v=1; d=acorn.example",
        "v=1; d=acorn.example; s=../../x",
        "v=1; d=acorn.example; s=" + "x" * 300,
        "nonsense",
        "",
    ]
    assert read_signatures(values) == (
        Signature("acorn.example", "s2026"),
        Signature("sendgrid.net", "smtpapi"),
    )


def test_a_hostile_header_takes_no_time():
    begin = time.monotonic()
    for filler in (" ", "=", ";", "a", "a ", "x=", "\t\n"):
        read_signatures([f"v=1; d=x{filler * 60_000}x; s=y"])
    assert time.monotonic() - begin < 2


@given(st.lists(st.text()))
def test_no_header_makes_reading_signatures_fail(values):
    for each in read_signatures(values):
        assert each.domain and each.selector


def test_alignment_is_by_the_registered_domain():
    assert is_aligned("mail.acorn.co.uk", "acorn.co.uk")
    assert not is_aligned("acorn.co.uk", "oak.co.uk")


# ---- DMARC ----


def dmarc(*values, domain="acorn.example"):
    return {f"_dmarc.{domain}": txt(*values)}


@pytest.mark.parametrize(
    ("value", "state", "said", "publish"),
    [
        ("v=DMARC1; p=reject", State.OK, ["dmarc_ok"], None),
        ("v=DMARC1;p=quarantine;pct=50;", State.OK, ["dmarc_ok"], None),
        ("v=DMARC1; p=none", State.OK, ["dmarc_ok", "dmarc_none"], "v=DMARC1; p=quarantine"),
        ("v=DMARC1; p=reject; adkim=s", State.OK, ["dmarc_ok", "dmarc_strict"], None),
        ("v=DMARC1; p=block", State.WRONG, ["dmarc_syntax"], "v=DMARC1; p=none"),
        ("v=DMARC1; p=reject; pct=lots", State.WRONG, ["dmarc_syntax"], "v=DMARC1; p=reject"),
        ("v=DMARC1", State.WRONG, ["dmarc_no_policy"], "v=DMARC1; p=none"),
        ("v=dmarc1; p=reject", State.WRONG, ["dmarc_meant"], "v=DMARC1; p=reject"),
        ("DMARC1; p=reject", State.WRONG, ["dmarc_meant", "dmarc_syntax"], "v=DMARC1; p=none"),
        (
            "v=DMARC1; p=reject; rua=dmarc@acorn.example, mailto:x@y.example",
            State.WRONG,
            ["dmarc_syntax"],
            "v=DMARC1; p=reject; rua=mailto:dmarc@acorn.example,mailto:x@y.example",
        ),
    ],
)
def test_a_policy_is_right_or_wrong(check, value, state, said, publish):
    found = check(Kind.DMARC, dmarc(value))
    assert (found.state, codes(found)) == (state, said)
    assert found.found == value
    expected = publish and Record("_dmarc.acorn.example", "TXT", publish)
    assert found.publish == expected


def test_no_policy_is_missing(check):
    found = check(Kind.DMARC, {"_dmarc.acorn.example": None})
    assert (found.state, codes(found)) == (State.MISSING, ["dmarc_missing"])
    assert found.publish == Record("_dmarc.acorn.example", "TXT", "v=DMARC1; p=none")


def test_two_policies_are_none(check):
    found = check(Kind.DMARC, dmarc("v=DMARC1; p=reject", "v=DMARC1; p=none"))
    assert (found.state, codes(found)) == (State.WRONG, ["dmarc_several"])


def test_a_policy_is_inherited_from_the_registered_domain(check):
    sub = {"mail.help.acorn.co.uk": txt("x"), **dmarc("v=DMARC1; p=reject", domain="acorn.co.uk")}
    found = check(Kind.DMARC, sub, address="a@mail.help.acorn.co.uk")
    assert (found.state, found.name) == (State.OK, "_dmarc.acorn.co.uk")
    assert codes(found) == ["dmarc_ok", "dmarc_inherited"]
    inherited = dmarc("v=DMARC1; p=reject; sp=none", domain="acorn.co.uk")
    found = check(Kind.DMARC, inherited, address="a@mail.help.acorn.co.uk")
    assert codes(found) == ["dmarc_ok", "dmarc_inherited", "dmarc_none"]
    assert found.notes[0].values["policy"] == "none"
    # RFC 7489 section 6.6.3: only these two are asked for
    own = dmarc("v=DMARC1; p=quarantine", domain="mail.help.acorn.co.uk")
    found = check(Kind.DMARC, own, address="a@mail.help.acorn.co.uk")
    assert (found.name, codes(found)) == ("_dmarc.mail.help.acorn.co.uk", ["dmarc_ok"])


def test_no_policy_for_a_subdomain_is_to_be_published_for_the_whole_domain(check):
    sub = {"mail.acorn.co.uk": txt("x"), "acorn.co.uk": {}}
    found = check(Kind.DMARC, sub, address="a@mail.acorn.co.uk")
    assert found.publish.name == "_dmarc.acorn.co.uk"


@given(st.text(max_size=60) | st.text("v=DMARC1;prsu abotmil:@,", max_size=60))
def test_no_text_makes_reading_tags_fail(text):
    read = tags(text)
    assert read is None or all(isinstance(value, str) for value in read.values())


# ---- MX ----


@pytest.mark.parametrize(
    ("records", "state", "said"),
    [
        (["10 mail.acorn.example."], State.OK, ["mx_ok"]),
        (["0 ."], State.WRONG, ["mx_null"]),
        (["0 .", "10 mail.acorn.example."], State.WRONG, ["mx_null_mixed"]),
        (["10 gone.acorn.example."], State.WRONG, ["mx_host_unknown"]),
        (["10 alias.acorn.example."], State.WRONG, ["mx_alias"]),
        (["10 192.0.2.10."], State.WRONG, ["mx_address"]),
        (
            ["10 mail.acorn.example.", "20 gone.acorn.example."],
            State.OK,
            ["mx_ok", "mx_host_unknown"],
        ),
        ([], State.WRONG, ["mx_implicit"]),
    ],
)
def test_answers_find_their_way_or_not(check, records, state, said):
    alias = {"alias.acorn.example": {"CNAME": ["mail.acorn.example."]}}
    found = check(Kind.MX, {"acorn.example": {"MX": records}, **alias})
    assert (found.state, codes(found)) == (state, said)
    assert (found.publish is None) == (state is State.OK)


def test_a_domain_without_any_way_for_mail_is_missing_one(check):
    gone = {"acorn.example": {"MX": [], "A": []}}
    found = check(Kind.MX, gone)
    assert (found.state, codes(found)) == (State.MISSING, ["mx_missing"])
    assert check(Kind.MX, via=Via.GOOGLE).publish.value == "1 smtp.google.com"
    assert check(Kind.MX, via=Via.MICROSOFT).publish.value.startswith("0 acorn-example.mail.")


def test_an_alias_is_put_right(check):
    alias = {"alias.acorn.example": {"CNAME": ["mail.acorn.example."]}}
    found = check(Kind.MX, {"acorn.example": {"MX": ["7 alias.acorn.example."]}, **alias})
    assert found.publish == Record("acorn.example", "MX", "7 mail.acorn.example")


def test_a_mail_server_that_cannot_be_looked_up_is_unknown(server, check):
    server.trouble["down.example"] = "servfail"
    found = check(Kind.MX, {"acorn.example": {"MX": ["10 mx.down.example."]}})
    assert (found.state, codes(found)) == (State.UNKNOWN, ["dns_refused"])


# ---- free mail, providers ----


def test_nobody_publishes_records_for_a_free_mail_provider(server):
    server.zone["gmail.com"] = {
        **txt("v=spf1 redirect=_spf.google.com"),
        "MX": ["5 mx.google.com."],
    }
    server.zone["mx.google.com"] = {"A": ["203.0.113.5"]}
    own = Question("acorn@gmail.com", hosts=("mail.acorn.example",))
    result = check_domain(own, [server.address], timeout=0.5)
    assert result.findings[0].state is State.WRONG
    assert codes(result.findings[0]) == ["free_mail_refused"]
    assert all(each.publish is None for each in result.findings)
    server.zone["_dmarc.gmail.com"] = txt("v=DMARC1; p=none")
    google = Question("acorn@gmail.com", via=Via.GOOGLE)
    result = check_domain(google, [server.address], timeout=0.5)
    assert result.state is State.OK
    assert all(each.publish is None for each in result.findings)


def test_a_server_belongs_to_a_provider():
    assert provider_of("SMTP.Office365.com.") is MICROSOFT
    assert provider_of("acorn-example.mail.protection.outlook.com") is MICROSOFT
    assert provider_of("email-smtp.eu-west-1.amazonaws.com").include == "amazonses.com"
    assert provider_of("ec2-192-0-2-1.compute.amazonaws.com") is None
    assert provider_of("notgmail.com") is None
    assert provider_of("mail.acorn.example") is None
    assert len({each.include for each in PROVIDERS}) == len(PROVIDERS)
