"""What the receiving server reported, and nothing that only looks like it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_mail import build

from mailflow.authserv import (
    NAMELESS,
    authserv_candidate,
    authserv_count,
    common_name,
    is_pinned,
    is_plausible,
    names_server,
)
from mailflow.mail import read
from mailflow.note import note
from mailflow.trust import Trust, tell_trust

SERVER = "mx.acorn.example"
NONE = Trust()
RECEIVED = ("Received", "from a.example by b.example; Thu, 5 Mar 2026 10:00:00 +0000")


def mail(*headers, sender="Jane <jane@shop.example>"):
    """A mail with these headers on top: values of Authentication-Results, or (name, value)."""
    pairs = [
        each if isinstance(each, tuple) else ("Authentication-Results", each) for each in headers
    ]
    lines = "".join(f"{name}: {value}\n" for name, value in pairs)
    return read(lines.encode() + build(From=sender))


def told(*headers, server=SERVER, forwarders=(), count=1, **kwargs):
    return tell_trust(mail(*headers, **kwargs), server, forwarders, count)


def dmarc(*headers, **kwargs):
    return told(*headers, **kwargs).verdict


def identity(*headers, **kwargs):
    return told(*headers, **kwargs).identity


# ----------------------------------------------------------------
# DMARC
# ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("mx.acorn.example; dmarc=pass header.from=shop.example", "pass"),
        ("MX.Acorn.Example 1; dmarc=PASS header.from=Shop.Example", "pass"),
        ('"mx.acorn.example"; dmarc=pass header.from=shop.example', "pass"),
        ("mx.acorn.example/0C5B13F980; dmarc=pass header.from=shop.example", "pass"),
        ("(by me) mx.acorn.example; dmarc=pass header.from=shop.example", "pass"),
        ("mx.acorn.example (policy 7); dmarc=pass (p=REJECT sp=NONE dis=NONE)", "pass"),
        ("mx.acorn.example; dmarc=pass(p=NONE,sp=NONE) header.from=shop.example;", "pass"),
        ("mx.acorn.example; dmarc=pass header.from=shop.example arc_overridden_status=NO", "pass"),
        ("mx.acorn.example;\n\tdkim=pass header.i=@shop.example header.b=a/b+c=;\n"
         "\tspf=pass (acorn.example: domain of x=y@shop.example designates 2001:db8::1 as"
         " permitted sender) smtp.mailfrom=\"x=y\"@shop.example;\n"
         "\tdmarc=pass (p=NONE) header.from=shop.example", "pass"),
        ("mx.acorn.example; dmarc=pass action=none header.from=shop.example;compauth=pass"
         " reason=100", "pass"),
        ("mx.acorn.example; dmarc=fail (p=REJECT) header.from=shop.example", "fail"),
        ("mx.acorn.example; dmarc=pass header.from=shop.example; dmarc=fail", "fail"),
        ("mx.acorn.example; dmarc=fail <what>; spf=pass smtp.mailfrom=shop.example", "fail"),
        ("mx.acorn.example; dmarc=pass; dmarc=none", "none"),
        ("mx.acorn.example; dmarc=pass <what>", "none"),
        ("mx.acorn.example; dmarc=bestguesspass header.from=shop.example", "none"),
        ("mx.acorn.example; dmarc=unknown header.from=shop.example", "none"),
        ("mx.acorn.example; dmarc=permerror", "none"),
        ("mx.acorn.example; spf=pass smtp.mailfrom=shop.example", "none"),
        ("mx.acorn.example; none", "none"),
        ("mx.acorn.example", "none"),
        ("mx.acorn.example; x-note=\"dmarc=pass\"", "none"),
        ("mx.acorn.example; spf=fail (dmarc=pass; dmarc=pass) smtp.helo=x", "none"),
        ("mx.acorn.example; spf=fail (a (b) ; dmarc=pass\\) ; dmarc=pass) smtp.helo=x", "none"),
        ("mx.acorn.example; spf=fail smtp.mailfrom=\"x; dmarc=pass; y\"@evil.example", "none"),
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
    assert dmarc(f"x{SERVER}; dmarc=pass", server=f"*.{SERVER}") == "none"
    assert identity("dmarc=pass header.from=shop.example", server=SERVER) == "unknown"
    assert identity("", server=SERVER) == identity(";;", server=SERVER) == "unknown"


def test_another_domain_than_the_senders_was_checked():
    value = f"{SERVER}; dmarc=pass header.from=evil.example; dkim=pass header.d=shop.example"
    trust = told(value)
    assert (trust.identity, trust.verdict) == ("unproven", "none")
    assert trust.notes == (note("trust_dmarc_other", server=SERVER, domain="evil.example"),)
    assert dmarc(value, sender="x@mail.evil.example") == "pass"
    assert dmarc(value, sender="x@notevil.example") == "none"
    assert dmarc(value, sender="") == "none"


# ----------------------------------------------------------------
# WHICH HEADERS
# ----------------------------------------------------------------


def test_a_forged_header_further_down_is_ignored():
    assert dmarc(f"{SERVER}; dmarc=fail", f"{SERVER}; dmarc=pass") == "fail"
    assert dmarc(RECEIVED, f"{SERVER}; spf=fail", f"{SERVER}; dmarc=pass") == "none"
    assert dmarc(RECEIVED, f"{SERVER}; dmarc=(", f"{SERVER}; dmarc=pass") == "none"
    assert dmarc(f"{SERVER}; spf=fail", RECEIVED, f"{SERVER}; dmarc=pass") == "none"


def test_below_another_server_nobody_is_believed():
    trust = told("relay.example; dmarc=fail", f"{SERVER}; dmarc=pass")
    assert trust == Trust(notes=(note("trust_other_server", server=SERVER, other="relay.example"),))
    assert identity("dmarc=fail header.from=x", f"{SERVER}; dmarc=pass") == "unknown"
    assert identity("???", f"{SERVER}; dmarc=pass") == "unknown"


def test_several_headers_of_one_server():
    """As OpenDKIM and OpenDMARC write them, below the Received of their own Postfix."""
    headers = (
        RECEIVED,
        f"{SERVER}; arc=none smtp.remote-ip=192.0.2.1",
        f"{SERVER}; dmarc=none header.from=shop.example",
        f"{SERVER}; dkim=pass header.d=shop.example",
    )
    forged = f"{SERVER}; spf=pass smtp.mailfrom=shop.example"
    assert identity(*headers) == "unknown"
    assert identity(*headers, count=2) == "unproven"
    assert told(*headers, forged, count=3).aligned == ("dkim",)
    assert told(*headers[:3], forged, count=2).identity == "unproven"
    # a mail for which it wrote one header less would let the sender's own in
    assert authserv_count(mail(*headers), SERVER) == 3
    assert authserv_count(mail(*headers, forged), SERVER) == 4
    assert authserv_count(mail("other.example; spf=pass"), SERVER) == 0


def test_what_stands_above_all_received_did_not_come_with_the_mail():
    """GMX writes a header for each signature."""
    first = f"{SERVER}; dkim=pass header.i=@esp.example"
    second = f"{SERVER}; dkim=pass header.i=@shop.example"
    assert identity(first, second, RECEIVED) == "proven"
    assert identity(RECEIVED, first, second) == "unproven"
    assert identity(first, RECEIVED, second) == "unproven"
    assert identity(first, second) == "unproven"
    assert identity(first, "other.example; spf=pass", second) == "unproven"


def test_names_that_change_from_mail_to_mail():
    value = "atlas-7.free.mail.gq1.yahoo.test; dmarc=pass header.from=shop.example"
    assert dmarc(value, server="*.yahoo.test") == dmarc(value, server="*.mail.gq1.yahoo.test")
    assert dmarc(value, server="*.yahoo.test") == "pass"
    assert dmarc(value, server="yahoo.test") == "none"
    assert dmarc("yahoo.test; dmarc=pass", server="*.yahoo.test") == "pass"
    assert dmarc("notyahoo.test; dmarc=pass", server="*.yahoo.test") == "none"
    assert names_server("*.Yahoo.test", "MTA1.yahoo.test")
    assert not names_server("", "")
    assert not names_server(NAMELESS, "")


def test_a_name_for_each_check():
    """As Apple writes them."""
    headers = (
        RECEIVED,
        RECEIVED,
        'bimi.icloud.test; bimi=skipped reason="insufficient dmarc"',
        "dmarc.icloud.test; dmarc=none header.from=shop.example",
        "dkim-verifier.icloud.test;\n\tdkim=pass (1024-bit key) header.d=shop.example"
        " header.i=sales@shop.example header.b=I77INjus",
        "spf.icloud.test; spf=pass smtp.mailfrom=shop.example",
    )
    assert told(*headers, server="*.icloud.test", count=4).aligned == ("dkim", "spf")
    assert identity(*headers, server="dmarc.icloud.test", count=4) == "unknown"


EXCHANGE = (
    "spf=pass (sender IP is 192.0.2.9)\n smtp.mailfrom=shop.example; dkim=pass (signature was"
    " verified)\n header.d=shop.example;dmarc=pass action=none\n"
    " header.from=shop.example;compauth=pass reason=100"
)


def test_a_header_that_names_no_server():
    assert told(EXCHANGE).identity == "unknown"
    assert told(EXCHANGE, server=SERVER).notes[0].values["other"] == "Microsoft 365"
    trust = told(RECEIVED, EXCHANGE, server=NAMELESS)
    assert (trust.identity, trust.server) == ("proven", "Microsoft 365")
    assert (trust.spf, trust.dkim, trust.dmarc) == ("pass", "pass", "pass")
    # only the topmost one of all
    assert identity("relay.example; none", EXCHANGE, server=NAMELESS) == "unknown"
    assert identity("dmarc=fail action=none", EXCHANGE, server=NAMELESS) == "failed"
    assert identity("spf=fail smtp.mailfrom=x.example", EXCHANGE, server=NAMELESS) == "unproven"
    # as it was written before 2020
    old = (
        "spf=pass (sender IP is 192.0.2.9) smtp.helo=o.shop.example; acorn.example; dkim=none"
        " (message not signed) header.d=none;acorn.example; dmarc=pass action=none"
        " header.from=shop.example;"
    )
    assert identity(old, server=NAMELESS) == "proven"


def test_mail_within_an_exchange_organization():
    """Exchange reports nothing on it, or that nothing is signed."""
    internal = ("X-MS-Exchange-Organization-AuthAs", "Internal")
    outside = ("X-MS-Exchange-Organization-AuthAs", "Anonymous")
    nothing = "dkim=none (message not signed)\n header.d=none;dmarc=none action=none header.from=x"
    assert identity(internal, server=NAMELESS) == "proven"
    assert identity(nothing, internal, server=NAMELESS) == "proven"
    assert identity(nothing, outside, server=NAMELESS) == "unproven"
    # what was forged stands beside what Exchange writes
    assert identity(nothing, outside, internal, server=NAMELESS) == "unproven"
    assert identity(nothing, internal, server=SERVER) == "unknown"


# ----------------------------------------------------------------
# ALIGNMENT
# ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("results", "sender", "aligned"),
    [
        ("dkim=pass header.d=shop.example", "j@shop.example", ("dkim",)),
        ("dkim=pass header.d=mail.shop.example", "j@shop.example", ("dkim",)),
        ("dkim=pass header.d=shop.example", "j@de.shop.example", ("dkim",)),
        ("dkim=pass header.i=@shop.example", "j@shop.example", ("dkim",)),
        ("dkim=pass header.i=x@shop.example header.s=a", "j@shop.example", ("dkim",)),
        ("dkim=pass header.d=esp.example header.i=@shop.example", "j@shop.example", ()),
        ("dkim=pass header.d=notshop.example", "j@shop.example", ()),
        ("dkim=pass header.d=other.co.uk", "j@shop.co.uk", ()),
        ("dkim=pass header.d=co.uk", "j@shop.co.uk", ()),
        ("dkim=pass", "j@shop.example", ()),
        ("dkim=fail header.d=shop.example", "j@shop.example", ()),
        ("dkim=fail header.d=shop.example; dkim=pass header.d=shop.example", "j@shop.example",
         ("dkim",)),
        ("dkim=pass header.d=XN--BCHER-KVA.example", "j@bücher.example", ("dkim",)),
        ("spf=pass smtp.mailfrom=bounces@m.shop.example", "j@shop.example", ("spf",)),
        ("spf=pass smtp.mailfrom=\"prvs=1=j@shop.example\"", "j@shop.example", ("spf",)),
        ("spf=pass smtp.mfrom=j@shop.example", "j@shop.example", ("spf",)),
        ("spf=pass smtp.helo=mx.shop.example", "j@shop.example", ("spf",)),
        ("spf=pass smtp.mailfrom=evil.example smtp.helo=mx.shop.example", "j@shop.example", ()),
        ("spf=pass smtp.helo=mx.shop.example; spf=fail smtp.mailfrom=x.example", "j@shop.example",
         ()),
        ("spf=pass smtp.mailfrom=shop.example; spf=softfail smtp.mailfrom=shop.example",
         "j@shop.example", ()),
        ("spf=softfail smtp.mailfrom=shop.example", "j@shop.example", ()),
        ("spf=pass smtp.mailfrom=<>", "j@shop.example", ()),
        ("auth=pass smtp.auth=jane@shop.example smtp.mailfrom=x@x.example", "j@shop.example",
         ("auth",)),
        ("auth=pass smtp.auth=jane smtp.mailfrom=j@shop.example", "j@shop.example", ()),
        ("spf=pass smtp.mailfrom=shop.example; dkim=pass header.d=shop.example", "j@shop.example",
         ("dkim", "spf")),
        ("dkim=pass header.d=shop.example", "", ()),
        ("dkim=pass header.d=shop.example", "shop.example", ()),
    ],
)  # fmt: skip
def test_alignment(results, sender, aligned):
    trust = told(f"{SERVER}; {results}", sender=sender)
    assert trust.aligned == aligned
    assert trust.identity == ("proven" if aligned else "unproven")
    assert trust.verdict == "none"


def test_alignment_does_not_outweigh_dmarc():
    good = "dkim=pass header.d=shop.example"
    assert identity(f"{SERVER}; {good}; dmarc=fail") == "failed"
    assert identity(f"{SERVER}; {good}; dmarc=none") == "proven"
    assert identity(f"{SERVER}; {good}; dmarc=temperror") == "proven"


def test_several_senders():
    good = f"{SERVER}; dmarc=pass; dkim=pass header.d=shop.example"
    assert identity(good, sender="a@shop.example, b@mail.shop.example") == "proven"
    assert identity(good, sender="a@shop.example, b@evil.example") == "unproven"
    assert identity(good, ("From", "boss@acorn.example")) == "unproven"
    bad = f"{SERVER}; dmarc=fail"
    assert identity(bad, sender="a@shop.example, b@evil.example") == "failed"


def test_who_makes_a_report_unreadable_gains_nothing():
    """A hundred signatures, or an envelope sender that breaks the server's quoting."""
    signatures = "; ".join(["dkim=fail header.d=a.example header.b=abcdefgh"] * 400)
    for hostile in (
        f"{SERVER}; {signatures}; dmarc=fail",
        f"{SERVER}; spf=pass (x smtp.mailfrom=a; dmarc=fail",
        f'{SERVER}; spf=pass smtp.mailfrom="x; dmarc=fail',
        f"{SERVER}; {';' * 500} dmarc=fail",
    ):
        assert told(hostile).identity == "unproven"
        assert told(hostile).notes == (note("trust_unreadable", server=SERVER),)
    # what can be read of a failure counts
    assert identity(f"{SERVER}; dmarc=fail", f"{SERVER}; spf=(") == "failed"


def test_an_encoded_address_adds_no_result():
    """The envelope sender is the writer's choice, and stands in the server's header."""
    forged = "=?utf-8?q?a=3B_dmarc=3Dpass_header.from=3Dshop.example_x.y=3D?=@evil.example"
    assert identity(f"{SERVER}; spf=pass smtp.mailfrom={forged}") == "unproven"


def test_what_the_trace_says():
    assert tell_trust(mail(), None) == NONE
    assert told() == Trust(notes=(note("trust_no_report", server=SERVER),))
    texts = {
        "dmarc=pass": note("trust_dmarc", server=SERVER, result="pass"),
        "dmarc=fail": note("trust_dmarc", server=SERVER, result="fail"),
        "none": note("trust_dmarc", server=SERVER, result="none"),
        "dmarc=temperror": note(
            "trust_unproven", server=SERVER, spf="-", dkim="-", dmarc="temperror"
        ),
        "dmarc": note("trust_dmarc", server=SERVER, result="none"),
        "spf=fail; dkim=none": note(
            "trust_unproven", server=SERVER, spf="fail", dkim="none", dmarc="-"
        ),
        "dkim=pass header.d=shop.example": note(
            "trust_aligned", server=SERVER, method="DKIM", domain="shop.example"
        ),
    }
    for results, expected in texts.items():
        assert told(f"{SERVER}; {results}").notes == (expected,), results


# ----------------------------------------------------------------
# FORWARDERS
# ----------------------------------------------------------------

FORWARDER = "lists.example"
BROKEN = "dkim=fail header.d=shop.example; spf=pass smtp.mailfrom=lists.example; dmarc=fail"


def arc(instance, domain, results, cv=None, server="mx.lists.example"):
    """The headers of an ARC set."""
    cv = cv or ("none" if instance == 1 else "pass")
    return (
        ("ARC-Seal", f"i={instance}; a=rsa-sha256; t=1; cv={cv}; d={domain}; s=x;\n\tb=abc=="),
        ("ARC-Message-Signature", f"i={instance}; a=rsa-sha256; d={domain}; b=abc"),
        ("ARC-Authentication-Results", f"i={instance}; {server} 1; {results}"),
    )


PASSED = "dkim=pass header.d=shop.example; dmarc=pass header.from=shop.example"


def test_a_trusted_forwarder_vouches():
    headers = (f"{SERVER}; {BROKEN}; arc=pass", RECEIVED, *arc(1, FORWARDER, PASSED))
    trust = told(*headers, forwarders=[" Lists.Example "])
    assert (trust.identity, trust.forwarder, trust.verdict) == ("proven", FORWARDER, "none")
    assert (trust.dkim, trust.dmarc) == ("fail", "fail")
    assert [each.code for each in trust.notes] == ["trust_dmarc", "trust_forwarder"]
    stranger = told(*headers)
    assert (stranger.identity, stranger.forwarder) == ("failed", "")
    assert stranger.notes[-1] == note("trust_forwarder_unknown", forwarder=FORWARDER)
    assert told(*headers, forwarders=["notlists.example", "sts.example", "."]).identity == "failed"


REPORT = f"{SERVER}; {BROKEN}; arc=pass"
SET = arc(1, FORWARDER, PASSED)
EVIL = "evil.example"


@pytest.mark.parametrize(
    "headers",
    [
        (f"{SERVER}; {BROKEN}", *SET),
        (f"{SERVER}; {BROKEN}; arc=fail", *SET),
        (f"{REPORT}; arc=none", *SET),
        (f"{REPORT} header.as-d={EVIL}", *SET),
        (f"{REPORT} (", *SET),
        (REPORT, RECEIVED),
        (REPORT, SET[0]),
        (REPORT, *arc(1, FORWARDER, "dmarc=fail")),
        (REPORT, *arc(1, FORWARDER, "dmarc=pass header.from=x.example")),
        (REPORT, *arc(1, FORWARDER, PASSED, cv="fail")),
        (REPORT, *arc(2, FORWARDER, PASSED)),
        (REPORT, ("ARC-Seal", f"i=x; d={FORWARDER}"), *SET),
        (REPORT, *SET, *arc(1, EVIL, PASSED)),
        # the newest seal counts: whoever had it last may have changed all
        (REPORT, *arc(2, EVIL, PASSED), *SET),
        # also one that calls itself by the name of the receiving server
        (REPORT, *arc(2, EVIL, PASSED, server=SERVER), *SET),
    ],
)
def test_nobody_else_vouches(headers):
    assert told(*headers, forwarders=[FORWARDER]).identity in ("failed", "unproven")


def test_the_receiving_servers_own_seal_is_no_forwarders():
    """Gmail and Exchange seal what they receive, above their report."""
    own = arc(2, "acorn.example", f"{BROKEN}; arc=pass", server=SERVER)
    came = arc(1, FORWARDER, PASSED)
    report = f"{SERVER}; {BROKEN}; arc=pass (i=1 dmarc=pass fromdomain=shop.example)"
    trust = told(*own, report, RECEIVED, *came, forwarders=[FORWARDER])
    assert trust.forwarder == FORWARDER


def test_exchange_relies_on_a_forwarder():
    report = "spf=fail smtp.mailfrom=shop.example;dmarc=fail action=none;compauth=pass reason="
    for reason, identified in (("130", "proven"), ("100", "failed")):
        headers = (report + reason, *arc(1, FORWARDER, PASSED))
        assert identity(*headers, server=NAMELESS, forwarders=[FORWARDER]) == identified
    named = (f"{SERVER}; {report}130", *arc(1, FORWARDER, PASSED))
    assert identity(*named, forwarders=[FORWARDER]) == "failed"


# ----------------------------------------------------------------
# LEARNING
# ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((), ""),
        (("MX.Acorn.example; spf=pass", "x.example; spf=pass"), SERVER),
        ((f"{SERVER}/4711 1; spf=pass",), SERVER),
        ((EXCHANGE,), NAMELESS),
        (("spf=none (sender IP is ) smtp.mailfrom=<>;",), NAMELESS),
        (("mta7.yahoo.test  from=shop.example; domainkeys=neutral (no sig)",), "mta7.yahoo.test"),
        ((";",), ""),
        # Exchange names the recipient's domain when it sends
        (("acorn.example; dkim=none (message not signed) header.d=none;acorn.example; dmarc=none"
          " action=none header.from=shop.example;",), ""),
    ],
)  # fmt: skip
def test_the_name_at_the_top(headers, expected):
    assert authserv_candidate(mail(*headers)) == expected


@pytest.mark.parametrize(
    ("tops", "expected"),
    [
        ([SERVER] * 5, SERVER),
        ([SERVER] * 4 + [""], SERVER),
        ([SERVER] * 3 + ["", ""], ""),
        (["mx1.acorn.example", "mx2.acorn.example", "mx3.acorn.example"], "*.acorn.example"),
        (["mx1.acorn.example", "mx2.other.example", "mx3.third.example"], ""),
        ([NAMELESS] * 5, NAMELESS),
        ([NAMELESS, "", "", ""], ""),
        (["localhost", "mail", "mail"], ""),
        ([], ""),
        ([""], ""),
    ],
)
def test_the_name_that_mails_have_in_common(tops, expected):
    values = {"": (), NAMELESS: (EXCHANGE,)}
    mails = [mail(*values.get(each, (f"{each}; spf=pass",))) for each in tops]
    assert common_name(mails) == expected


def test_a_server_with_a_name_for_each_check_is_known_by_its_domain():
    apple = [RECEIVED, "bimi.icloud.test; bimi=none", "dmarc.icloud.test; dmarc=pass"]
    assert common_name([mail(*apple)] * 5) == "*.icloud.test"
    assert common_name([mail(*apple)] + [mail(*apple[:2])] * 4) == "bimi.icloud.test"
    # what stands below belongs to somebody else
    forged = [f"{SERVER}; spf=pass", "evil.example; spf=pass"]
    assert common_name([mail(*forged)] * 5) == SERVER


def test_what_is_plausible():
    by = ("Received", "from x.example by in3.acorn-hosting.example (Postfix) id 1")
    host = "imap.acorn.example"
    assert is_plausible(SERVER, host, [])
    assert is_plausible("*.acorn.example", host, [])
    assert not is_plausible("mx.evil.example", host, [mail(by)])
    assert is_plausible("mx.acorn-hosting.example", host, [mail(by)])
    assert is_plausible("mx.google.com", "imap.gmail.com", [])
    assert is_plausible(NAMELESS, "outlook.office365.com", [])
    assert not is_plausible(NAMELESS, host, [mail(by)])


def test_which_names_a_pin_means():
    assert is_pinned(NAMELESS, NAMELESS)
    assert is_pinned(SERVER, SERVER)
    assert is_pinned("*.acorn.example", SERVER)
    assert not is_pinned(SERVER, NAMELESS)
    assert not is_pinned(NAMELESS, SERVER)
    assert not is_pinned(SERVER, "")


# ----------------------------------------------------------------
# HOSTILE
# ----------------------------------------------------------------


@given(st.text(st.sampled_from('dmarcpsf=pass;() ".@\\/1éfail\t'), max_size=60))
def test_no_header_raises(value):
    assert dmarc(f"{SERVER}{value}") in ("pass", "fail", "none")
    assert dmarc(value, server=value) in ("pass", "fail", "none")
    assert dmarc(value, server=NAMELESS) in ("pass", "fail", "none")
    seal = (("ARC-Seal", value), ("ARC-Authentication-Results", f"i=1; {value}"))
    told(f"{SERVER}; dmarc=fail; arc=pass", *seal, forwarders=["x.example"])
    authserv_candidate(mail(value))


@pytest.mark.parametrize(
    "piece", ["(", "((a)", "; dmarc=pass", ' x.y="\\', "a", ";", " smtp.x=y", "; a=b (c)", "(a)"]
)
def test_no_header_takes_long(piece):
    for size in (9_000, 60_000):
        hostile = mail(f"{SERVER}; dmarc=pass {piece * (size // len(piece))}")
        first = mail(piece * (size // len(piece)))
        begin = time.process_time()
        tell_trust(hostile, SERVER)
        tell_trust(first, NAMELESS)
        authserv_candidate(first)
        assert time.process_time() - begin < 1
