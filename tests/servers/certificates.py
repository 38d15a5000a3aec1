"""A certificate authority for tests, and good and bad certificates by it."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KINDS = ("good", "expired", "self-signed", "wrong host name", "unknown authority")
# What the certificate "wrong host name" is for.
OTHER_HOST = "mail.example.com"


@dataclass(frozen=True)
class Certificate:
    """PEM files: the certificate with its chain, and its private key."""

    chain: Path
    key: Path


class Authority:
    """A certificate authority whose files are in `folder`; :attr:`file` is what to trust."""

    def __init__(self, folder: Path, name: str = "Test authority"):
        self.folder = folder
        self.file = folder / f"{name.lower().replace(' ', '-')}.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        self._certificate = (
            _builder(self._name, self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def certificate(self, kind: str = "good", hosts: tuple[str, ...] = ()) -> Certificate:
        """Make a certificate of one of the :data:`KINDS`, by default for this computer."""
        if kind == "unknown authority":
            return Authority(self.folder, "Somebody else").certificate("good", hosts)
        if not hosts:
            hosts = (OTHER_HOST,) if kind == "wrong host name" else ("localhost", "127.0.0.1")
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(hosts[0])
        self_signed = kind == "self-signed"
        issuer = subject if self_signed else self._name
        authority_key = key if self_signed else self._key
        certificate = (
            _builder(subject, issuer, key.public_key(), expired=kind == "expired")
            .add_extension(
                x509.SubjectAlternativeName([_general_name(host) for host in hosts]),
                critical=False,
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
                critical=False,
            )
            .sign(authority_key, hashes.SHA256())
        )
        stem = kind.replace(" ", "-")
        made = Certificate(self.folder / f"{stem}.crt", self.folder / f"{stem}.key")
        made.chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        made.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return made


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(subject, issuer, public_key, expired: bool = False) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 10 * day)
        .not_valid_after(now - day if expired else now + day)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _usage(signs_certificates: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
