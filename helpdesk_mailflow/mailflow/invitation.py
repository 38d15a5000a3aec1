"""What the calendar part of a mail says: invitations, answers to them, cancellations.

iTIP (RFC 5546) in mails (RFC 6047), read by ``icalendar``. Time zones are told here: those that
a file defines itself are not given to ``icalendar``, which would keep them for the next file
under the same name, and work out recurrences that never end.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from email.utils import parseaddr
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Calendar
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from . import charset
from .charset import one_line
from .header import Address
from .mail import Attachment, Mail

#: Bytes of a calendar file that are looked at.
MAX_BYTES = 256 * 1024
MAX_EVENTS = 20
MAX_ATTENDEES = 200
MAX_TEXT = 500
#: Calendar files of one mail that are looked at.
MAX_FILES = 5

_TYPES = {"text/calendar", "application/ics", "text/x-vcalendar"}
_METHODS = {
    "PUBLISH", "REQUEST", "REPLY", "ADD", "CANCEL", "REFRESH", "COUNTER", "DECLINECOUNTER",
}  # fmt: skip
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WANTED = {
    "BEGIN", "END", "METHOD", "VERSION", "PRODID", "UID", "SUMMARY", "DTSTART", "DTEND", "DURATION",
    "ATTENDEE", "ORGANIZER", "LOCATION", "COMMENT", "STATUS", "RECURRENCE-ID", "RRULE", "RDATE",
}  # fmt: skip
_AN_EVENT = ["VCALENDAR", "VEVENT"]
_MAX_LINES = 2000
_MAX_ZONES = 20
_MAX_ZONE_LINES = 200
_NAME = re.compile(r"[A-Z-]+(?=[:;])")
# Not to be looked up by icalendar.
_TZID = re.compile(r";TZID=", re.I)
_OBSERVANCE = re.compile(
    r"^BEGIN:(STANDARD|DAYLIGHT)\s*$(.*?)^END:\1\s*$", re.DOTALL | re.MULTILINE | re.I
)
_LINE = re.compile(r"^([A-Z-]{1,40})(?:;[^:\n]{0,200})?:(.{0,500})$", re.MULTILINE | re.I)
_YEARLY = re.compile(
    r"FREQ=YEARLY(?:;(?:INTERVAL=1|WKST=[A-Z]{2}|BYMONTH=\d{1,2}|BYDAY=[+-]?[1-5]?[A-Z]{2}"
    r"|BYMONTHDAY=-?\d{1,2}(?:,-?\d{1,2}){0,7}|UNTIL=[0-9TZ]{8,16}))*;?$",
    re.I,
)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
_UNFOLD = re.compile(r"\r?\n[ \t]")


@dataclass(frozen=True)
class Attendee:
    """Somebody who is invited.

    :param status: PARTSTAT in upper case: NEEDS-ACTION, ACCEPTED, DECLINED, TENTATIVE,
        DELEGATED, …
    """

    address: Address
    status: str


@dataclass(frozen=True)
class Recurrence:
    """How an event comes again.

    :param frequency: DAILY, WEEKLY, MONTHLY or YEARLY; ``""`` for anything less simple
    :param weekdays: Monday is 0; of a weekly event
    :param count: how often in all, 0 if not told
    :param until: the last day, None if not told
    """

    frequency: str
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    count: int = 0
    until: date | None = None


@dataclass(frozen=True)
class Invitation:
    """An event of a calendar part.

    :param method: of iTIP, upper case; ``"PUBLISH"`` if there is none
    :param start: a datetime in its own zone, one without a zone (local time, "floating"), or a
        date for an event of whole days; None if it is not told
    :param end: likewise; of whole days the last of them
    :param zone: name of the time zone as people know it, ``""`` if it has none
    :param comment: what an attendee wrote with the answer
    :param cancelled: also of one event of a series
    :param one_of_series: it is about one occurrence only
    """

    method: str
    uid: str
    summary: str = ""
    start: datetime | date | None = None
    end: datetime | date | None = None
    zone: str = ""
    recurrence: Recurrence | None = None
    location: str = ""
    organizer: Address | None = None
    attendees: tuple[Attendee, ...] = ()
    comment: str = ""
    cancelled: bool = False
    one_of_series: bool = False

    @property
    def all_day(self) -> bool:
        return self.start is not None and not isinstance(self.start, datetime)


def is_calendar(attachment: Attachment) -> bool:
    """Whether a file is one of a calendar, by its type or name."""
    return attachment.content_type in _TYPES or attachment.name.lower().endswith(".ics")


def methods(mail: Mail) -> frozenset[str]:
    """The iTIP methods of the calendar parts in the body of a mail."""
    return frozenset(mail.delivery.calendar_methods) & _METHODS


def read_invitations(mail: Mail) -> tuple[Invitation, ...]:
    """The events that a mail is about, each once (the same file often comes as a part of the
    body and as a file). What cannot be read is left out. Never raises."""
    found: dict[tuple, Invitation] = {}
    files = [each for each in mail.attachments if is_calendar(each)]
    declared = next(iter(methods(mail)), "") if len(methods(mail)) == 1 else ""
    for each in files[:MAX_FILES]:
        for event in read_calendar(each.content, declared):
            key = (event.uid, event.method, event.start if event.one_of_series else None)
            found.setdefault(key, event)
    return tuple(found.values())[:MAX_EVENTS]


def read_calendar(data: bytes, method: str = "") -> tuple[Invitation, ...]:
    """The events of a calendar file.

    :param method: of the content type, if the file names none
    :return: () for a file that cannot be read
    """
    text = charset.decode(data[:MAX_BYTES], "utf-8")[0]
    text = _UNFOLD.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    try:
        wanted, zones = _split(text)
        calendar = Calendar.from_ical(wanted)
        named = one_line(str(calendar.get("METHOD", ""))).upper()
        method = named if named in _METHODS else method if method in _METHODS else "PUBLISH"
        events = [each for each in calendar.subcomponents if each.name == "VEVENT"]
        return tuple(_event(each, method, zones) for each in events[:MAX_EVENTS])
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError):
        # what icalendar raises on a file that breaks the format depends on where it does
        return ()


def _split(text: str) -> tuple[str, dict[str, str]]:
    """The events of a calendar file with the properties that are wanted, and the time zones
    that it defines: name -> definition.

    Without components of another kind, and none within an event: alarms say nothing to whoever
    reads a mail, and nesting would have no end.
    """
    kept: list[str] = []
    zones: list[list[str]] = []
    inside: list[str] = []
    events = 0
    for line in text.split("\n"):
        head = line[:40].upper().strip()
        if head.startswith("BEGIN:"):
            inside.append(head[6:])
            if inside == ["VCALENDAR", "VTIMEZONE"]:
                zones.append([])
            elif inside == _AN_EVENT:
                events += 1
        name = _NAME.match(head)
        if inside[:2] == ["VCALENDAR", "VTIMEZONE"]:
            if len(zones) <= _MAX_ZONES and len(zones[-1]) < _MAX_ZONE_LINES:
                zones[-1].append(line[:500])
        elif (
            name
            and name[0] in _WANTED
            and inside in (["VCALENDAR"], _AN_EVENT)
            and len(kept) < _MAX_LINES
            and events <= MAX_EVENTS
        ):
            kept.append(_TZID.sub(";X-ZONE=", line, count=1))
        if head.startswith("END:") and inside:
            inside.pop()
            if not inside:
                break
    if not kept:
        raise ValueError("no calendar")
    if len(kept) == _MAX_LINES or inside or events > MAX_EVENTS:
        kept = [each for each in kept if each[:13].upper().strip() != "END:VCALENDAR"]
        within = sum(_bracket(each) for each in kept)
        kept += ["END:VEVENT"] * (within == 2) + ["END:VCALENDAR"]
    defined = {}
    for lines in zones[:_MAX_ZONES]:
        for line in lines:
            found = _LINE.match(line)
            if found and found[1].upper() == "TZID":
                defined.setdefault(one_line(found[2])[:200], "\n".join(lines))
                break
    return "\r\n".join(kept) + "\r\n", defined


def _bracket(line: str) -> int:
    head = line[:6].upper()
    return (head == "BEGIN:") - head.startswith("END:")


def _event(event, method: str, zones) -> Invitation:
    start, zone = _moment(event.get("DTSTART"), zones)
    end, _zone = _moment(event.get("DTEND"), zones)
    if end is None and start is not None and event.get("DURATION"):
        length = getattr(event.get("DURATION"), "dt", None)
        end = start + length if isinstance(length, timedelta) else None
    if start is not None and end is not None and not isinstance(start, datetime):
        # RFC 5545, 3.6.1: the end is the first day that is no longer part of it
        end = end.date() if isinstance(end, datetime) else end
        end = max(start, end - timedelta(1))
    attendees = [_person(each) for each in _several(event.get("ATTENDEE"))[:MAX_ATTENDEES]]
    organizer = _person(event.get("ORGANIZER")) if event.get("ORGANIZER") else None
    return Invitation(
        method=method,
        uid=_text(event, "UID"),
        summary=_text(event, "SUMMARY"),
        start=start,
        end=end if end != start else None,
        zone=zone,
        recurrence=_recurrence(event),
        location=_text(event, "LOCATION"),
        organizer=organizer.address if organizer else None,
        attendees=tuple(attendees),
        comment=_text(event, "COMMENT"),
        cancelled=method == "CANCEL" or _text(event, "STATUS").upper() == "CANCELLED",
        one_of_series=bool(event.get("RECURRENCE-ID")),
    )


def _several(value) -> list:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _text(event, name: str) -> str:
    found = _several(event.get(name))
    return one_line(str(found[0]))[:MAX_TEXT] if found else ""


def _person(value) -> Attendee:
    value = _several(value)[0]
    email = re.sub(r"^mailto:", "", str(value).strip(), flags=re.I)
    _name, email = parseaddr(email) if "@" in email else ("", "")
    parameters = getattr(value, "params", {})
    name = one_line(str(parameters.get("CN", "")))[:200]
    status = one_line(str(parameters.get("PARTSTAT", "") or "NEEDS-ACTION")).upper()[:40]
    return Attendee(Address("" if name == email else name, email), status)


def _recurrence(event) -> Recurrence | None:
    rules = _several(event.get("RRULE"))
    if not rules:
        return Recurrence("") if event.get("RDATE") else None
    rule = rules[0]

    def number(name):
        found = _several(rule.get(name))
        return int(found[0]) if found else 0

    frequency = str((_several(rule.get("FREQ")) or [""])[0]).upper()
    days = [str(each).upper() for each in _several(rule.get("BYDAY"))]
    simple = (
        len(rules) == 1
        and frequency in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
        and not {"BYSETPOS", "BYWEEKNO", "BYYEARDAY", "BYHOUR"} & set(rule)
        and all(each in _WEEKDAYS for each in days if frequency == "WEEKLY")
    )
    until = _several(rule.get("UNTIL"))
    last = until[0] if until else None
    if isinstance(last, datetime):
        last = last.date()
    return Recurrence(
        frequency if simple else "",
        interval=max(1, number("INTERVAL")),
        weekdays=tuple(sorted(_WEEKDAYS.index(each) for each in days if each in _WEEKDAYS))
        if frequency == "WEEKLY"
        else (),
        count=number("COUNT"),
        until=last if isinstance(last, date) else None,
    )


# -------------------------------------------------------------------------- time zones


def _moment(value, zones) -> tuple[datetime | date | None, str]:
    """A moment or a day, and the name of its time zone."""
    value = _several(value)[0] if value is not None else None
    moment = getattr(value, "dt", None)
    if not isinstance(moment, datetime):
        return (moment, "") if isinstance(moment, date) else (None, "")
    name = one_line(str(value.params.get("X-ZONE", "")))[:200]
    if moment.tzinfo is None and name:
        zone = _known_zone(name) or _defined_zone(zones.get(name), moment)
        moment = moment.replace(tzinfo=zone) if zone else moment
    if moment.tzinfo is None:
        return moment, ""
    return moment, getattr(moment.tzinfo, "key", "") or _short(name) or "UTC"


def _short(name: str) -> str:
    """A zone that a program named itself, without the path that some put before it."""
    return name.rpartition("/")[2][:60] if name.startswith("/") else name[:60]


def _known_zone(name: str) -> tzinfo | None:
    name = name.strip("\"' ")
    iana = WINDOWS_TO_OLSON.get(name, name)
    # "/freeassociation.sourceforge.net/Europe/Berlin", "/mozilla.org/20070129_1/Europe/Paris"
    pieces = iana.strip("/").split("/")
    for start in range(len(pieces)):
        candidate = "/".join(pieces[start:])
        if not re.fullmatch(r"[A-Za-z0-9_+/-]{2,64}", candidate):
            continue
        try:
            return ZoneInfo(candidate)
        except (KeyError, ValueError, OSError):
            continue  # no such zone
    return None


def _defined_zone(definition: str | None, moment: datetime) -> tzinfo | None:
    """The offset that a file's own time zone has at a moment; None if it cannot be told.

    Only rules that come once a year are worked out, which is what there is.
    """
    if not definition:
        return None
    latest = None
    for match in list(_OBSERVANCE.finditer(definition))[:20]:
        lines = {line[1].upper(): line[2].strip() for line in _LINE.finditer(match[2])}
        offset = _OFFSET.match(lines.get("TZOFFSETTO", ""))
        if not offset:
            continue
        onset = _onset(lines, moment)
        if onset and (latest is None or onset > latest[0]):
            sign = -1 if offset[1] == "-" else 1
            latest = (onset, sign * timedelta(hours=int(offset[2]), minutes=int(offset[3])))
    return timezone(latest[1]) if latest and abs(latest[1]) < timedelta(days=1) else None


def _onset(lines: dict[str, str], moment: datetime) -> datetime | None:
    """When an observance last began before a moment (local time)."""
    try:
        start = datetime.strptime(lines.get("DTSTART", "")[:15], "%Y%m%dT%H%M%S")
        rule = lines.get("RRULE", "")
        if start > moment or not rule:
            return start if start <= moment else None
        if not _YEARLY.match(rule):
            return None
        rule = re.sub(r";?UNTIL=([0-9T]+)Z?", r";UNTIL=\1", rule, flags=re.I)
        # from the year before on: the definition may begin in 1601
        near = start.replace(year=max(start.year, moment.year - 2), day=min(start.day, 28))
        return rrulestr(rule, dtstart=near).before(moment, inc=True)
    except (ValueError, TypeError, OverflowError):
        return None  # a definition that breaks the format
