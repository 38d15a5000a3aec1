"""Finding host and settings from an address: with name servers and a web server of our own."""

import time
from functools import partial
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.certificates import Authority
from servers.dns import Dns
from servers.https import Https

from mailflow import autoconfig_xml
from mailflow.autoconfig import Candidate, Source, look_up
from mailflow.dns_lookup import Lookup
from mailflow.mailbox_provider import NEEDS, ROADS
from mailflow.mailbox_provider_table import PROVIDERS
from mailflow.mailbox_providers import provider_of_domain, provider_of_mx, provider_of_server
from mailflow.web_file import WebFiles, is_public

ACORN = "acorn.example"
EMAIL = f"support@{ACORN}"
AUTOCONFIG = f"autoconfig.{ACORN}"
OWN_PATH = "/mail/config-v1.1.xml"
WELL_KNOWN = "/.well-known/autoconfig/mail/config-v1.1.xml"
HOSTS = (ACORN, AUTOCONFIG, "autoconfig.hosting.example", "hosting.example", "files.example")


def server_xml(direction, type_, host, port, socket_type, user="%EMAILADDRESS%", ways=()):
    ways = "".join(f"<authentication>{way}</authentication>" for way in ways)
    return (
        f'<{direction} type="{type_}"><hostname>{host}</hostname><port>{port}</port>'
        f"<socketType>{socket_type}</socketType><username>{user}</username>{ways}</{direction}>"
    )


incoming = partial(server_xml, "incomingServer")
outgoing = partial(server_xml, "outgoingServer", "smtp")


def config(*servers, head="", name="Acorn Mail"):
    return (
        f'<?xml version="1.0"?>{head}<clientConfig version="1.1"><emailProvider id="acorn.example">'
        f"<displayName>{name}</displayName>{''.join(servers)}</emailProvider></clientConfig>"
    ).encode()


CONFIG = config(
    incoming("imap", "imap.%EMAILDOMAIN%", 993, "SSL"),
    incoming("pop3", "pop.acorn.example", 995, "SSL"),
    outgoing("smtp.acorn.example", 587, "STARTTLS", "%EMAILLOCALPART%"),
)


@pytest.fixture
def server():
    local = {"A": ["127.0.0.1"]}
    with Dns(
        dict.fromkeys(HOSTS, local) | {ACORN: {**local, "MX": ["10 mx.acorn.example."]}}
    ) as dns:
        yield dns


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def web(authority):
    with Https(authority, HOSTS) as https:
        https.ca_file = str(authority.file)
        yield https


@pytest.fixture
def find(server, web):
    """Look up an address in this little world."""

    def look(email=EMAIL, timeout=5.0, **values):
        lookup = partial(Lookup, [server.address], timeout=0.5)
        options = {"private": True, "port": web.port, "ca_file": web.ca_file, **values}
        files = WebFiles(autoconfig_xml.MAX_SIZE, **options)
        return look_up(email, lookup=lookup, files=files, timeout=timeout)

    return look


def told(candidates):
    """Candidates in one line each."""
    return [f"{e.protocol}://{e.user}@{e.host}:{e.port} {e.encryption}" for e in candidates]


# ---- well-known providers ----


def test_the_table_of_providers_makes_sense():
    assert len({each.key for each in PROVIDERS}) >= 40
    assert len({domain for each in PROVIDERS for domain in each.domains}) == sum(
        len(each.domains) for each in PROVIDERS
    )
    for each in PROVIDERS:
        assert each.domains or each.mx, each
        assert each.road in ROADS
        assert set(each.needs) <= set(NEEDS)
        assert each.user in ("address", "local")
        assert not each.help or each.help.startswith("https://")
        for text in (*each.domains, *each.mx):
            assert text == text.lower().strip(".")
        found = {protocol for protocol, *_rest in each.servers("mx.example.com")}
        # what cannot be connected has no servers, and everything else both directions
        expected = set() if each.road in ("forward", "provided") else {"imap", "smtp"}
        assert found == expected, each


@pytest.mark.parametrize(
    ("mx", "key"),
    [
        ("acorn-example.mail.protection.outlook.com", "microsoft"),
        ("acorn-example.k-v1.mx.microsoft", "microsoft"),
        ("outlook-com.olc.protection.outlook.com", "outlook"),
        ("aspmx.l.google.com", "google"),
        ("smtp.google.com", "google"),
        ("mx00.kundenserver.de", "ionos"),
        ("mx01.ionos.co.uk", "ionos"),
        ("smtpin.rzone.de", "strato"),
        ("mx1.mail.ovh.net", "ovh"),
        ("w0123456.kasserver.com", "all_inkl"),
        ("mx2.zoho.eu", "zoho"),
        ("in1-smtp.messagingengine.com", "fastmail"),
        ("spool.mail.gandi.net", "gandi"),
        ("mx1.emailsrvr.com", "rackspace"),
        ("mail.protonmail.ch", "proton"),
    ],
)
def test_a_host_that_takes_mail_tells_the_provider(mx, key):
    assert provider_of_mx(mx).key == key


def test_a_name_that_only_looks_alike_is_no_provider():
    assert provider_of_mx("aspmx.l.google.com.evil.example") is None
    assert provider_of_mx("notrzone.de") is None
    assert provider_of_domain("gmail.com.evil.example") is None
    assert provider_of_server("imap.gmail.com.evil.example") is None


def test_an_address_of_a_well_known_provider_needs_no_question(server, web, find):
    found = find("Acorn.Helpdesk@GMX.de")
    assert found.provider == "gmx"
    assert found.needs == ("switch_on", "app_password_2fa")
    assert told(found.incoming) == ["imap://Acorn.Helpdesk@gmx.de@imap.gmx.net:993 tls"]
    assert told(found.outgoing) == ["smtp://Acorn.Helpdesk@gmx.de@mail.gmx.net:465 tls"]
    assert found.incoming[0].source is Source.DOMAIN
    assert server.asked == []
    assert web.asked == []


@pytest.mark.parametrize(
    ("email", "provider", "road"),
    [
        ("a@outlook.com", "outlook", "forward"),
        ("a@hotmail.co.uk", "outlook", "forward"),
        ("a@gmail.com", "google", "gmail"),
        ("a@proton.me", "proton", "forward"),
        ("a@tuta.com", "tuta", "provided"),
        ("a@posteo.de", "posteo", "provider"),
    ],
)
def test_a_provider_says_how_its_mailboxes_are_connected(find, email, provider, road):
    found = find(email)
    assert (found.provider, found.road) == (provider, road)


def test_a_company_s_own_domain_at_a_well_known_provider_is_recognised(server, find):
    server.zone[ACORN]["MX"] = ["5 acorn-example.mail.protection.outlook.com."]
    found = find()
    assert (found.provider, found.name, found.road) == ("microsoft", "Microsoft 365", "microsoft")
    assert told(found.outgoing) == [f"smtp://{EMAIL}@smtp.office365.com:587 starttls"]
    assert found.incoming[0].source is Source.MX
    assert found.incoming[0].where == "acorn-example.mail.protection.outlook.com"
    server.zone[ACORN]["MX"] = ["1 smtp.google.com."]
    assert find().road == "gmail"
    server.zone[ACORN]["MX"] = ["10 w0123456.kasserver.com."]
    assert told(find().incoming) == [f"imap://{EMAIL}@w0123456.kasserver.com:993 tls"]


def test_microsoft_365_behind_a_filter_is_recognised(server, find):
    server.zone[f"autodiscover.{ACORN}"] = {"CNAME": ["autodiscover.outlook.com."]}
    assert find().road == "microsoft"


def test_settings_that_lead_to_google_are_google_s(server, web, find):
    web.files[AUTOCONFIG, OWN_PATH] = config(
        incoming("imap", "imap.gmail.com", 993, "SSL", ways=["OAuth2"])
    )
    assert find().road == "gmail"


def test_the_local_part_is_the_user_only_of_the_provider_s_own_addresses(server, find):
    assert find("acorn@free.fr").incoming[0].user == "acorn"
    server.zone[ACORN]["MX"] = ["10 mx1.free.fr."]
    assert find().incoming[0].user == EMAIL


# ---- files ----


def test_settings_are_read_from_the_file_of_the_domain(web, find):
    web.files[AUTOCONFIG, OWN_PATH] = CONFIG
    found = find()
    assert (found.provider, found.name, found.road) == ("", "Acorn Mail", "provider")
    assert told(found.incoming) == [
        f"imap://{EMAIL}@imap.acorn.example:993 tls",
        f"pop://{EMAIL}@pop.acorn.example:995 tls",
    ]
    assert told(found.outgoing) == ["smtp://support@smtp.acorn.example:587 starttls"]
    assert found.incoming[0].source is Source.FILE
    assert found.incoming[0].where == AUTOCONFIG
    assert found.complete
    assert f"https://{AUTOCONFIG}{OWN_PATH}?emailaddress={EMAIL}" in web.asked


def test_the_well_known_place_is_looked_at_too(web, find):
    web.files[ACORN, WELL_KNOWN] = CONFIG
    assert find().incoming[0].where == ACORN
    # the address is told only to the host that is made for it
    assert f"https://{ACORN}{WELL_KNOWN}" in web.asked


def test_the_file_of_who_takes_the_mail_is_read_where_the_domain_has_none(server, web, find):
    server.zone[ACORN]["MX"] = ["10 mx7.hosting.example."]
    web.files["autoconfig.hosting.example", OWN_PATH] = CONFIG
    found = find()
    assert found.incoming[0].where == "autoconfig.hosting.example"
    assert not found.incoming[0].is_within("hosting.example")
    assert found.incoming[0].is_within(ACORN)


def parse(*servers, head=""):
    return autoconfig_xml.parse(config(*servers, head=head), EMAIL).servers


def test_only_encrypted_servers_are_taken_from_a_file():
    assert (
        parse(
            incoming("imap", "imap.acorn.example", 143, "plain"),
            outgoing("smtp.acorn.example", 25, "none"),
        )
        == ()
    )


@pytest.mark.parametrize(
    "server",
    [
        incoming("imap", "127.0.0.1", 993, "SSL"),
        incoming("imap", "localhost", 993, "SSL"),
        incoming("imap", "-x.example", 993, "SSL"),
        incoming("imap", "imap acorn.example/x", 993, "SSL"),
        incoming("imap", "", 993, "SSL"),
        incoming("imap", "imap.acorn.example", 0, "SSL"),
        incoming("imap", "imap.acorn.example", 99999, "SSL"),
        incoming("imap", "imap.acorn.example", "x", "SSL"),
        incoming("imap", "imap.acorn.example", "²", "SSL"),
        incoming("exchange", "imap.acorn.example", 443, "SSL"),
        incoming("smtp", "imap.acorn.example", 443, "SSL"),
        "<incomingServer/>",
    ],
)
def test_a_server_that_makes_no_sense_is_left_out(server):
    good = incoming("imap", "imap.acorn.example", 993, "SSL")
    assert [each.host for each in parse(server, good)] == ["imap.acorn.example"]


def test_a_user_that_is_a_riddle_is_left_open():
    [found] = parse(incoming("imap", "imap.acorn.example", 993, "SSL", "%CUSTOMERNUMBER%"))
    assert found.user == ""


def test_a_server_that_wants_oauth_comes_last(web, find):
    web.files[AUTOCONFIG, OWN_PATH] = config(
        incoming("imap", "oauth.acorn.example", 993, "SSL", ways=["OAuth2"]),
        incoming("imap", "imap.acorn.example", 993, "SSL", ways=["OAuth2", "password-cleartext"]),
    )
    found = find().incoming
    assert [(each.host, each.password) for each in found] == [
        ("imap.acorn.example", True),
        ("oauth.acorn.example", False),
    ]


def test_entities_are_not_expanded(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("imap.acorn.example")
    good = incoming("imap", "imap.acorn.example", 993, "SSL")
    file = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
    assert parse(incoming("imap", "&e;", 993, "SSL"), good, head=file) == ()
    laughs = "".join(f'<!ENTITY e{step} "{f"&e{step - 1};" * 10}">' for step in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "ha">{laughs}]>'
    begin = time.monotonic()
    assert parse(incoming("imap", "&e11;", 993, "SSL"), good, head=bomb) == ()
    assert time.monotonic() - begin < 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\xff",
        b"<html><body>Not found</body></html>",
        b"<clientConfig>",
        b"<clientConfig/>",
        b'<?xml version="1.0" encoding="no-such"?><clientConfig/>',
        b"<clientConfig><emailProvider>" + b"<a>" * 5000,
        CONFIG + b" " * autoconfig_xml.MAX_SIZE,
    ],
)
def test_what_is_no_such_file_says_nothing(data):
    assert autoconfig_xml.parse(data, EMAIL).servers == ()


@given(st.binary(max_size=300))
def test_whatever_is_published_is_read_or_left(data):
    autoconfig_xml.parse(data, EMAIL)


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30).map(escape)


@given(TEXT, TEXT, TEXT, TEXT, TEXT)
def test_whatever_a_server_is_called_has_a_name_in_the_dns(type_, host, port, socket_type, user):
    servers = (
        incoming(quoteattr(type_)[1:-1], host, port, socket_type, user),
        incoming("imap", host, "993", "SSL", user),
        incoming("imap", "imap.acorn.example", port, "SSL", user),
    )
    for each in autoconfig_xml.parse(config(*servers, name=user), EMAIL).servers:
        assert autoconfig_xml.is_host(each.host)
        assert 0 < each.port < 65536
        assert each.user.isprintable()


# ---- the web server is somebody else's ----


def test_a_redirect_to_another_place_over_https_is_followed(web, find):
    web.files[AUTOCONFIG, OWN_PATH] = "https://files.example/acorn.xml"
    web.files["files.example", "/acorn.xml"] = CONFIG
    assert find().incoming[0].source is Source.FILE


@pytest.mark.parametrize(
    "target",
    [
        "http://files.example/acorn.xml",
        "ftp://files.example/acorn.xml",
        "file:///etc/passwd",
        "https://files.example:8443/acorn.xml",
        "https://files.example:x/acorn.xml",
        "https://user:pass@files.example/acorn.xml",
        "https://127.0.0.1/acorn.xml",
        "https://[::1]/acorn.xml",
        "https://2130706433/acorn.xml",
        "https://localhost/acorn.xml",
        "https://[::1",
        "https://files.example/a b\x01c",
        "https://files.example/ä",
        "https://autoconfig.acorn.example/mail/config-v1.1.xml",
        "//",
    ],
)
def test_other_redirects_are_not(web, find, target):
    web.files[AUTOCONFIG, OWN_PATH] = target
    web.files["files.example", "/acorn.xml"] = CONFIG
    web.files["127.0.0.1", "/acorn.xml"] = CONFIG
    found = find()
    assert found.incoming == ()
    assert len(web.asked) < 10


def test_an_address_in_a_private_network_is_not_asked(server, web, find):
    web.files[AUTOCONFIG, OWN_PATH] = CONFIG
    assert find(private=False).incoming == ()
    assert web.asked == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::1", False),
    ],
)
def test_whether_all_the_world_can_reach_an_address(address, expected):
    assert is_public(address) is expected


def test_a_certificate_that_is_not_trusted_is_no_file(web, find):
    web.files[AUTOCONFIG, OWN_PATH] = CONFIG
    assert find(ca_file=None).incoming == ()
    assert web.asked == []


def test_a_file_without_end_is_none(web, find):
    web.files[AUTOCONFIG, OWN_PATH] = CONFIG + b"<!--" + b"x" * 10_000_000
    assert find().incoming == ()


def test_a_web_server_that_trickles_does_not_hold_up(web, find):
    web.files[AUTOCONFIG, OWN_PATH] = CONFIG
    web.seconds_per_byte = 0.05
    begin = time.monotonic()
    found = find(timeout=1.5)
    assert time.monotonic() - begin < 2.5
    assert found.incoming == ()
    assert not found.complete


# ---- the DNS ----


def test_srv_records_are_read_by_their_order(server, find):
    server.zone |= {
        f"_imaps._tcp.{ACORN}": {
            "SRV": ["10 0 993 second.acorn.example.", "0 5 1993 first.acorn.example."]
        },
        f"_pop3s._tcp.{ACORN}": {"SRV": ["0 0 0 ."]},
        f"_submissions._tcp.{ACORN}": {"SRV": ["0 1 465 mail.elsewhere.example."]},
        f"_submission._tcp.{ACORN}": {"SRV": ["0 1 587 mail.elsewhere.example."]},
    }
    found = find()
    assert told(found.incoming) == [
        f"imap://{EMAIL}@first.acorn.example:1993 tls",
        f"imap://{EMAIL}@second.acorn.example:993 tls",
    ]
    assert told(found.outgoing) == [
        f"smtp://{EMAIL}@mail.elsewhere.example:465 tls",
        f"smtp://{EMAIL}@mail.elsewhere.example:587 starttls",
    ]
    assert found.incoming[0].source is Source.SRV
    assert not found.outgoing[0].is_within(ACORN)


def test_files_come_before_srv_records_and_nothing_twice(server, web, find):
    server.zone[f"_imaps._tcp.{ACORN}"] = {
        "SRV": ["0 1 993 imap.acorn.example.", "5 1 993 other.acorn.example."]
    }
    web.files[AUTOCONFIG, OWN_PATH] = CONFIG
    found = find().incoming
    assert [(each.host, each.source) for each in found] == [
        ("imap.acorn.example", Source.FILE),
        ("other.acorn.example", Source.SRV),
        ("pop.acorn.example", Source.FILE),
    ]


def test_names_that_exist_are_guessed(server, find):
    server.zone |= {f"mail.{ACORN}": {"A": ["127.0.0.1"]}, f"smtp.{ACORN}": {"A": ["127.0.0.1"]}}
    found = find()
    assert told(found.incoming) == [
        f"imap://{EMAIL}@mail.acorn.example:993 tls",
        f"imap://{EMAIL}@mail.acorn.example:143 starttls",
    ]
    assert told(found.outgoing) == [
        f"smtp://{EMAIL}@smtp.acorn.example:465 tls",
        f"smtp://{EMAIL}@smtp.acorn.example:587 starttls",
        f"smtp://{EMAIL}@mail.acorn.example:465 tls",
        f"smtp://{EMAIL}@mail.acorn.example:587 starttls",
    ]
    assert {each.source for each in found.incoming} == {Source.GUESS}


def test_a_direction_that_is_published_is_not_guessed(server, find):
    server.zone |= {
        f"_imaps._tcp.{ACORN}": {"SRV": ["0 1 993 box.acorn.example."]},
        f"imap.{ACORN}": {"A": ["127.0.0.1"]},
        f"smtp.{ACORN}": {"A": ["127.0.0.1"]},
    }
    found = find()
    assert [each.host for each in found.incoming] == ["box.acorn.example"]
    assert [each.host for each in found.outgoing] == ["smtp.acorn.example"] * 2


def test_name_servers_that_are_silent_do_not_hold_up(server, find):
    server.trouble[ACORN] = "silent"
    begin = time.monotonic()
    found = find(timeout=2)
    assert time.monotonic() - begin < 3
    assert found.incoming == found.outgoing == ()
    assert found.email == EMAIL
    assert not found.complete


@pytest.mark.parametrize("trouble", ["servfail", "refused", "garbage"])
def test_name_servers_with_bad_days_are_no_error(server, find, trouble):
    server.trouble[ACORN] = trouble
    found = find()
    assert found.incoming == ()
    assert not found.complete


def test_a_file_whose_host_is_not_told_may_be_found_later(server, web, find):
    web.files[AUTOCONFIG, OWN_PATH] = CONFIG
    server.trouble[AUTOCONFIG] = "servfail"
    found = find()
    assert web.asked.count(f"https://{AUTOCONFIG}{OWN_PATH}?emailaddress={EMAIL}") == 0
    assert not found.complete


@pytest.mark.parametrize(
    "email",
    ["", "@", "support", "support@", "@acorn.example", "a b@acorn.example", "a@localhost",
     "a@127.0.0.1", "a@-acorn.example", "a@" + "x" * 300 + ".example", "a@acorn..example",
     "a@acorn.example/../x", "a@acorn.example\r\nX: y"],
)  # fmt: skip
def test_what_is_no_address_finds_nothing(server, find, email):
    assert find(email) == look_up("")
    assert server.asked == []


def test_a_domain_with_other_letters_is_asked_for_as_the_dns_has_it(server, find):
    server.zone["xn--bcher-kva.example"] = {"MX": ["1 smtp.google.com."]}
    found = find("Info@Bücher.example")
    assert found.email == "Info@xn--bcher-kva.example"
    assert found.road == "gmail"


def test_a_domain_that_takes_no_mail_is_no_error(server, find):
    server.zone[ACORN]["MX"] = ["0 ."]
    assert find().incoming == ()


def test_a_candidate_is_a_value():
    one = Candidate("imap", "imap.acorn.example", 993, "tls", EMAIL, Source.GUESS)
    assert one == Candidate("imap", "imap.acorn.example", 993, "tls", EMAIL, Source.GUESS)


@pytest.mark.parametrize(
    "address",
    ["::10.0.0.1", "64:ff9b:1::a00:1", "64:ff9b::a00:1", "fec0::1", "::ffff:0:a00:1", "fc00::1"],
)
def test_addresses_that_lead_into_a_network_of_one_s_own_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_addresses_that_lead_to_the_internet_are_public(address):
    assert is_public(address)
