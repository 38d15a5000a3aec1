"""A Dovecot for all tests here, and a fresh mailbox on it for each."""

import contextlib
import dataclasses
import itertools

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from servers.dovecot import Dovecot, DovecotMissing
from servers.openid import OpenId
from servers.openid_person import USERS, pem, sign_in

from mailflow import oauth
from mailflow.mailbox import MailServer

_numbers = itertools.count(1)


def _start(**options):
    try:
        return Dovecot(**options)
    except DovecotMissing as missing:
        pytest.fail(str(missing), pytrace=False)


@pytest.fixture(scope="session")
def dovecot():
    with _start() as server:
        yield server


@pytest.fixture(scope="session")
def dovecot_with():
    """Start a Dovecot with options, once for each set of them."""
    started = {}

    def start(**options):
        key = tuple(sorted(options.items()))
        if key not in started:
            started[key] = _start(**options)
        return started[key]

    yield start
    for server in started.values():
        server.close()


@pytest.fixture(scope="module")
def dovecot_with_tokens():
    """Start a Dovecot that takes access tokens; it ends with the module's tests."""
    with contextlib.ExitStack() as stack:

        def start(users, **options):
            server = _start(users=dict.fromkeys(users, "secret"), **options)
            return stack.enter_context(server)

        yield start


@pytest.fixture
def user(dovecot):
    """The name of a new, empty mailbox."""
    name = f"user{next(_numbers)}@example.com"
    dovecot.add_user(name)
    return name


@pytest.fixture
def imap(dovecot, user):
    """The new mailbox as an IMAP :class:`MailServer`."""
    return MailServer("imap", dovecot.host, dovecot.imap_port, "none", user, "secret", timeout=10)


@pytest.fixture
def pop(dovecot, user):
    """The new mailbox as a POP :class:`MailServer`."""
    return MailServer("pop", dovecot.host, dovecot.pop_port, "none", user, "secret", timeout=10)


@pytest.fixture
def like():
    """A copy of a :class:`MailServer` with other values."""
    return dataclasses.replace


# --- sign-ins


@pytest.fixture(scope="session")
def key_and_certificate():
    """Of an app registration."""
    return pem(rsa.generate_private_key(65537, 2048))


@pytest.fixture
def openid(key_and_certificate):
    with OpenId(users=USERS, client_certificate=key_and_certificate[1]) as server:
        yield server


@pytest.fixture
def app(openid):
    """The app registration there."""
    return oauth.App(
        openid.issuer, openid.client_id, secret=openid.client_secret, ca_file=openid.ca_file
    )


@pytest.fixture
def granted(openid, app):
    """What Anna's sign-in gave."""
    return sign_in(openid, app)
