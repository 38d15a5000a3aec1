# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Situations as people write them: read, and checked against the words that may be used.

All values are text, as they stand in the file: no YAML type is guessed, so ``no`` and ``5.10``
stay what was written. :data:`SITUATION` is the whole vocabulary.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent / "situations"


class Unclear(Exception):
    """A file that cannot be understood; the message says where, and what may stand there."""


# ------------------------------------------------------------
# VOCABULARY
# ------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    """Any text."""

    def check(self, value, where):
        if not isinstance(value, str):
            raise Unclear(f"{where}: has to be text")
        return value


@dataclass(frozen=True)
class Number:
    """Digits; becomes an int."""

    def check(self, value, where):
        if not isinstance(value, str) or not re.fullmatch(r"\d{1,6}", value):
            raise Unclear(f"{where}: has to be a number, not {value!r}")
        return int(value)


@dataclass(frozen=True)
class YesNo:
    """``yes`` or ``no``; becomes a bool."""

    def check(self, value, where):
        if value not in ("yes", "no"):
            raise Unclear(f"{where}: has to be yes or no, not {value!r}")
        return value == "yes"


@dataclass(frozen=True)
class Choice:
    """One of some words."""

    words: tuple[str, ...]

    def check(self, value, where):
        if value not in self.words:
            raise Unclear(f"{where}: {value!r} is none of {_listed(self.words)}")
        return value


@dataclass(frozen=True)
class Words:
    """A mapping whose keys are known.

    :param main: the key that a mere text stands for
    :param needed: keys that may not be missing
    """

    of: dict
    main: str = ""
    needed: tuple[str, ...] = ()

    def check(self, value, where):
        if self.main and isinstance(value, str):
            value = {self.main: value}
        if not isinstance(value, dict):
            raise Unclear(f"{where}: has to be a list of “word: value”, with {_listed(self.of)}")
        for key in value:
            if key not in self.of:
                raise Unclear(f"{where}: there is no word {key!r} here, but {_listed(self.of)}")
        for key in self.needed:
            if key not in value:
                raise Unclear(f"{where}: {key!r} is missing")
        return {key: self.of[key].check(each, f"{where} > {key}") for key, each in value.items()}


@dataclass(frozen=True)
class Several:
    """A list; one value may stand without a list."""

    of: object

    def check(self, value, where):
        if value == "":
            return []
        values = value if isinstance(value, list) else [value]
        return [
            self.of.check(each, f"{where}, number {number}")
            for number, each in enumerate(values, 1)
        ]


@dataclass(frozen=True)
class Free:
    """A mapping whose keys are free: names of header fields, of support aliases."""

    of: object

    def check(self, value, where):
        if not isinstance(value, dict):
            raise Unclear(f"{where}: has to be a list of “name: value”")
        return {key: self.of.check(each, f"{where} > {key}") for key, each in value.items()}


def _listed(words) -> str:
    return ", ".join(f"“{each}”" for each in sorted(words))


TEXT, NUMBER, YES_NO = Text(), Number(), YesNo()
TEXTS = Several(TEXT)

POLICIES = Words(
    {
        "create contacts": Choice(("always", "by rule")),
        "contact from reply-to": YES_NO,
        "requester from forwarded mail": YES_NO,
        "known contacts only": YES_NO,
        "answer unknown senders": YES_NO,
        "append to open ticket": YES_NO,
        "append only to a single ticket": YES_NO,
        "closed tickets": Choice(("reopen", "new ticket", "new ticket after days")),
        "days": NUMBER,
        "thank-you keeps closed": YES_NO,
        "same account takes part": YES_NO,
        "contacts of cc people": YES_NO,
        "one ticket for several aliases": YES_NO,
        "number in the subject": TEXT,
    }
)
#: Policies that only a company has.
OF_COMPANY = (
    "answer unknown senders",
    "append only to a single ticket",
    "number in the subject",
    "one ticket for several aliases",
)
TEAM_POLICIES = Words({key: POLICIES.of[key] for key in POLICIES.of if key not in OF_COMPANY})

TICKET = Words(
    {
        "ticket": TEXT,
        "from": TEXT,
        "to": TEXT,
        "cc": TEXTS,
        "subject": TEXT,
        "text": TEXT,
        "state": Choice(("open", "closed", "archived", "deleted", "merged")),
        "closed days ago": NUMBER,
        "merged into": TEXT,
        "answers": NUMBER,
        "internal note by": TEXT,
        "assigned to": TEXT,
        "followers": TEXTS,
        "forwarded to": TEXT,
        "outlook conversation": TEXT,
    },
    main="ticket",
    needed=("ticket",),
)

ATTACHED_MAIL = Words(
    {
        "from": TEXT,
        "to": TEXT,
        "cc": TEXT,
        "subject": TEXT,
        "text": TEXT,
        "attachments": TEXTS,
        "headers": Free(TEXTS),
    },
    needed=("from",),
)

MAIL = Words(
    {
        "like": TEXT,
        "file": TEXT,
        "same as": TEXT,
        "from": TEXT,
        "to": TEXT,
        "cc": TEXT,
        "reply to": TEXT,
        "sender": TEXT,
        "subject": TEXT,
        "text": TEXT,
        "html": TEXT,
        "date": TEXT,
        "message id": TEXT,
        "headers": Free(TEXTS),
        "delivered to": TEXT,
        "answers": TEXT,
        "outlook conversation": TEXT,
        "authentication": TEXTS,
        "automatic": Choice(("auto-generated", "auto-replied")),
        "our mark": Choice(("answer", "automatic", "forward")),
        "of ticket": TEXT,
        "attachments": TEXTS,
        "attached mail": ATTACHED_MAIL,
        "calendar": Words(
            {
                "method": Choice(("REQUEST", "REPLY", "CANCEL", "COUNTER")),
                "summary": TEXT,
                "organizer": TEXT,
                "attendee": TEXT,
                "says": Choice(("ACCEPTED", "DECLINED", "TENTATIVE")),
                "start": TEXT,
                "comment": TEXT,
            }
        ),
        "bounce": Words(
            {
                "of": TEXT,
                "recipient": TEXT,
                "status": TEXT,
                "reply": TEXT,
                "action": Choice(("failed", "delayed", "delivered", "relayed")),
                "reason": TEXT,
                "original": Choice(("headers", "whole mail", "none")),
            },
            needed=("recipient",),
        ),
        "receipt": Words(
            {
                "of": TEXT,
                "recipient": TEXT,
                "says": Choice(("displayed", "deleted", "dispatched", "processed")),
            },
            needed=("of",),
        ),
        "complaint": Words({"of": TEXT, "recipient": TEXT}),
        "comes by": Choice(("scanner", "gateway")),
    }
)
EARLIER_MAIL = Words({"mail": TEXT, **MAIL.of}, needed=("mail",))

RULE = Words(
    {
        "name": TEXT,
        "when": TEXT,
        "do": Several(
            Choice(("ignore", "hold", "spam", "ticket", "new ticket", "append", "contact"))
        ),
    },
    needed=("do",),
)

GIVEN = Words(
    {
        "policies": POLICIES,
        "team policies": TEAM_POLICIES,
        "companies": Several(
            Words({"company": TEXT, "policies": POLICIES}, main="company", needed=("company",))
        ),
        "accounts": Several(
            Words({"account": TEXT, "website": TEXT}, main="account", needed=("account",))
        ),
        "contacts": Several(
            Words(
                {
                    "contact": TEXT,
                    "account": TEXT,
                    "company": TEXT,
                    "archived": YES_NO,
                    "not deliverable": YES_NO,
                },
                main="contact",
                needed=("contact",),
            )
        ),
        "agents": Several(
            Words(
                {"agent": TEXT, "active": YES_NO, "in the team": YES_NO},
                main="agent",
                needed=("agent",),
            )
        ),
        "portal users": TEXTS,
        "support alias": Words(
            {
                "intake": YES_NO,
                "known contacts only": YES_NO,
                "automatic answer": YES_NO,
                "other addresses": TEXTS,
                "when dmarc fails": Choice(("accept and mark", "hold", "spam")),
            }
        ),
        "aliases": Several(
            Words(
                {
                    "alias": TEXT,
                    "company": TEXT,
                    "intake": YES_NO,
                    "same team": YES_NO,
                    "when dmarc fails": Choice(("accept and mark", "hold", "spam")),
                },
                main="alias",
                needed=("alias",),
            )
        ),
        "lead alias": TEXT,
        "from addresses": TEXTS,
        "trusted forwarders": TEXTS,
        "blocked senders": TEXTS,
        "trusted senders": TEXTS,
        "rules": Several(RULE),
        "tickets": Several(TICKET),
        "earlier mails": Several(EARLIER_MAIL),
    }
)

#: What a mail became; the words of the ledger.
OUTCOMES = {
    "ticket": "ticket",
    "reply": "reply",
    "note": "note",
    "bounce": "bounce",
    "receipt": "receipt",
    "complaint": "complaint",
    "kept in the list": "ledger",
    "not taken in": "not_taken_in",
    "ignored": "ignored",
    "held": "held",
    "passed on": "passed_on",
    "duplicate": "duplicate",
}
OUTCOME = Choice(tuple(OUTCOMES))

THEN = Words(
    {
        "outcome": OUTCOME,
        "outcomes": Free(OUTCOME),
        "kind": Choice(
            (
                "message",
                "automatic",
                "list",
                "auto_reply",
                "bounce",
                "receipt",
                "feedback",
                "calendar",
                "forwarding",
            )
        ),
        "ticket": TEXT,
        "tickets made": NUMBER,
        "contacts made": NUMBER,
        "mails sent": NUMBER,
        "requester": TEXT,
        "contact": TEXT,
        "title": TEXT,
        "description has": TEXTS,
        "author": TEXT,
        "message has": TEXTS,
        "message lacks": TEXTS,
        "folded": TEXTS,
        "attachments": TEXTS,
        "internal": YES_NO,
        "customer sees it": YES_NO,
        "reopened": YES_NO,
        "state": Choice(("open", "closed")),
        "assigned to": TEXT,
        "cc": TEXTS,
        "linked to": TEXT,
        "marked": TEXTS,
        "unverified": YES_NO,
        "notes": TEXTS,
        "not delivered to": TEXTS,
        "sent message says": TEXTS,
        "not deliverable": TEXTS,
        "still deliverable": TEXTS,
        "why": TEXTS,
        "but not": TEXTS,
    }
)

SITUATION = Words(
    {"name": TEXT, "because": TEXT, "given": GIVEN, "mail": MAIL, "then": THEN},
    needed=("name", "mail", "then"),
)


def vocabulary(words=SITUATION, _seen=()) -> set[str]:
    """All words of the vocabulary, also those of lists and choices."""
    found = set()
    if isinstance(words, Words):
        for key, each in words.of.items():
            found |= {key} | vocabulary(each)
    elif isinstance(words, Several | Free):
        found |= vocabulary(words.of)
    elif isinstance(words, Choice):
        found |= set(words.words)
    return found


# ------------------------------------------------------------
# FILES
# ------------------------------------------------------------


class _Loader(yaml.BaseLoader):
    """All scalars as text; a key that stands twice is an error."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _value in node.value]
        for number, key in enumerate(keys):
            if key in keys[:number]:
                line = node.value[number][0].start_mark.line + 1
                raise Unclear(f"line {line}: {key!r} stands here twice")
        return super().construct_mapping(node, deep)


@dataclass(frozen=True)
class Situation:
    """One situation of a file.

    :param file: name of the file without its ending
    """

    file: str
    name: str
    given: dict
    mail: dict
    then: dict

    @property
    def slug(self) -> str:
        """Its name, as the name of a test method."""
        return re.sub(r"\W+", "_", self.name.lower()).strip("_")


def read_file(path: Path) -> tuple[list[Situation], list[str]]:
    """The situations of a file, and what is wrong with the others."""
    try:
        return read_text(path.read_text(encoding="utf-8"), path.name)
    except UnicodeDecodeError as error:
        return [], [f"{path.name}: is not UTF-8 ({error.reason}); save it as UTF-8"]


def read_text(text: str, file: str) -> tuple[list[Situation], list[str]]:
    """The same of the text of a file.

    :param file: its name, which problems begin with
    """
    try:
        # no YAML object is ever built: all are text, lists and mappings
        found = yaml.load(text, _Loader)
    except (yaml.YAMLError, Unclear) as error:
        return [], [f"{file}: {error}"]
    if not isinstance(found, list):
        return [], [f"{file}: has to be a list of situations, each beginning with “- name:”"]
    mails = {
        each.get("name"): each["mail"]
        for each in found
        if isinstance(each, dict) and isinstance(each.get("mail"), dict)
    }
    situations, problems = [], []
    for number, each in enumerate(found, 1):
        name = each.get("name") if isinstance(each, dict) else None
        where = f"{file}, “{name}”" if isinstance(name, str) else f"{file}, situation {number}"
        try:
            checked = SITUATION.check(each, where)
            _complete(checked, mails, where)
        except Unclear as error:
            problems.append(str(error))
            continue
        situations.append(
            Situation(
                file.removesuffix(".yaml"),
                checked["name"],
                checked.get("given", {}),
                checked["mail"],
                checked["then"],
            )
        )
    return situations, problems


def _complete(situation: dict, mails: dict, where: str) -> None:
    """Put in what mails have like the mail of another situation of the file.

    :param mails: name of a situation -> its mail, as it stands there
    """
    for mail in (situation["mail"], *situation.get("given", {}).get("earlier mails", ())):
        name = mail.pop("like", None)
        if name is None:
            continue
        if name not in mails or "like" in mails[name]:
            raise Unclear(
                f"{where} > mail > like: no situation of this file with a whole mail is"
                f" called {name!r}"
            )
        for word, value in MAIL.check(mails[name], where).items():
            mail.setdefault(word, value)


def read_folder(folder: Path = FOLDER) -> tuple[list[Situation], list[str]]:
    """The situations of all files, and what is wrong with the others."""
    situations, problems, first = [], [], {}
    for path in sorted(folder.glob("*.yaml")):
        found, wrong = read_file(path)
        problems += wrong
        for each in found:
            if each.slug in first:
                problems.append(
                    f"{path.name}, “{each.name}”: another situation has this name, in"
                    f" {first[each.slug]}.yaml"
                )
                continue
            first[each.slug] = each.file
            situations.append(each)
    return situations, problems
