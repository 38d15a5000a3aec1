# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Secrets that are kept in the database, encrypted with a key that is not.

Whoever has a dump of the database has no token in it. The key comes from, in this order,

- the environment variable ``HELPDESK_MAILFLOW_KEY``,
- the option ``helpdesk_mailflow_key`` in Odoo's configuration file,
- the file ``helpdesk_mailflow.key`` in Odoo's data folder (``data_dir``), which is made when the
  first secret is kept, readable for Odoo's user alone. Back it up together with the filestore;
  several machines that serve one database share it, as they share the filestore.

A key that is given has at least :data:`SHORTEST` characters, such as what
``openssl rand -base64 32`` prints. One key serves all databases of an installation: each has
its own key, derived from it and from the database's uuid, so that a duplicate of a database
cannot use the secrets of its original.
"""

import base64
import contextlib
import os
import secrets
import stat

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from odoo.tools import config

from ..mailflow.errors import KeyMissing

OPTION, VARIABLE = "helpdesk_mailflow_key", "HELPDESK_MAILFLOW_KEY"
FILE = "helpdesk_mailflow.key"
#: Characters of a key.
SHORTEST = 32
#: What a sealed secret begins with; another way to seal would get another number.
_VERSION = "1"


def seal(env, text: str) -> str:
    """Encrypt a secret for the database.

    :return: ASCII, to be opened by :func:`open_sealed`
    :raise KeyMissing: there is no key, and none can be made
    """
    key = _key() or _make_key()
    return f"{_VERSION}:{_fingerprint(key)}:{_fernet(env, key).encrypt(text.encode()).decode()}"


def open_sealed(env, sealed: str) -> str:
    """The secret that :func:`seal` was given.

    :raise KeyMissing: the key is not there or is another one, or the secret is another
        database's; with what to do
    """
    _version, _colon, rest = sealed.partition(":")
    fingerprint, _colon, token = rest.partition(":")
    key = _key()
    if not key:
        raise KeyMissing(file=_path(), option=OPTION, variable=VARIABLE)
    if fingerprint != _fingerprint(key):
        raise KeyMissing("key_missing_changed", where=_where())
    try:
        return _fernet(env, key).decrypt(token.encode()).decode()
    except InvalidToken:
        # from None: the error knows nothing more, and what it was about is a secret
        raise KeyMissing("key_missing_foreign") from None


# ------------------------------------------------------------
# THE KEY
# ------------------------------------------------------------


def _path() -> str:
    return os.path.join(config["data_dir"], FILE)


def _given() -> tuple[str, str]:
    """(key, where it was given) if an admin gave one, else empty."""
    if key := os.environ.get(VARIABLE, "").strip():
        return key, VARIABLE
    return str(config.get(OPTION) or "").strip(), OPTION


def _where() -> str:
    """Where the key comes from, for an admin to look at."""
    key, place = _given()
    return place if key else _path()


def _key() -> str:
    """The key, or empty if there is none yet.

    :raise KeyMissing: it cannot be read, or is too short to be one
    """
    key, place = _given()
    if not key:
        place = _path()
        try:
            with open(place, encoding="ascii", errors="replace") as file:
                key = file.read().strip()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise KeyMissing(
                "key_missing_unreadable", where=place, reason=error.strerror or str(error)
            ) from error
    if len(key) < SHORTEST:
        raise KeyMissing("key_missing_short", where=place, count=SHORTEST)
    return key


def _make_key() -> str:
    """Make the file with a new key, once for all: of several processes that find no key at the
    same time one makes it, and the others take it.

    The file appears under its name complete and with its mode, or not at all.
    """
    path = _path()
    own = f"{path}.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        handle = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
            # unlike a rename, a link never takes the place of another's key
            with contextlib.suppress(FileExistsError):
                os.link(own, path)
        finally:
            os.unlink(own)
        _sync_folder(os.path.dirname(path))
    except OSError as error:
        raise KeyMissing(
            "key_missing_not_made",
            file=path,
            reason=error.strerror or str(error),
            option=OPTION,
            variable=VARIABLE,
        ) from error
    return _key()


def _sync_folder(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _derived(key: str, purpose: str) -> bytes:
    """RFC 5869; the key has enough entropy of its own, so no salt is needed."""
    info = f"helpdesk_mailflow:{purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key.encode())


def _fingerprint(key: str) -> str:
    """By which a changed key is told from a damaged secret."""
    return _derived(key, "fingerprint").hex()[:8]


def _fernet(env, key: str) -> Fernet:
    # sudo: a system parameter, which others than admins may not read
    uuid = env["ir.config_parameter"].sudo().get_param("database.uuid")
    return Fernet(base64.urlsafe_b64encode(_derived(key, f"database:{uuid}")))
