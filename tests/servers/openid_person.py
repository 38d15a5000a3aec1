"""What tests of sign-ins do with an :class:`~.openid.OpenId`: the person, the app, the error."""

import datetime
import traceback

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from mailflow import errors, oauth

ANNA, SUPPORT = "anna@example.com", "support@example.com"
USERS = {ANNA: "Anna Example", SUPPORT: "Support"}
BACK = "https://odoo.example.com/helpdesk/oauth/callback"
STATE = "st4te-of-the-session"


def pem(key):
    """A private key and a certificate for it, as text."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Helpdesk")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return (
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
        made.public_bytes(serialization.Encoding.PEM).decode(),
    )


def sign_in(openid, app, scopes=oauth.MAIL_SCOPES, **browser):
    """Sign in as the person at the browser does."""
    flow = oauth.begin_sign_in(app, scopes, BACK, state="st4te-of-the-session")
    return oauth.finish_sign_in(app, flow, openid.answer(flow["auth_uri"], **browser))


def refused(function, *arguments, **options):
    """The error of a call; it holds no secret, nor do its causes."""
    with pytest.raises(errors.MailboxError) as caught:
        function(*arguments, **options)
    return caught.value


def said(error):
    """All that a traceback in a log would say of it."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
