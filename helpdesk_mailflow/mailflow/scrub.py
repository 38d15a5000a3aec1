"""What a server says, without the secrets that it may repeat."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from .sasl import secret_forms

if TYPE_CHECKING:
    from .mailbox import MailServer as _Mailbox
    from .smtp import SmtpSettings

    MailServer = _Mailbox | SmtpSettings

# As much of an answer is looked at for a person, in characters.
_MAX_WORDS = 4000
# The shortest piece of a token that must not be seen: 8 characters of it open nothing.
_PIECE = 8
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_STANDARD_BASE64 = str.maketrans("-_", "+/")


def in_words(answer: object, server: MailServer) -> str:
    """The server's words for a person: one line, at most 200 characters, no secrets.

    Servers may quote the command that they did not like, so the password is cut out also
    in the form in which it travels.
    """
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
    text = without_secrets(text[:_MAX_WORDS], server)
    text = "".join(char if char.isprintable() else " " for char in text)
    text = " ".join(text.split())
    return text if len(text) <= 200 else text[:199] + "…"


def tells_secret(error: BaseException, server: MailServer) -> bool:
    """Whether an error, or what is behind it, has words with a secret in them."""
    each: BaseException | None = error
    while each is not None:
        text = str(each)[:_MAX_WORDS]
        if without_secrets(text, server) != text:
            return True
        each = each.__cause__ or each.__context__
    return False


def without_secrets(text: str, server: MailServer) -> str:
    """The text with ``***`` for password and token, in all forms in which they travel."""
    if server.token:
        for secret in secret_forms(server):
            text = _without_pieces(text, secret)
    if server.password:
        raw = server.password.encode("utf-8", "surrogatepass")
        plain = b"\0" + server.user.encode("utf-8", "surrogatepass") + b"\0" + raw
        quoted = server.password.replace("\\", "\\\\").replace('"', '\\"')
        for secret in (
            base64.b64encode(plain).decode(),
            base64.b64encode(raw).decode(),
            ascii(raw)[2:-1],
            quoted,
            server.password,
        ):
            text = text.replace(secret, "***")
        text = _BASE64.sub(lambda found: "***" if _encodes(found[0], raw) else found[0], text)
    return text


def _encodes(word: str, secret: bytes) -> bool:
    """Whether a word is base64 with the secret somewhere in it."""
    word = word.translate(_STANDARD_BASE64)
    for start in range(4):  # something else may stand before it without a space
        part = word[start:]
        if len(part) % 4 == 1:
            part = part[:-1]
        if secret in base64.b64decode(part + "=" * (-len(part) % 4)):
            return True
    return False


def _without_pieces(text: str, secret: str) -> str:
    """A long secret is often quoted in part, or over several lines: cut out every piece of it
    that says anything."""
    found = []
    position = 0
    while position < len(text):
        end = position + min(_PIECE, len(secret))
        if text[position:end] not in secret or end > len(text):
            found.append(text[position])
            position += 1
            continue
        while end < len(text) and text[position : end + 1] in secret:
            end += 1
        found.append("***")
        position = end
    return "".join(found)
