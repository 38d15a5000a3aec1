"""Mails that are signed or encrypted: S/MIME (RFC 8551) and OpenPGP (RFC 3156, RFC 9580).

Signatures are not checked and nothing is decrypted here: nobody has given this program keys.
What can be read without them is made readable: the text inside of a signature.
"""

import re
from dataclasses import dataclass

from asn1crypto import cms, core

#: What a mail may be: method, and whether it is signed or encrypted.
SMIME_SIGNED = "smime_signed"
SMIME_ENCRYPTED = "smime_encrypted"
PGP_SIGNED = "pgp_signed"
PGP_ENCRYPTED = "pgp_encrypted"
SIGNED = frozenset((SMIME_SIGNED, PGP_SIGNED))
ENCRYPTED = frozenset((SMIME_ENCRYPTED, PGP_ENCRYPTED))

#: Content types of S/MIME messages that hold all of their content themselves.
SMIME_TYPES = frozenset(("application/pkcs7-mime", "application/x-pkcs7-mime"))
#: Content types of separate signatures.
SIGNATURES = {
    "application/pkcs7-signature": SMIME_SIGNED,
    "application/x-pkcs7-signature": SMIME_SIGNED,
    "application/pgp-signature": PGP_SIGNED,
}
#: Levels of structure that are read: a signed message within a signed one (RFC 2634).
MAX_LAYERS = 3

_ENCRYPTED_TYPES = {"enveloped_data", "encrypted_data", "authenticated_enveloped_data"}
_ARMOR = "-----BEGIN PGP "
_ARMOR_HEADER = r"(?:Hash|Charset|Version|Comment|NotDashEscaped):[^\n]{0,200}"
_IS_ARMOR_HEADER = re.compile(_ARMOR_HEADER)
_SIGNED_TEXT = re.compile(
    rf"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n(?:{_ARMOR_HEADER}\n){{0,9}}\s*?\n",
    re.MULTILINE,
)
_ENCRYPTED_TEXT = re.compile(r"^-----BEGIN PGP MESSAGE-----[ \t]*$", re.MULTILINE)
_SIGNATURE_BEGINS = re.compile(r"^-----BEGIN PGP SIGNATURE-----[ \t]*$", re.MULTILINE)
_SIGNATURE_ENDS = re.compile(r"^-----END PGP SIGNATURE-----[ \t]*\n?", re.MULTILINE)
_DASH_ESCAPED = re.compile(r"^- ", re.MULTILINE)


@dataclass(frozen=True)
class Opened:
    """What an S/MIME message says of itself without any key.

    :param mark: :data:`SMIME_SIGNED`, :data:`SMIME_ENCRYPTED` or ``""`` (neither, or damaged)
    :param content: of a signed message the MIME entity that is signed; None if it has none
    """

    mark: str
    content: bytes | None = None


def open_smime(data: bytes, smime_type: str = "") -> Opened:
    """Look into an S/MIME message (``smime.p7m``).

    :param data: decoded, BER or DER
    :param smime_type: the parameter of its content type, which counts if the data are damaged
    """
    try:
        info = cms.ContentInfo.load(data)
        kind = info["content_type"].native
        if kind == "signed_data":
            inner = info["content"]["encap_content_info"]
            is_data = inner["content_type"].native == "data"
            return Opened(SMIME_SIGNED, _octets(inner["content"]) if is_data else None)
        if kind in _ENCRYPTED_TYPES:
            return Opened(SMIME_ENCRYPTED)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        # asn1crypto reads where its table of types leads it; damaged data lead anywhere
        pass
    declared = smime_type.strip().lower()
    if declared in ("enveloped-data", "authenveloped-data"):
        return Opened(SMIME_ENCRYPTED)
    return Opened(SMIME_SIGNED if declared == "signed-data" else "")


def _octets(value) -> bytes | None:
    """The bytes of an OCTET STRING, in one piece or (BER) in many; None if there are none.

    asn1crypto joins the pieces in quadratic time: a file of some megabytes takes a minute.
    """
    if not isinstance(value, core.OctetString):
        return None
    data = value.contents
    if value.method == 0:
        return data
    pieces, position = [], 0
    while position + 2 <= len(data) and data[position] == 0x04:
        length, position = data[position + 1], position + 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[position : position + size], "big")
            position += size
        pieces.append(data[position : position + length])
        position += length
    return b"".join(pieces)


def is_armor_header(line: str) -> bool:
    """Whether a line is a header of an armor (RFC 9580 section 6.2.2)."""
    return bool(_IS_ARMOR_HEADER.fullmatch(line))


def read_armor(text: str) -> tuple[str, str]:
    """The text of a body that is signed or encrypted by OpenPGP without MIME.

    A cleartext signature (RFC 9580 section 7) is taken away, with its headers and the hyphens
    that it puts before lines; an encrypted body stays as it is.

    :return: the text, and :data:`PGP_SIGNED`, :data:`PGP_ENCRYPTED` or ``""``
    """
    if _ARMOR not in text:
        return text, ""
    begin = _SIGNED_TEXT.search(text)
    signature = _SIGNATURE_BEGINS.search(text, begin.end()) if begin else None
    if begin and signature:
        end = _SIGNATURE_ENDS.search(text, signature.end())
        written = _DASH_ESCAPED.sub("", text[begin.end() : signature.start()])
        rest = text[end.end() :] if end else ""
        return text[: begin.start()] + written + rest, PGP_SIGNED
    if _ENCRYPTED_TEXT.search(text):
        return text, PGP_ENCRYPTED
    return text, ""
