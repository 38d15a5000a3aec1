# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The marks of our own mail, signed with this database's secret.

The secret never leaves this module: it is in no log, no error and no field.
"""

from odoo.tools.misc import hmac

from ..mailflow import stamp as marks

HEADER = marks.HEADER


def _secret(env) -> str:
    """A secret of this database and this purpose alone, derived as Odoo does for its links."""
    # sudo: hmac reads a system parameter, which it refuses to do otherwise
    return hmac(env(su=True), "helpdesk_mailflow.own_mail", "1")


def stamp_header(env, purpose: str, subject) -> dict[str, str]:
    """The header field by which a mail of ours is known when it comes back.

    :param purpose: one of :data:`..mailflow.stamp.PURPOSES`
    :param subject: id of the ticket, of the From address (verification, test), of the test mail
        (connection), or 0
    :return: to be added to the headers of the mail
    :raise ValueError: unknown purpose
    """
    return {HEADER: marks.stamp(_secret(env), purpose, str(subject))}


def read_stamp(env, value: str) -> tuple[str, str] | None:
    """(purpose, subject) of a stamp of this database, else None; raises on nothing."""
    return marks.read_stamp(_secret(env), value)


def message_id(env, ticket_id: int, domain: str) -> str:
    """A new Message-ID of ours, see :func:`..mailflow.stamp.message_id`."""
    return marks.message_id(_secret(env), ticket_id, domain)


def read_message_id(env, value: str) -> int | None:
    """Id of the ticket (0: of none) in a Message-ID of this database, else None."""
    return marks.read_message_id(_secret(env), value)


def sign(env, purpose: str, message: str) -> str:
    """A signature that nobody else can make: 32 hexadecimal digits.

    :param purpose: what it is good for; a signature of one purpose is none of another
    """
    # sudo: as above
    return hmac(env(su=True), f"helpdesk_mailflow.{purpose}", message)[:32]
