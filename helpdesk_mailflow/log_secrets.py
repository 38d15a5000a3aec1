# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What Odoo itself would write into its log: passwords that are typed into forms (calls of methods,
at level DEBUG), and those that it keeps readable in columns (statements that fail, at level ERROR,
and all of them with --log-sql)."""

import logging
import re

#: Fields that passwords and secrets are typed into.
FIELDS = (
    "password",
    "new_password",
    "smtp_pass",
    "new_smtp_password",
    "new_secret",
    "new_private_key",
)
#: Where Odoo keeps passwords as they are: table -> column.
COLUMNS = {"fetchmail_server": "password", "ir_mail_server": "smtp_pass"}

_VALUE = re.compile(
    rf"""(['"](?:{"|".join(FIELDS)})['"]: )('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""", re.DOTALL
)
_LITERAL = re.compile(r"'(?:[^']|'')*'", re.DOTALL)


class MaskCalls(logging.Filter):
    """Of ``odoo.service.model``: ``call %s.%s(%s)`` with the arguments of a call."""

    def filter(self, record):
        """Mask the values of :data:`FIELDS`; the fields that are read are listed without any."""
        text = record.getMessage()
        masked = _VALUE.sub(r"\1'***'", text)
        if masked != text:
            record.msg, record.args = masked, ()
        return True


class MaskStatements(logging.Filter):
    """Of ``odoo.sql_db``: statements and PostgreSQL's errors."""

    def filter(self, record):
        """Mask the values of statements about :data:`COLUMNS`, and PostgreSQL's copy of the row
        in which one was not taken."""
        if isinstance(record.args, tuple) and any(table in str(record.args) for table in COLUMNS):
            record.args = tuple(self._masked(value) for value in record.args)
        return True

    @staticmethod
    def _masked(value):
        if isinstance(value, int | float):
            return value
        text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
        if any(table in text and column in text for table, column in COLUMNS.items()):
            text = _LITERAL.sub("'***'", text)
        # "Failing row contains (…)", with all that is in it
        return text.partition("DETAIL:")[0].rstrip()


class MaskPaths(logging.Filter):
    """Of the requests and those that are refused: what follows the path of a page and is a secret
    until it is used up.

    :param path: what the page's path begins with
    :param secret: regular expression of what follows it
    """

    def __init__(self, path: str, secret: str):
        super().__init__()
        self._path = path
        self._pattern = re.compile(f"({re.escape(path)}){secret}")

    def filter(self, record):
        """Mask what is secret in the message and its arguments."""
        record.msg = self._masked(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(self._masked(value) for value in record.args)
        return True

    def _masked(self, value):
        if isinstance(value, str) and self._path in value:
            return self._pattern.sub(r"\1…", value)
        return value


def mask_paths(path: str, secret: str) -> None:
    """Keep the secrets of a page's path out of the log (see :class:`MaskPaths`)."""
    for name in ("werkzeug", "odoo.http"):
        logging.getLogger(name).addFilter(MaskPaths(path, secret))


def mask() -> None:
    """Begin; once for a process, when the addon is imported."""
    logging.getLogger("odoo.service.model").addFilter(MaskCalls())
    logging.getLogger("odoo.sql_db").addFilter(MaskStatements())
