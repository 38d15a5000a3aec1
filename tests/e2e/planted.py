"""Looking for secrets in whatever form they were quoted, encoded or cut."""

import base64
import html
import json
from collections.abc import Mapping
from urllib.parse import quote, quote_plus

#: Characters of a piece of a secret that nobody may see.
PIECE = 24
#: Of a longer secret, not all pieces are looked for.
_LONG = 300


class Planted:
    """Secrets by a name for the test's message; :meth:`within` finds them."""

    def __init__(self, secrets: Mapping[str, str]):
        self._pieces: dict[bytes, str] = {}
        for name, secret in secrets.items():
            assert len(secret) >= 8, name
            for form in _forms(secret):
                for piece in _pieces(form):
                    self._pieces[piece.encode()] = name

    def within(self, data: bytes | str) -> set[str]:
        """The names of the secrets that are in there."""
        if isinstance(data, str):
            data = data.encode(errors="replace")
        return {name for piece, name in self._pieces.items() if piece in data}

    def pieces(self) -> dict[str, str]:
        """What to look for: piece -> name."""
        return {piece.decode(): name for piece, name in self._pieces.items()}


def _forms(secret: str) -> set[str]:
    raw = secret.encode()
    found = {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        html.escape(secret),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
        # as IMAP quotes, as COPY of PostgreSQL does, and both
        secret.replace("\\", "\\\\"),
        secret.replace("\\", "\\\\").replace('"', '\\"'),
        json.dumps(json.dumps(secret)[1:-1])[1:-1],
        raw.hex(),
    }
    # wherever it begins in a text that is encoded (RFC 4616, XOAUTH2, HTTP Basic)
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"x" * before + raw + b"xxx").decode()
            found.add(encoded[4 if before else 0 : -6])
    return found


def _pieces(text: str) -> list[str]:
    if len(text) <= PIECE:
        return [text]
    if len(text) <= _LONG:
        starts = [*range(0, len(text) - PIECE + 1, PIECE), len(text) - PIECE]
    else:
        # a JWT begins as all others do
        starts = [200, 300, len(text) // 2, len(text) - PIECE]
    return [text[start : start + PIECE] for start in starts]
