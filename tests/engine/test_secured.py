"""Signed mails can be read and say that they are signed; encrypted ones say so."""

import base64
import datetime
import os
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID
from test_mail import TEXT, build, codes, multipart

from mailflow import secured
from mailflow.html import html_to_text
from mailflow.mail import read

SIGNED_PART = b'Content-Type: text/plain; charset="utf-8"\r\n\r\nPlease help.\r\n'


@pytest.fixture(scope="module")
def identity():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Jane Roe")])
    today = datetime.datetime(2026, 3, 3)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today)
        .not_valid_after(today + datetime.timedelta(days=10))
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def signed(identity, content=SIGNED_PART, *options):
    key, certificate = identity
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    builder = builder.add_signer(certificate, key, hashes.SHA256())
    return builder.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary, *options])


def smime(data, kind="signed-data", name="smime.p7m"):
    return build(
        base64.encodebytes(data),
        Content_Type=f'application/pkcs7-mime; smime-type={kind}; name="{name}"',
        Content_Transfer_Encoding="base64",
    )


def test_a_separate_signature():
    mail = read(
        multipart(
            TEXT,
            "Content-Type: application/pkcs7-signature; name=smime.p7s\n\nAAAA",
            kind='signed; protocol="application/pkcs7-signature"; micalg=sha-256',
        )
    )
    assert (mail.text, mail.secured) == ("plain", (secured.SMIME_SIGNED,))


def test_the_text_inside_of_a_signature_is_shown(identity):
    mail = read(smime(signed(identity)))
    assert (mail.text, mail.secured) == ("Please help.", (secured.SMIME_SIGNED,))
    assert mail.attachments == ()
    assert codes(mail) == {"smime_opened"}


def test_html_and_files_inside_of_a_signature(identity):
    inner = multipart(
        "Content-Type: text/html\n\n<p>rich</p>",
        "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=",
    )
    mail = read(smime(signed(identity, inner)))
    assert mail.html == "<p>rich</p>"
    assert [each.name for each in mail.attachments] == ["a.png"]
    assert mail.message_id == "<1@example.com>"


def test_a_signed_message_within_a_signed_one(identity):
    data = SIGNED_PART
    for _layer in range(6):
        data = smime(signed(identity, data))
    mail = read(data)
    # as deep as is looked; the rest is a file
    assert mail.secured == (secured.SMIME_SIGNED,)
    assert [each.content_type for each in mail.attachments] == ["application/pkcs7-mime"]


def test_an_encrypted_mail(identity):
    _key, certificate = identity
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(SIGNED_PART).add_recipient(certificate)
    mail = read(smime(builder.encrypt(serialization.Encoding.DER, []), "enveloped-data"))
    assert (mail.text, mail.secured) == ("", (secured.SMIME_ENCRYPTED,))
    assert [each.name for each in mail.attachments] == ["smime.p7m"]


def test_it_is_told_by_what_is_in_it_not_by_what_it_is_called(identity):
    mail = read(smime(signed(identity), "enveloped-data"))
    assert (mail.text, mail.secured) == ("Please help.", (secured.SMIME_SIGNED,))
    part = (
        b"Content-Type: application/octet-stream; name=smime.p7m\n"
        b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(signed(identity))
    )
    assert read(multipart(part)).text == "Please help."


def test_a_damaged_one_stays_as_a_file(identity):
    mail = read(smime(signed(identity)[:40], "signed-data"))
    assert [each.name for each in mail.attachments] == ["smime.p7m"]
    assert mail.secured == (secured.SMIME_SIGNED,)
    mail = read(smime(b"no data", ""))
    assert mail.secured == () and "smime_unreadable" in codes(mail)


def test_pgp_mime():
    mail = read(
        multipart(
            TEXT,
            "Content-Type: application/pgp-signature; name=signature.asc\n\n-----BEGIN",
            kind='signed; protocol="application/pgp-signature"',
        )
    )
    assert (mail.text, mail.secured) == ("plain", (secured.PGP_SIGNED,))
    mail = read(
        multipart(
            "Content-Type: application/pgp-encrypted\n\nVersion: 1",
            "Content-Type: application/octet-stream; name=encrypted.asc\n\n"
            "-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----",
            kind='encrypted; protocol="application/pgp-encrypted"',
        )
    )
    assert (mail.text, mail.secured) == ("", (secured.PGP_ENCRYPTED,))
    assert "encrypted.asc" in [each.name for each in mail.attachments]


def test_pgp_within_the_text():
    mail = read(
        build(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nPlease help.\n- -- \nJane\n"
            "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"
        )
    )
    assert (mail.text, mail.secured) == ("Please help.\n-- \nJane", (secured.PGP_SIGNED,))
    armor = "-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----"
    mail = read(build(armor))
    assert (mail.text, mail.secured) == (armor, (secured.PGP_ENCRYPTED,))


def test_who_writes_about_pgp_has_not_signed():
    mail = read(build("It begins with -----BEGIN PGP MESSAGE----- and I cannot read it."))
    assert mail.secured == ()


HEAD = (
    b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80\x02\x01\x01\x31\x00"
    b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80"
)
END = b"\0\0\0\0\x31\0\0\0\0\0\0\0"


def test_a_signed_text_in_pieces():
    pieces = b"".join(bytes([4, 4]) + SIGNED_PART[i : i + 4] for i in range(0, 56, 4))
    found = secured.open_smime(HEAD + b"\x24\x80" + pieces + b"\0\0" + END)
    assert found.content == SIGNED_PART[:56]


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"\x24\x80" * 200_000,
        HEAD + b"\x24\x80" * 5000 + b"\x04\x01a" + b"\0\0" * 5000 + END,
        HEAD + b"\x24\x80" + b"\x04\x01a" * 300_000 + b"\0\0" + END,
        *(HEAD + os.urandom(60) for _number in range(20)),
    ],
    ids=lambda data: str(len(data)),
)
def test_hostile_structures(data):
    start = time.monotonic()
    mail = read(smime(data))
    assert time.monotonic() - start < 4
    assert "reading_failed" not in codes(mail)


ARMORED = [
    # as Gmail and Outlook send what somebody pasted, and as a web page of a list has it
    "<div>-----BEGIN PGP SIGNED MESSAGE-----<br>Hash: SHA256<br><br>Please <b>help</b>.<br>- - one"
    "<br>-----BEGIN PGP SIGNATURE-----<br><br>iQEz<br>=abcd<br>-----END PGP SIGNATURE-----<br>"
    "<p>Sent by a list</p></div>",
    "<p>-----BEGIN PGP SIGNED MESSAGE-----</p><p>Hash: SHA256</p><p>&nbsp;</p><p>Please "
    "<b>help</b>.</p><p>- - one</p><p>-----BEGIN PGP SIGNATURE-----</p><p>iQEz</p>"
    "<p>-----END PGP SIGNATURE-----</p><p>Sent by a list</p>",
    "<pre>-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nPlease <b>help</b>.\n- - one\n"
    "-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\nSent by a list</pre>",
]


@pytest.mark.parametrize("markup", ARMORED)
def test_armor_within_html_is_taken_away(markup):
    mail = read(build(markup, Content_Type="text/html"))
    assert mail.secured == (secured.PGP_SIGNED,)
    assert "<b>help</b>" in mail.body_html
    for text in (mail.text, html_to_text(mail.body_html)):
        assert [each for each in text.split("\n") if each.strip()] == [
            "Please help.",
            "- one",
            "Sent by a list",
        ]


@pytest.mark.parametrize(
    "markup",
    [
        "<p>It begins with -----BEGIN PGP SIGNED MESSAGE----- and I cannot read it.</p>",
        "<p>-----BEGIN PGP SIGNED MESSAGE-----</p><p>Hash: SHA256</p><p>cut off</p>",
        "<p>-----BEGIN PGP SIGNED MESSAGE-----</p><p>-----BEGIN PGP SIGNATURE-----</p>",
        "<p>-----BEGIN PGP MESSAGE-----</p><p>abc</p><p>-----END PGP MESSAGE-----</p>",
    ],
)
def test_html_without_a_whole_signature_stays(markup):
    assert read(build(markup, Content_Type="text/html")).body_html == markup


def test_much_armor_within_html_is_read_in_time():
    begin = "<p>-----BEGIN PGP SIGNED MESSAGE-----</p>"
    mail = read(build(begin * 20_000 + "x", Content_Type="text/html"))
    start = time.perf_counter()
    assert mail.body_html
    assert time.perf_counter() - start < 5
