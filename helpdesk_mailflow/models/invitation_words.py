# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Invitations in words: who accepted what, when it is and how it comes again."""

from datetime import datetime

from babel.dates import format_date, format_time, get_day_names

from odoo.tools import babel_locale_parse
from odoo.tools.translate import LazyTranslate

from ..mailflow.invitation import Invitation

_lt = LazyTranslate(__name__)

#: PARTSTAT of an answer (RFC 5545 section 3.2.12).
ANSWERS = {
    "ACCEPTED": _lt("%(who)s accepted “%(event)s”."),
    "DECLINED": _lt("%(who)s declined “%(event)s”."),
    "TENTATIVE": _lt("%(who)s may come to “%(event)s”."),
    "DELEGATED": _lt("%(who)s has somebody else come to “%(event)s”."),
}
ANSWER = _lt("%(who)s answered the invitation to “%(event)s”.")
METHODS = {
    "PUBLISH": _lt("Event: “%(event)s”."),
    "REQUEST": _lt("Invitation from %(organizer)s: “%(event)s”."),
    "ADD": _lt("Further date of “%(event)s”, from %(organizer)s."),
    "CANCEL": _lt("%(organizer)s cancelled “%(event)s”."),
    "COUNTER": _lt("%(who)s proposes another time for “%(event)s”."),
    "DECLINECOUNTER": _lt("%(organizer)s keeps the time of “%(event)s”."),
    "REFRESH": _lt("%(who)s asks for the current state of “%(event)s”."),
}
CANCELLED_OCCURRENCE = _lt("%(organizer)s cancelled one date of “%(event)s”.")
NO_NAME = _lt("No title")
SOMEBODY = _lt("somebody")
WHEN = _lt("When: %(when)s")
WHERE = _lt("Where: %(where)s")
COMMENT = _lt("Comment: %(comment)s")
INVITED = _lt("Invited: %(names)s")
AND_MORE = _lt("%(names)s and %(count)s more")
ALL_DAY = _lt("%(day)s, all day")
ALL_DAYS = _lt("%(day)s to %(last)s, all day")
FROM_TO = _lt("%(start)s to %(end)s")
IN_ZONE = _lt("%(time)s (%(zone)s)")
LOCAL = _lt("local time")
#: Interval of one, interval of several.
FREQUENCIES = {
    "DAILY": (_lt("Every day"), _lt("Every %(interval)s days")),
    "WEEKLY": (_lt("Every week"), _lt("Every %(interval)s weeks")),
    "MONTHLY": (_lt("Every month"), _lt("Every %(interval)s months")),
    "YEARLY": (_lt("Every year"), _lt("Every %(interval)s years")),
    "": (_lt("Comes again"), _lt("Comes again")),
}
ON_DAYS = _lt("%(rhythm)s on %(days)s")
UNTIL = _lt("%(rhythm)s until %(day)s")
TIMES = _lt("%(rhythm)s, %(count)s times in all")
NAMES = 5


def invitation_lines(env, event: Invitation) -> list[str]:
    """What an event is, in the language of ``env``: one line for each thing to know."""
    say = env._
    lines = [_what(env, event)]
    when = _when(env, event)
    if when:
        lines.append(say(WHEN) % {"when": when})
    if event.recurrence and not event.one_of_series:
        lines.append(_rhythm(env, event.recurrence))
    if event.location:
        lines.append(say(WHERE) % {"where": event.location})
    if event.method in ("REQUEST", "ADD") and event.attendees:
        names = ", ".join(_name(each.address) for each in event.attendees[:NAMES])
        more = len(event.attendees) - NAMES
        if more > 0:
            names = say(AND_MORE) % {"names": names, "count": more}
        lines.append(say(INVITED) % {"names": names})
    if event.comment and event.method in ("REPLY", "COUNTER", "CANCEL"):
        lines.append(say(COMMENT) % {"comment": event.comment})
    return lines


def _name(address) -> str:
    return address.name or address.email


def _what(env, event: Invitation) -> str:
    say = env._
    who = _name(event.attendees[0].address) if event.attendees else ""
    values = {
        "event": event.summary or say(NO_NAME),
        "who": who or say(SOMEBODY),
        "organizer": (event.organizer and _name(event.organizer)) or say(SOMEBODY),
    }
    if event.method == "REPLY":
        status = event.attendees[0].status if event.attendees else ""
        return say(ANSWERS.get(status, ANSWER)) % values
    if event.cancelled:
        return say(CANCELLED_OCCURRENCE if event.one_of_series else METHODS["CANCEL"]) % values
    return say(METHODS.get(event.method, METHODS["PUBLISH"])) % values


def _when(env, event: Invitation) -> str:
    if event.start is None:
        return ""
    say, locale = env._, babel_locale_parse(env.lang)

    def day(moment):
        return format_date(moment, "full", locale=locale)

    def time(moment):
        return format_time(moment.time(), "short", locale=locale)

    if not isinstance(event.start, datetime):
        if event.end:
            return say(ALL_DAYS) % {"day": day(event.start), "last": day(event.end)}
        return say(ALL_DAY) % {"day": day(event.start)}
    text = f"{day(event.start)} {time(event.start)}"
    if isinstance(event.end, datetime):
        end = event.end
        if event.start.tzinfo and end.tzinfo:
            end = end.astimezone(event.start.tzinfo)
        same_day = end.date() == event.start.date()
        last = time(end) if same_day else f"{day(end)} {time(end)}"
        text = f"{text}–{last}" if same_day else say(FROM_TO) % {"start": text, "end": last}
    return say(IN_ZONE) % {"time": text, "zone": event.zone or say(LOCAL)}


def _rhythm(env, recurrence) -> str:
    say, locale = env._, babel_locale_parse(env.lang)
    one, several = FREQUENCIES[recurrence.frequency]
    text = say(several if recurrence.interval > 1 else one) % {"interval": recurrence.interval}
    if recurrence.weekdays:
        names = get_day_names("wide", locale=locale)
        days = ", ".join(names[each] for each in recurrence.weekdays)
        text = say(ON_DAYS) % {"rhythm": text, "days": days}
    if recurrence.until:
        day = format_date(recurrence.until, "long", locale=locale)
        return say(UNTIL) % {"rhythm": text, "day": day}
    if recurrence.count:
        return say(TIMES) % {"rhythm": text, "count": recurrence.count}
    return text
