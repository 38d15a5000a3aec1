"""A real Dovecot for tests: its own configuration, free ports on loopback, Maildir storage.

Everything runs as one ordinary user: the current one, or `nobody` when started as root
(Dovecot serves no mail as root). So tests mean the same in both cases.
"""

from __future__ import annotations

import contextlib
import grp
import imaplib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import quote

from .certificates import Authority
from .introspection import Introspection
from .ports import free_ports

INSTALL = "apt-get install --no-install-recommends dovecot-imapd dovecot-pop3d"
_START_SECONDS = 15.0
_ATTEMPTS = 5

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/run
instance_name = {folder}
log_path = {folder}/dovecot.log
protocols = imap pop3
listen = 127.0.0.1, 127.0.0.2
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
mail_fsync = never
auth_mechanisms = plain login{mechanisms}
auth_failure_delay = 0
auth_verbose = yes
ssl = {ssl}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
}}
service anvil {{
  chroot =
  # No growing pauses after tests of wrong passwords.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop}
  }}
  inet_listener pop3s {{
    port = {pops}
    ssl = yes
  }}
}}
protocol imap {{
  mail_max_userip_connections = 100
}}
protocol pop3 {{
  mail_max_userip_connections = 100
}}
"""

_CONFIGURATION_2_3 = """
mail_location = maildir:~/Maildir:LAYOUT=fs
disable_plaintext_auth = {no_plain_text}
ssl_cert = <{chain}
ssl_key = <{key}
pop3_uidl_format = %08Xu%08Xv
{token_passdbs}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u {folder}/users/%u
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users/%u
}}
"""

# Dovecot 2.4 renamed settings, and wants its versions in the first lines.
_HEAD_2_4 = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
"""
_CONFIGURATION_2_4 = """
mail_driver = maildir
mail_path = ~/Maildir
mailbox_list_layout = fs
auth_allow_cleartext = {plain_text}
ssl_server_cert_file = {chain}
ssl_server_key_file = {key}
{token_settings}
passdb passwd-file {{
  passwd_file_path = {folder}/users/%{{user}}
}}
userdb passwd-file {{
  passwd_file_path = {folder}/users/%{{user}}
}}
"""

# Dovecot 2.3 asks for tokens as for passwords: one database after the other.
_TOKEN_PASSDB_2_3 = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  {filter}
  args = {file}
}}
"""
_TOKEN_FILE_2_3 = """
introspection_mode = post
introspection_url = {url}
force_introspection = yes
username_attribute = username
active_attribute = active
active_value = true
"""
_TOKEN_SETTINGS_2_4 = """
oauth2_introspection_mode = post
oauth2_introspection_url = {url}
oauth2_force_introspection = yes
oauth2_username_attribute = username
oauth2_active_attribute = active
oauth2_active_value = true
"""


class DovecotMissing(RuntimeError):
    """There is no Dovecot that we can start; the message says what to do."""


def find_dovecot() -> Path:
    """Where the `dovecot` program is.

    :raises DovecotMissing: not installed, or a version whose configuration we do not write
    """
    found = shutil.which("dovecot", path=f"/usr/sbin:/usr/local/sbin:{os.environ.get('PATH', '')}")
    if not found:
        raise DovecotMissing(f"Dovecot is not installed. As root: {INSTALL}")
    missing = [
        name
        for name in ("imap-login", "pop3-login")
        if not any(
            (Path(found).parent.parent / library / "dovecot" / name).exists()
            for library in ("lib", "libexec")
        )
    ]
    if missing:
        raise DovecotMissing(f"Dovecot lacks {' and '.join(missing)}. As root: {INSTALL}")
    return Path(found)


def _version(program: Path) -> tuple[int, ...]:
    text = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(number) for number in re.findall(r"\d+", text.split()[0])[:3])


class Dovecot:
    """A Dovecot that runs from construction (or :meth:`start`) to :meth:`close`.

    :param users: passwords by user name
    :param certificate: one of :data:`.certificates.KINDS`
    :param ssl: Dovecot's setting `ssl`: ``yes``, ``no`` or ``required``
    :param plain_text: whether passwords are taken over unencrypted connections
    :param tokens: who may log in with which access token (XOAUTH2, OAUTHBEARER): user names by
        token; may be changed while Dovecot runs
    :param introspection_url: an authority that is asked about tokens (RFC 7662), over HTTPS with
        user and password in the address
    :param introspection_ca: PEM file of the authorities to trust there
    :param shared: users who may open a mailbox with their own tokens, by mailbox, as with
        Microsoft; see :attr:`can_share`
    :param extra: more lines for the configuration file
    """

    host = "localhost"
    # A connection to here counts as one over the network: Dovecot takes it for a local one
    # only if both ends have the same address.
    remote_host = "127.0.0.2"

    def __init__(
        self,
        users: Mapping[str, str] | None = None,
        certificate: str = "good",
        ssl: str = "yes",
        plain_text: bool = True,
        extra: str = "",
        tokens: Mapping[str, str] | None = None,
        introspection_url: str = "",
        introspection_ca: str | None = None,
        shared: Mapping[str, Collection[str]] | None = None,
    ):
        self.program = find_dovecot()
        self.users = dict(users or {"support@example.com": "secret"})
        self.process: subprocess.Popen | None = None
        self._options = {
            "ssl": ssl,
            "plain_text": "yes" if plain_text else "no",
            "no_plain_text": "no" if plain_text else "yes",
            "mechanisms": "",
            "extra": extra,
        }
        self._introspection: Introspection | None = None
        if tokens is not None or introspection_url:
            self._introspection = Introspection(
                dict(tokens or {}), introspection_url, introspection_ca
            )
        self._shared = {mailbox: set(users) for mailbox, users in (shared or {}).items()}
        self._certificate = certificate
        self._delivered = 0
        self._owner = self._find_owner()
        # Not pytest's folder: nobody may not enter it, and socket paths have to be short.
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        try:
            self._prepare()
            self.start()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    # --- what tests need to know

    @property
    def ca_file(self) -> str:
        """The authority behind the good certificate."""
        return str(self._authority.file)

    def log(self) -> str:
        """What Dovecot wrote; put it into the message of a failing assertion."""
        file = self.folder / "dovecot.log"
        return file.read_text(errors="replace") if file.exists() else ""

    # --- life

    def start(self):
        """Start, and wait until the ports answer. Also after :meth:`kill`, on the same ports."""
        assert self.process is None, "already started"
        for _attempt in range(_ATTEMPTS):
            self._write_configuration()
            with (self.folder / "stderr.log").open("ab") as errors:
                self.process = subprocess.Popen(
                    [self.program, "-F", "-c", self.folder / "dovecot.conf"],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    start_new_session=True,  # so that a kill reaches its children too
                    **self._owner_options(),
                )
            if self._wait():
                return
            self.kill()
            if "Address already in use" not in self._messages():
                break
            self._choose_ports()
        raise RuntimeError(f"Dovecot does not start:\n{self._messages()}")

    def kill(self):
        """SIGKILL to Dovecot and all its processes, as when the power fails."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):  # ended by itself
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        # Its children hold the listeners too, and may take a moment longer to die.
        give_up = time.monotonic() + _START_SECONDS
        while any(map(self._is_open, (self.imap_port, self.pop_port))):
            if time.monotonic() > give_up:
                raise RuntimeError(f"Dovecot does not die:\n{self._messages()}")
            time.sleep(0.005)

    def restart(self):
        """Kill and start again: same ports, same mail."""
        self.kill()
        self.start()

    def close(self):
        """Kill Dovecot and remove its folder."""
        self.kill()
        if self._introspection is not None:
            self._introspection.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- tokens

    @property
    def can_share(self) -> bool:
        """Whether mailboxes can be shared: Dovecot 2.4 has one setting for all mailboxes, and opens
        each only with a token of the same name. Tests then skip, and say so."""
        return self._version < (2, 4)

    @property
    def tokens(self) -> dict[str, str]:
        """User names by access token, to be changed at will."""
        return self._introspection.tokens

    @property
    def introspections(self) -> int:
        """How many times Dovecot has asked about a token."""
        return self._introspection.asked

    def share(self, mailbox: str, *users: str):
        """Let these users, and no others, open a mailbox of another name with their tokens.

        A mailbox that was not shared before takes a restart.
        """
        is_new = mailbox not in self._shared
        self._shared[mailbox] = set(users)
        self._introspection.shared = self._shared
        if is_new:
            self.restart()

    # --- mail

    def add_user(self, user: str, password: str = "secret"):
        """Make a mailbox, also while Dovecot runs.

        Each user has a file of their own: Dovecot notices a change of a file that it knows
        only when the clock's second has changed.
        """
        self.users[user] = password
        home = self.folder / "home" / user
        maildir = home / "Maildir"
        maildir.mkdir(parents=True)
        self._give(home)
        self._give(maildir)
        entry = f"{user}:{{PLAIN}}{password}:{self._owner.pw_uid}:{self._owner.pw_gid}::{home}\n"
        file = self.folder / "users" / user
        file.write_text(entry, encoding="utf-8")
        self._give(file)

    def deliver(
        self,
        message: bytes,
        user: str = "support@example.com",
        folder: str = "INBOX",
        seen: bool = False,
    ) -> Path:
        """Put a mail into a folder, as a local delivery agent would: written aside, then
        renamed. Returns the file. Any number of mails for next to nothing."""
        maildir = self.maildir(user, folder)
        self._delivered += 1
        name = f"{time.time():.6f}.P{os.getpid()}Q{self._delivered}.test"
        aside = maildir / "tmp" / name
        aside.write_bytes(message.replace(b"\r\n", b"\n"))
        self._give(aside)
        final = maildir / ("cur" if seen else "new") / (name + (":2,S" if seen else ""))
        aside.rename(final)
        return final

    def append(
        self,
        message: bytes,
        user: str = "support@example.com",
        folder: str = "INBOX",
        received: float | None = None,
    ):
        """Put a mail into a folder over IMAP; `received` (seconds since the epoch) becomes its
        INTERNALDATE."""
        with self._imap(user) as imap:
            when = imaplib.Time2Internaldate(time.time() if received is None else received)
            typ, answer = imap.append(_quoted(folder), "", when, message)
            assert typ == "OK", answer

    def create_folder(self, folder: str, user: str = "support@example.com"):
        """Create a folder; `/` separates levels."""
        with self._imap(user) as imap:
            typ, answer = imap.create(_quoted(folder))
            assert typ == "OK", answer

    def delete_folder(self, folder: str, user: str = "support@example.com"):
        """Delete a folder with its mail."""
        with self._imap(user) as imap:
            typ, answer = imap.delete(_quoted(folder))
            assert typ == "OK", answer

    def expunge(self, *uids: int, user: str = "support@example.com", folder: str = "INBOX"):
        """Delete messages for good."""
        with self._imap(user) as imap:
            imap.select(_quoted(folder))
            imap.uid("STORE", ",".join(map(str, uids)), "+FLAGS.SILENT", r"(\Deleted)")
            typ, answer = imap.expunge()
            assert typ == "OK", answer

    def flags(self, user: str = "support@example.com", folder: str = "INBOX") -> dict[int, str]:
        """The flags of all messages by UID, as another client sees them."""
        with self._imap(user) as imap:
            imap.select(_quoted(folder), readonly=True)
            _typ, lines = imap.uid("FETCH", "1:*", "(FLAGS)")
            found = {}
            for line in lines:
                match = line and re.search(rb"UID (\d+) .*?FLAGS \(([^)]*)\)|$", line)
                if match and match.group(1):
                    found[int(match.group(1))] = match.group(2).decode()
            return found

    def maildir(self, user: str = "support@example.com", folder: str = "INBOX") -> Path:
        """The folder on disk; made if it is not there yet (only INBOX may be missing)."""
        path = self.folder / "home" / user / "Maildir"
        if folder != "INBOX":
            path /= _encoded(folder)
            assert path.is_dir(), f"no folder {folder}: create_folder() first"
        for part in (path, path / "tmp", path / "new", path / "cur"):
            if not part.exists():
                part.mkdir()
                self._give(part)
        return path

    # --- inside

    def _imap(self, user: str) -> imaplib.IMAP4:
        imap = imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=10)
        imap.authenticate("PLAIN", lambda _challenge: f"\0{user}\0{self.users[user]}".encode())
        return imap

    @staticmethod
    def _find_owner() -> pwd.struct_passwd:
        if os.geteuid() == 0:
            return pwd.getpwnam("nobody")
        return pwd.getpwuid(os.geteuid())

    def _owner_options(self) -> dict:
        if os.geteuid() != 0:
            return {}
        return {"user": self._owner.pw_uid, "group": self._owner.pw_gid, "extra_groups": []}

    def _give(self, path: Path):
        if os.geteuid() == 0:
            os.chown(path, self._owner.pw_uid, self._owner.pw_gid)

    def _prepare(self):
        version = _version(self.program)
        if not (2, 3) <= version < (2, 5):
            raise DovecotMissing(
                "Dovecot {} is installed; the tests know how to configure 2.3 and 2.4.".format(
                    ".".join(map(str, version))
                )
            )
        self._version = version
        if self._introspection is not None:
            self._introspection.shared = self._shared
            self._options["mechanisms"] = " xoauth2 oauthbearer"
        if version < (2, 4):
            self._template = _CONFIGURATION + _CONFIGURATION_2_3
        else:
            self._template = _HEAD_2_4 + _CONFIGURATION + _CONFIGURATION_2_4
        self._authority = Authority(self.folder)
        made = self._authority.certificate(self._certificate)
        self._options |= {"chain": made.chain, "key": made.key}
        for name in ("run", "home", "users"):
            (self.folder / name).mkdir()
        for user, password in list(self.users.items()):
            self.add_user(user, password)
        self._choose_ports()
        for path in (self.folder, *self.folder.rglob("*")):
            self._give(path)

    def _choose_ports(self):
        self.imap_port, self.imaps_port, self.pop_port, self.pops_port = free_ports(4)

    def _write_configuration(self):
        text = (self._template + "{extra}\n").format(
            folder=self.folder,
            user=self._owner.pw_name,
            group=grp.getgrgid(self._owner.pw_gid).gr_name,
            imap=self.imap_port,
            imaps=self.imaps_port,
            pop=self.pop_port,
            pops=self.pops_port,
            token_passdbs=self._token_passdbs(),
            token_settings=self._token_settings(),
            **self._options,
        )
        (self.folder / "dovecot.conf").write_text(text)

    def _token_passdbs(self) -> str:
        """Dovecot 2.3's databases for tokens. For a shared mailbox, one that says that the token
        is the mailbox's own, since Dovecot wants the two names to be the same."""
        if self._introspection is None or self._version >= (2, 4):
            return ""
        blocks = []
        for number, mailbox in enumerate([*self._shared, ""]):
            file = self.folder / f"tokens-{number}.conf"
            url = self._introspection.url + (f"/{quote(mailbox, safe='')}" if mailbox else "")
            file.write_text(_TOKEN_FILE_2_3.format(url=url))
            self._give(file)
            condition = f"username_filter = {mailbox}" if mailbox else ""
            blocks.append(_TOKEN_PASSDB_2_3.format(filter=condition, file=file))
        return "".join(blocks)

    def _token_settings(self) -> str:
        if self._introspection is None:
            return ""
        return _TOKEN_SETTINGS_2_4.format(url=self._introspection.url)

    def _wait(self) -> bool:
        """Whether Dovecot answers. Its listeners are open before it can serve them, so a
        greeting is what counts."""
        give_up = time.monotonic() + _START_SECONDS
        pending = [self.imap_port, self.pop_port]
        while pending and time.monotonic() < give_up:
            if self.process.poll() is not None:
                return False
            try:
                with socket.create_connection(("127.0.0.1", pending[0]), timeout=2) as probe:
                    if probe.recv(1):
                        pending.pop(0)
                        continue
            except OSError:
                pass  # not yet
            time.sleep(0.01)
        return not pending

    @staticmethod
    def _is_open(port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def _messages(self) -> str:
        file = self.folder / "stderr.log"
        return (file.read_text(errors="replace") if file.exists() else "") + self.log()


def _encoded(folder: str) -> str:
    """A folder name in modified UTF-7 (RFC 3501, 5.1.3)."""
    return re.sub(
        r"&|[^\x20-\x7e]+",
        lambda match: (
            "&-"
            if match.group() == "&"
            else match.group().encode("utf-7").decode().replace("/", ",").replace("+", "&", 1)
        ),
        folder,
    )


def _quoted(folder: str) -> str:
    escaped = _encoded(folder).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
