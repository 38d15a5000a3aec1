# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Steps that are to be done in the mailbox, as ``helpdesk.incoming.mail.mailbox_todo`` keeps
them: a list of dictionaries, in the order in which they are done.

``do``
    ``seen``, ``unseen``, ``flag``, ``unflag``, ``copy``, ``move`` or ``delete``
``folder``, ``create``
    of a copy or a move: the folder's name on the server, or its special use (``\\Junk``), and
    whether it is made if it is missing
``rule``
    id of the ``helpdesk.scanner.rule`` that wants it; absent for what the scanner wants
``begun``
    of a copy or a move that was begun: UIDVALIDITY and UIDNEXT of the target before it
"""

from collections.abc import Iterable

from ..mailflow.note import Note, note

#: Flags to set and to clear.
FLAGS = {
    "seen": {"add": ["\\Seen"]},
    "unseen": {"remove": ["\\Seen"]},
    "flag": {"add": ["\\Flagged"]},
    "unflag": {"remove": ["\\Flagged"]},
}
#: The same flag, the other way: only one of the two is done.
OPPOSITES = {"seen": "unseen", "unseen": "seen", "flag": "unflag", "unflag": "flag"}
#: After these the message is no longer where it was.
ENDS = ("move", "delete")
STEPS = (*FLAGS, "copy", *ENDS)


def merge_steps(
    default: Iterable[dict] | None, wanted: Iterable[dict] | None, protocol: str = "imap"
) -> tuple[list[dict], list[Note]]:
    """Steps in the order in which they can all be done: flags, copies, then a move or deletion.

    What is earlier in ``wanted`` wins: a flag is set or cleared once, and the message leaves
    its folder once.

    :param default: what is to be done anyway (the scanner's, or left over from before); a
        wanted flag wins over it, a copy or move that was begun stays
    :param protocol: ``imap``; ``pop``, which can only delete; or empty for a mail that came in
        by no mailbox
    :return: the steps (an empty list: nothing), and sentences about those left out
    """
    default, wanted = list(default or ()), list(wanted or ())
    flags: dict[str, dict] = {}
    for step in wanted + default:
        do = step["do"]
        if do in FLAGS and do not in flags and OPPOSITES[do] not in flags:
            flags[do] = step
    others = default + wanted
    end = next((step for step in others if step["do"] in ENDS), None)
    copies: dict[str, dict] = {}
    for step in others:
        if step["do"] == "copy":
            copies.setdefault(_folder_key(step), step)
    if end and end["do"] == "move":
        copies.pop(_folder_key(end), None)
    steps = [*flags.values(), *copies.values(), *([end] if end else [])]
    if not protocol:
        return [], [note("mailbox_none")] if steps else []
    if protocol == "pop":
        possible = [step for step in steps if step["do"] == "delete"]
        notes = [note("mailbox_pop_only_deletes")] if len(possible) < len(steps) else []
        return possible, notes
    return steps, []


def _folder_key(step: dict) -> str:
    name = step.get("folder") or ""
    return "INBOX" if name.upper() == "INBOX" else name


def same_command(step: dict) -> tuple:
    """Steps of different mails that have this in common are done by one command."""
    return step["do"], step.get("folder") or "", bool(step.get("create"))
