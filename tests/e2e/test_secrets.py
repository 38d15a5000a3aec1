"""No token and no password is to be seen where it does not belong: they are planted by all kinds of
sessions with real servers, good ones and broken ones, and then searched for in logs, answers over
HTTP, the database, what each kind of user can read or find out, backups and copies."""

import base64
import contextlib
import datetime
import os
import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from e2e.browser import Browser
from e2e.builders import STEPS, mail
from e2e.planted import Planted
from servers.dovecot import Dovecot
from servers.hostile import Hostile, imap_script, pop_script
from servers.odoo_process import ROOT, Console, Database, Installation, WebServer
from servers.openid import OpenId
from servers.smtp import Smtp

# all of the module's life is in its fixture
pytestmark = pytest.mark.timeout(900)

STEPS_OAUTH = STEPS.with_name("steps_oauth.py")
STEPS_FACE = STEPS.with_name("steps_face.py")
STEPS_SECRETS = STEPS.with_name("steps_secrets.py")
ANNA, SUPPORT = "anna@example.com", "support@example.com"
GUIDE, SENDER = "guide@example.com", "sender@example.com"
LOG_IN = "a-l0ng-passw0rd"
#: With what is quoted and escaped on the way: typed by admins.
PASSWORDS = {
    "mailbox password": 'Pl4nted "mail\\box" %41 secret',
    "wrong mailbox password": "Pl4nted-wrong-mailbox-secret",
    "password told to a hostile server": "Pl4nted-hostile-secret-7",
    "SMTP password": "Pl4nted-smtp/+secret=",
    "password typed in the guide": "Pl4nted-guide-secret-1",
    "SMTP password typed in the guide": "Pl4nted-guide-secret-2",
    "password of a refused change": "Pl4nted-refused-secret-3",
}
#: Where Odoo keeps passwords as they are.
COLUMNS_OF_PASSWORDS = {("fetchmail_server", "password"), ("ir_mail_server", "smtp_pass")}
#: Where Odoo's own addons keep their tokens.
COLUMNS_OF_ODOO = {
    (table, f"{name}_{kind}_token")
    for table in ("fetchmail_server", "ir_mail_server")
    for name in ("google_gmail", "microsoft_outlook")
    for kind in ("refresh", "access")
}
OF_ODOO = {
    f"{name} {kind}": f"Pl4nted-{name}-{kind}-token-of-odoo"
    for name in ("google_gmail", "microsoft_outlook")
    for kind in ("refresh", "access")
}


@dataclass
class Lived:
    """What a module of tests looks at: all of it has happened."""

    database: Database
    data: Path
    openid: OpenId
    console: Console
    account: int
    private_key: str
    people: dict[str, int] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    google: list[int] = field(default_factory=list)

    @property
    def key(self) -> str:
        return (self.data / "helpdesk_mailflow.key").read_text().strip()

    def lasting(self) -> dict[str, str]:
        """What only the addon may know, and no copy of the database."""
        secrets = {f"of the authority {n}": each for n, each in enumerate(self.openid.secrets)}
        # its beginning is in the certificate, too: the modulus
        secret_part = self.private_key.splitlines()[10:-2]
        lines = {f"private key, line {n}": line for n, line in enumerate(secret_part)}
        return {**secrets, **lines, "key of the installation": self.key}

    def everything(self) -> dict[str, str]:
        return {**self.lasting(), **PASSWORDS, **OF_ODOO}


def odoo_command(installation, configuration, command, *arguments):
    """A command line of Odoo; its output."""
    done = subprocess.run(
        [installation.python, "-m", "odoo", command, "-c", configuration, *map(str, arguments)],
        env=clean_environment(installation),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def clean_environment(installation) -> dict[str, str]:
    """Without what Odoo would take instead of its configuration."""
    names = [name for name in installation.options if name.startswith("db_")]
    ours = {f"PG{name.removeprefix('db_').upper()}" for name in names} | {"ODOO_RC"}
    return {key: value for key, value in os.environ.items() if key not in ours}


def tools_of_postgresql(installation) -> str:
    """A folder with a pg_dump that knows the server's version."""
    with contextlib.closing(installation.connect()) as connection:
        version = connection.server_version // 10000
    places = [Path(program).parent for program in (shutil.which("pg_dump"),) if program]
    places += installation.folder.glob("venv/lib/python*/site-packages/*/pginstall*/bin")
    for place in places:
        program = place / "pg_dump"
        if program.exists():
            said = subprocess.run([program, "--version"], capture_output=True, text=True)
            if re.search(rf"\b{version}\.\d", said.stdout):
                return str(place)
    return pytest.fail(f"There is no pg_dump of PostgreSQL {version}.", pytrace=False)


def certificate_of_app() -> tuple[str, str]:
    """(private key, certificate), PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Odoo")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=100))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode(), made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """All kinds of sessions, good ones and broken ones."""
    if not os.environ.get("MAILFLOW_ENV") or not os.environ.get("MAILFLOW_TEMPLATE"):
        pytest.fail("Run these tests with bin/test, which installs what they need.", pytrace=False)
    private_key, certificate = certificate_of_app()
    folder = tmp_path_factory.mktemp("odoo")
    data = tmp_path_factory.mktemp("data")
    environment = Path(os.environ["MAILFLOW_ENV"])
    (data / "filestore").symlink_to(Installation(environment).data / "filestore")
    with contextlib.ExitStack() as stack:
        openid = stack.enter_context(
            OpenId(users={ANNA: "Anna Example", SUPPORT: "Support"}, client_certificate=certificate)
        )
        installation = Installation(
            environment,
            {
                "data_dir": str(data),
                "helpdesk_mailflow_ca_file": openid.ca_file,
                "log_handler": ":DEBUG",
                "log_db": "%d",
                "log_db_level": "debug",
                "pg_path": tools_of_postgresql(Installation(environment)),
            },
        )
        dovecot = stack.enter_context(
            Dovecot(
                users={SUPPORT: PASSWORDS["mailbox password"], ANNA: "another password of hers"},
                introspection_url=openid.introspection_url,
                introspection_ca=openid.ca_file,
            )
        )
        smtp = stack.enter_context(
            Smtp(users={SENDER: PASSWORDS["SMTP password"]}, tokens=openid.holder)
        )
        database = stack.enter_context(
            Database(installation, os.environ["MAILFLOW_TEMPLATE"], folder)
        )
        quiet = folder / "quiet.conf"
        Installation(environment, {"data_dir": str(data)}).write_configuration(quiet)
        odoo_command(
            *(installation, quiet, "server", "-d", database.name),
            *("-i", "google_gmail,microsoft_outlook", "--stop-after-init", "--no-http"),
        )
        console = stack.enter_context(
            Console(
                *(database, STEPS, STEPS_OAUTH, STEPS_FACE, STEPS_SECRETS),
                variables={"MAILFLOW_LOG_LEVEL": "debug"},
            )
        )
        web = stack.enter_context(WebServer(database, level="debug"))
        console.do("settle")
        console.do("password", LOG_IN)
        lived = Lived(database, data, openid, console, 0, private_key)
        with_passwords(lived, dovecot, smtp)
        with_tokens(lived, dovecot, smtp, web, certificate)
        lived.people = console.do("people")
        lived.google = console.do("odoo_s_own", OF_ODOO)
        by_rpc(lived, web)
        yield lived


def with_passwords(lived, dovecot, smtp):
    do = lived.console.do
    dovecot.deliver(mail(subject="Planted"), SUPPORT)
    for protocol, port in (("imap", dovecot.imap_port), ("pop", dovecot.pop_port)):
        for name in ("mailbox password", "wrong mailbox password"):
            scanner = do(
                *("scanner",),
                **{"user": SUPPORT, "server_type": protocol, "port": port, "name": name},
                password=PASSWORDS[name],
            )
            answer = do("press_quietly", "fetchmail.server", scanner, "button_confirm_login")
            assert ("done" in answer) == (name == "mailbox password"), answer
            lived.told.append(str(answer))
            if "done" in answer:
                do("begin", scanner)
                assert not do("visit", scanner)
            else:
                do("visit", scanner)
    hostile = PASSWORDS["password told to a hostile server"]
    for protocol, script in hostile_scripts():
        with Hostile(script) as server:
            scanner = do(
                *("scanner",),
                **{"user": SUPPORT, "server": server.host, "port": server.port},
                **{"server_type": protocol, "password": hostile, "name": "Hostile"},
            )
            answer = do("press_quietly", "fetchmail.server", scanner, "button_confirm_login")
            assert "error" in answer, answer
            lived.told.append(str(answer))
            do("visit", scanner)
    with_outgoing_passwords(lived, dovecot, smtp)


def hostile_scripts():
    """Servers that quote what they were told, or leave in the middle of the log-in."""
    last = {}

    def no(client, line):
        tag, _space, rest = line.rstrip().partition(b" ")
        client.send(tag + b" NO I do not like " + rest + b"\r\n")

    def bad(client, line):
        client.send(line.split(b" ")[0] + b" BAD what is " + base64.b64encode(line) + b"\r\n")

    def bye(client, line):
        client.send(b"* BYE " + line.rstrip() + b"\r\n")
        client.close()

    def garbage(client, line):
        client.send(b"\x00\xff" + line.rstrip() + b" {12\r\n")
        client.close()

    def reset(client, _line):
        client.reset()

    for answer in (no, bye, garbage, reset, bad):
        yield "imap", imap_script({b"LOGIN": answer, b"AUTHENTICATE": answer})

    def pop_user(client, line):
        last["user"] = line
        client.send(b"+OK\r\n")

    def pop_no(client, line):
        client.send(b"-ERR not with " + line.rstrip() + b"\r\n")

    def pop_garbage(client, line):
        client.send(b"?? " + line.rstrip() + b"\r\n")

    for answer in (pop_no, pop_garbage, reset):
        yield "pop", pop_script({b"USER": pop_user, b"PASS": answer, b"AUTH": answer})


def with_outgoing_passwords(lived, dovecot, smtp):
    do = lived.console.do
    password = PASSWORDS["SMTP password"]
    address = do("own_smtp", SENDER, "Sender", smtp.port, "none", SENDER, password)["id"]
    plain = base64.b64encode(f"\0{SENDER}\0{password}".encode()).decode()
    alone = base64.b64encode(password.encode()).decode()
    for debug in (False, True):
        do("debug_outgoing", SENDER, debug)
        assert do("send", SENDER)["state"] == "sent"
        for code in (535, 454):
            for quoted in (plain, password, alone, f"AUTH PLAIN {plain}"):
                smtp.refuse("CREDENTIALS", f"{code} 5.7.8 You said {quoted} and that is wrong")
                lived.told.append(do("test_connection", address))
                lived.told.append(str(do("send", SENDER)))
        smtp.behave()
        smtp.cut("CREDENTIALS")
        lived.told.append(do("test_connection", address))
        lived.told.append(str(do("send", SENDER)))
        smtp.behave()
    # what somebody typed in the guide, who then left it
    said = do(
        *("guide", dovecot.imap_port, smtp.port),
        *(PASSWORDS["password typed in the guide"], PASSWORDS["SMTP password typed in the guide"]),
        GUIDE,
    )
    assert said["step"] == "connect" and "password" in said["problem"], said
    lived.told.append(str(said))


def with_tokens(lived, dovecot, smtp, web, certificate):
    openid, do = lived.openid, lived.console.do
    lived.account = do(
        "connect_app", web.url, openid.issuer, openid.client_id, openid.client_secret
    )
    browser = Browser(web.url)
    browser.log_in("admin", LOG_IN)
    for path in ("/odoo?debug=1", do("sign_in_url", lived.account, "/odoo")):
        to = browser.get(path)[2]
    back = openid.browse(to, ANNA)
    # an error in the middle, with everything in hand
    lived.database.sql("ALTER TABLE helpdesk_oauth_token RENAME TO not_there")
    status, _text, _to = browser.get(back)
    assert status == 500
    lived.database.sql("ALTER TABLE not_there RENAME TO helpdesk_oauth_token")
    # logged out when the answer comes
    to = browser.get(do("sign_in_url", lived.account, "/odoo"))[2]
    stranger = Browser(web.url)
    stranger.get(openid.browse(to, ANNA))
    stranger.get("/web/login?redirect=/odoo")
    # declined, refused with a quote of what was sent, not known, twice
    for choice, refusal in (("cancel", ""), ("accept", "invalid_client"), ("accept", "")):
        back = openid.browse(
            browser.get(do("sign_in_url", lived.account, "/odoo"))[2], ANNA, choice
        )
        if refusal:
            quoted = f"AADSTS7000215: Invalid client secret {openid.client_secret}"
            openid.refuse_next(refusal, quoted)
        browser.get(back)
    browser.get(back)
    assert do("account", lived.account)["state"] == "ok"
    lived.answers = browser.answers
    stranger.log_in("admin", LOG_IN)
    lived.answers += stranger.answers
    token = do("token", lived.account, renew=True)
    sessions(lived, dovecot, smtp, token)
    # refused renewals that quote the refresh token and the access token
    for error in ("temporarily_unavailable", "server_error"):
        openid.refuse_next(error, f"You sent {token} and {list(openid.store.refresh)[-1]}")
        lived.told.append(str(do("token_quietly", lived.account, renew=True)))
    by_key = do("certificate_app", openid.issuer, openid.client_id, lived.private_key, certificate)
    assert do("check_app", by_key) == "display_notification"
    openid.admin_consented = False
    lived.told.append(str(do("token_quietly", by_key, renew=True)))
    openid.admin_consented = True
    openid.revoke(ANNA)
    lived.told.append(str(do("token_quietly", lived.account, renew=True)))
    assert do("account", lived.account)["state"] == "problem"
    lived.told.append(str(do("account", lived.account)))
    # what stays for the tests of copies
    back = openid.browse(browser.get(do("sign_in_url", lived.account, "/odoo"))[2], ANNA)
    browser.get(back)
    assert do("account", lived.account)["state"] == "ok"


def sessions(lived, dovecot, smtp, token):
    """With a good token, with one that is refused, and with servers that quote it."""
    do = lived.console.do
    for protocol, port in (("imap", dovecot.imap_port), ("pop", dovecot.pop_port)):
        where = {"protocol": protocol, "host": "localhost", "port": port}
        where |= {"encryption": "starttls", "ca_file": dovecot.ca_file}
        assert "done" in do("session", "mailbox", user=ANNA, token=token, **where)
        for user, wrong in ((SUPPORT, token), (ANNA, token[:-40] + "x" * 40)):
            answer = do("session", "mailbox", user=user, token=wrong, **where)
            assert "error" in answer, answer
            lived.told.append(str(answer))
    where = {"host": "localhost", "port": smtp.port, "encryption": "none", "sender": ANNA}
    sasl = base64.b64encode(f"user={ANNA}\1auth=Bearer {token}\1\1".encode()).decode()
    for quoted in (token, sasl[:450], sasl[200:400]):
        smtp.refuse("CREDENTIALS", f"535 5.7.3 Not good: {quoted}"[:480])
        answer = do("session", "smtp", user=ANNA, token=token, **where)
        assert "error" in answer, answer
        lived.told.append(str(answer))
    smtp.behave()


def by_rpc(lived, web):
    """Typed into forms, with what the web client gets back; also where saving fails."""
    browser = Browser(web.url)
    browser.log_in("secrets-system", LOG_IN)
    app = lived.console.do("app_of", lived.account)
    secret = PASSWORDS["password of a refused change"]
    every = {"id": {}, "display_name": {}}
    for model, name, values in (
        ("fetchmail.server", "new_password", {"name": "x", "is_scanner": True, "server": "x.test"}),
        ("helpdesk.oauth.app", "new_secret", {"name": "x", "client_id": "y", "tenant": "x.test"}),
        (
            "helpdesk.from.address",
            "new_smtp_password",
            {"email": "rpc@example.com", "sends_via": "smtp", "smtp_host": "x.test"},
        ),
        (
            "helpdesk.mailbox.connection",
            "new_password",
            {"email": "rpc@example.com", "road": "provider", "direction": "in"},
        ),
    ):
        spec = {**every, name: {}}
        saved = browser.call(model, "web_save", [], {**values, name: secret}, spec)
        assert "result" in saved, saved
        [record] = saved["result"]
        assert record[name] is False
        browser.call(model, "web_save", [record["id"]], {name: secret}, spec)
        browser.call(model, "web_read", [record["id"]], spec)
        browser.call(model, "onchange", [record["id"]], {"display_name": "x"}, [], spec)
        browser.call(model, "copy", [record["id"]])
        # refused: by a constraint, by the database
        for wrong in ({"company_id": 2**30}, {"is_scanner": 5, "name": False, "email": False}):
            browser.call(model, "web_save", [record["id"]], {**wrong, name: secret}, spec)
        browser.call(model, "unlink", [record["id"]])
    for model, ids in (("helpdesk.oauth.app", [app]), ("helpdesk.oauth.account", [lived.account])):
        fields = browser.call(model, "fields_get")["result"]
        browser.call(model, "read", ids, list(fields))
        browser.call(model, "web_read", ids, {each: {} for each in fields})
        browser.call(model, "copy_data", ids)
    for model in ("helpdesk.oauth.token", "helpdesk.oauth.app"):
        answer = browser.call(model, "read", [1], ["sealed", "sealed_secret"])
        assert "error" in answer, answer
    lived.answers += browser.answers


# --- where they are not to be seen


def test_not_in_logs(lived):
    planted = Planted(lived.everything())
    logs = sorted(lived.database.folder.glob("*.log"))
    assert len(logs) == 2
    for log in logs:
        text = log.read_bytes()
        assert b" DEBUG " in text, log.name
        found = planted.within(text)
        assert not found, (log.name, excerpt(planted, text))
    web = lived.database.folder.joinpath("web.log").read_text(errors="replace")
    assert "/helpdesk/oauth/callback?…" in web, "the access log is there, and masked"
    assert "Traceback" in web


def test_not_in_what_is_told(lived):
    planted = Planted(lived.everything())
    for text in lived.told:
        assert not planted.within(text), text
    for answer in lived.answers:
        found = planted.within(answer)
        assert not found, (found, excerpt(planted, answer.encode()))


def excerpt(planted, data: bytes) -> list[str]:
    """Where it was found, for the message of a failing test."""
    places = []
    for piece, name in planted.pieces().items():
        at = data.find(piece.encode())
        if at >= 0:
            places.append(f"{name}: {data[max(0, at - 300) : at + 80]!r}")
    return places[:5]


def search_database(lived, name, planted, left_out=frozenset()) -> dict[str, list[str]]:
    """All tables of a database, but for some columns: table -> excerpts."""
    found = {}
    with contextlib.closing(lived.database.installation.connect(name)) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
            " AND data_type IN ('character varying', 'text', 'jsonb', 'json', 'bytea')"
        )
        tables = {}
        for table, column, kind in cursor.fetchall():
            if (table, column) in left_out:
                continue
            text = f'"{column}"::text' if kind != "bytea" else f"encode(\"{column}\", 'escape')"
            tables.setdefault(table, []).append(text)
        assert len(tables) > 100
        for table, columns in tables.items():
            cursor.execute(f'SELECT concat_ws(chr(10), {", ".join(columns)}) FROM "{table}"')
            text = "\n".join(row for (row,) in cursor.fetchall() if row).encode()
            if planted.within(text):
                found[table] = excerpt(planted, text)
    return found


def test_in_the_database_only_where_odoo_keeps_passwords(lived):
    planted = Planted(lived.lasting())
    assert not search_database(lived, lived.database.name, planted)
    planted = Planted({**PASSWORDS, **OF_ODOO})
    left_out = COLUMNS_OF_PASSWORDS | COLUMNS_OF_ODOO
    assert not search_database(lived, lived.database.name, planted, left_out)
    # the search finds what is there
    there = search_database(lived, lived.database.name, planted)
    assert set(there) == {"fetchmail_server", "ir_mail_server"}
    assert not planted.within(lived.console.do("sources"))
    [(logged,)] = lived.database.sql("SELECT count(*) FROM ir_logging")
    assert logged > 100


@pytest.mark.parametrize("who", ["portal", "internal", "agent", "leader", "manager", "system"])
def test_nobody_reads_them(lived, who):
    secrets = lived.lasting() if who == "system" else lived.everything()
    pieces = Planted(secrets).pieces()
    # nor what is sealed
    for table, column in (
        ("helpdesk_oauth_token", "sealed"),
        ("helpdesk_oauth_app", "sealed_secret"),
        ("helpdesk_oauth_app", "sealed_private_key"),
    ):
        rows = lived.database.sql(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")
        assert rows, column
        pieces |= {sealed[40:80]: f"{table}.{column}" for (sealed,) in rows}
    read = lived.console.do("read_as", lived.people[who], pieces, who == "system", timeout=280)
    assert not read["found"]
    assert read["count"] > (0 if who == "portal" else 30), read


@pytest.mark.parametrize("who", ["internal", "manager", "system"])
def test_nobody_finds_them_out_by_questions(lived, who):
    asked = lived.console.do("ask_as", lived.people[who], who == "system", timeout=280)
    assert not asked["answered"]
    assert asked["paths"] > 10


# --- copies


@pytest.fixture(scope="module")
def backup(lived, tmp_path_factory):
    """As the database manager makes it."""
    file = tmp_path_factory.mktemp("backup") / "backup.zip"
    installation = lived.database.installation
    odoo_command(
        *(installation, lived.database.configuration, "db", "dump", lived.database.name, file)
    )
    return file


@pytest.fixture
def copies(lived):
    """Make names for databases, which are gone at the end."""
    made = []

    def name(suffix):
        copy = Database.__new__(Database)
        copy.installation = lived.database.installation
        copy.folder = lived.database.folder
        copy.configuration = lived.database.configuration
        copy.name = f"{lived.database.name}_{suffix}"
        copy._filestore = copy.installation.data / "filestore" / copy.name
        copy.drop()
        made.append(copy)
        return copy

    yield name
    for copy in made:
        copy.drop()


def test_a_backup_has_no_token_and_no_key(lived, backup):
    planted = Planted(lived.lasting())
    with zipfile.ZipFile(backup) as archive:
        assert not [name for name in archive.namelist() if name.endswith(".key")]
        dump = archive.read("dump.sql")
    assert b"helpdesk_oauth_token" in dump
    assert not planted.within(dump), excerpt(planted, dump)


def test_a_copy_under_another_name_opens_them_with_the_same_key(lived, backup, copies):
    """A restored backup that takes the place of its original; without the key it opens nothing."""
    copy = copies("restored")
    restore(lived, copy, backup)
    assert opened(copy, lived.account) == ["opened", "opened"]
    key = lived.data / "helpdesk_mailflow.key"
    aside = key.rename(key.with_suffix(".aside"))
    try:
        assert opened(copy, lived.account) == ["key_missing", "key_missing"]
        assert not key.exists()
    finally:
        aside.rename(key)


def restore(lived, copy, backup):
    """As moved: with the uuid of the original."""
    script = (
        "import sys; from odoo.tools import config; config.parse_config(['-c', sys.argv[1]]);"
        "from odoo.service.db import restore_db; restore_db(sys.argv[2], sys.argv[3])"
    )
    installation = lived.database.installation
    done = subprocess.run(
        [installation.python, "-c", script, copy.configuration, copy.name, str(backup)],
        capture_output=True,
        text=True,
        timeout=300,
        env=clean_environment(installation),
    )
    assert done.returncode == 0, done.stderr[-3000:]


def opened(database, account):
    with Console(database, STEPS_SECRETS, log="copy") as console:
        return console.do("opens", account)


def test_a_duplicate_cannot_open_them(lived, copies):
    copy = copies("duplicate")
    lived.database.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    installation = lived.database.installation
    odoo_command(
        *(installation, lived.database.configuration, "db"),
        *("duplicate", lived.database.name, copy.name),
    )
    assert opened(copy, lived.account) == ["key_missing_foreign"] * 2


def test_a_neutralised_copy_has_none(lived, backup, copies):
    copy = copies("neutralised")
    restore(lived, copy, backup)
    installation = lived.database.installation
    odoo_command(installation, lived.database.configuration, "neutralize", "-d", copy.name)
    # what helpdesk never used stays as Odoo leaves it: its own incoming servers
    planted = Planted({**lived.lasting(), **PASSWORDS})
    assert not search_database(lived, copy.name, planted)
    found = search_database(lived, copy.name, Planted(OF_ODOO))
    assert set(found) <= {"fetchmail_server"}
    sealed = copy.sql(
        "SELECT sealed FROM helpdesk_oauth_token WHERE sealed IS NOT NULL"
        " UNION ALL SELECT sealed_secret FROM helpdesk_oauth_app WHERE sealed_secret IS NOT NULL"
    )
    assert not sealed
    assert opened(copy, lived.account) == ["opened", "app_refused_missing"], "without a secret"
