"""Which of the servers that were found is there: against real ones, and against nothing."""

import socket
import time

import pytest
from servers.ports import free_ports
from servers.smtp import Smtp

from mailflow.autoconfig import Candidate, Found, Source, choose, first_that_answers, try_out
from mailflow.errors import (
    CertificateNotTrusted,
    ConnectionTimedOut,
    EncryptionNotOffered,
    NameNotFound,
)

EMAIL = "support@example.com"


def candidate(protocol, port, encryption="tls", source=Source.GUESS, host="localhost"):
    return Candidate(protocol, host, port, encryption, EMAIL, source)


@pytest.fixture
def silent():
    """A listener that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        yield server


@pytest.fixture
def first(dovecot):
    return lambda *candidates, timeout=5.0: first_that_answers(
        candidates, timeout, ca_file=dovecot.ca_file
    )


@pytest.mark.parametrize(
    ("protocol", "port", "encryption"),
    [
        ("imap", "imaps_port", "tls"),
        ("imap", "imap_port", "starttls"),
        ("pop", "pops_port", "tls"),
        ("pop", "pop_port", "starttls"),
    ],
)
def test_a_mailbox_server_answers(dovecot, first, protocol, port, encryption):
    there = candidate(protocol, getattr(dovecot, port), encryption)
    assert first(there) == there


@pytest.mark.parametrize("encryption", ["tls", "starttls"])
def test_an_smtp_server_answers(encryption):
    with Smtp(users={"anna": "secret"}, encryption=encryption) as smtp:
        there = candidate("smtp", smtp.port, encryption)
        assert first_that_answers([there], ca_file=smtp.ca_file) == there


def test_tls_is_taken_before_starttls(dovecot, first):
    upgraded = candidate("imap", dovecot.imap_port, "starttls")
    encrypted = candidate("imap", dovecot.imaps_port)
    assert first(upgraded, encrypted) == encrypted
    # but not a guess before what the domain publishes
    published = candidate("imap", dovecot.imap_port, "starttls", Source.FILE)
    assert first(encrypted, published) == published


def test_a_server_that_is_not_there_is_passed_over(dovecot, first):
    [nobody] = free_ports(1)
    there = candidate("imap", dovecot.imaps_port)
    assert first(candidate("imap", nobody), there) == there


def test_an_unencrypted_way_is_never_tried(silent, first):
    assert first(candidate("imap", silent.getsockname()[1], "none")) is None
    with pytest.raises(TimeoutError):
        silent.accept()


def test_a_server_that_does_not_encrypt_is_passed_over(dovecot_with):
    dovecot = dovecot_with(ssl="no")
    for protocol, port in (("imap", dovecot.imap_port), ("pop", dovecot.pop_port)):
        [tried] = try_out([candidate(protocol, port, "starttls")])
        assert isinstance(tried.error, EncryptionNotOffered)
    with Smtp() as smtp:
        [tried] = try_out([candidate("smtp", smtp.port, "starttls")])
        assert isinstance(tried.error, EncryptionNotOffered)


@pytest.mark.parametrize("certificate", ["expired", "wrong host name", "unknown authority"])
def test_a_certificate_that_is_not_for_it_is_no_answer(dovecot_with, certificate):
    dovecot = dovecot_with(certificate=certificate)
    for port, encryption in ((dovecot.imaps_port, "tls"), (dovecot.imap_port, "starttls")):
        [tried] = try_out([candidate("imap", port, encryption)], ca_file=dovecot.ca_file)
        assert isinstance(tried.error, CertificateNotTrusted)


def test_the_wrong_protocol_is_no_answer(dovecot, first):
    assert first(candidate("pop", dovecot.imaps_port), candidate("smtp", dovecot.pops_port)) is None


def test_a_server_that_hangs_does_not_hold_up(dovecot, first, silent):
    begin = time.monotonic()
    there = candidate("imap", dovecot.imaps_port)
    hanging = candidate("imap", silent.getsockname()[1])
    assert first(there, hanging) == there
    assert time.monotonic() - begin < 2
    assert first(hanging, there, timeout=1) == there
    [tried] = try_out([hanging], timeout=0.5)
    assert isinstance(tried.error, ConnectionTimedOut)
    assert time.monotonic() - begin < 4


def test_a_name_that_does_not_exist_is_passed_over(dovecot, first):
    there = candidate("imap", dovecot.imaps_port)
    lost = candidate("imap", 993, host="imap.acorn.invalid", source=Source.SRV)
    assert first(lost, there) == there
    [tried] = try_out([lost])
    assert isinstance(tried.error, NameNotFound)


def test_nothing_to_try_is_nothing_found():
    assert first_that_answers([]) is None
    assert try_out([]) == ()


def test_both_directions_are_asked_at_once(dovecot, silent):
    there = candidate("imap", dovecot.imaps_port)
    hanging = candidate("smtp", silent.getsockname()[1])
    begin = time.monotonic()
    found = Found(EMAIL, incoming=(there,), outgoing=(hanging,))
    assert choose(found, 1, ca_file=dovecot.ca_file) == (there, None)
    assert time.monotonic() - begin < 2.5


def test_a_well_known_provider_is_not_asked():
    known = candidate("imap", 993, source=Source.MX, host="imap.acorn.invalid")
    assert choose(Found(EMAIL, incoming=(known,))) == (known, None)
