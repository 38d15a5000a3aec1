"""What calendar parts say: who invites, who answers, when."""

import time
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from test_mail import multipart

from mailflow.invitation import Recurrence, methods, read_calendar, read_invitations
from mailflow.mail import read

ZONE = """BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:{summer}
TZOFFSETTO:{winter}
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:{winter}
TZOFFSETTO:{summer}
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


def calendar(event, method="REQUEST", zone=""):
    head = f"METHOD:{method}\n" if method else ""
    return (
        f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}{zone}BEGIN:VEVENT\nUID:1@acorn.example\n"
        f"{event}\nBEGIN:VALARM\nTRIGGER:-PT15M\nSUMMARY:Not this\nEND:VALARM\n"
        "END:VEVENT\nEND:VCALENDAR\n"
    ).replace("\n", "\r\n").encode()  # fmt: skip


def event(*lines, **more):
    found = read_calendar(calendar("\n".join(lines), **more))
    assert len(found) == 1
    return found[0]


def test_an_answer_says_who_accepted_what():
    found = event(
        "SUMMARY:Review\\, second part",
        "DTSTART;TZID=Europe/Berlin:20260303T100000",
        "DTEND;TZID=Europe/Berlin:20260303T110000",
        'ATTENDEE;CN="Roe, Jane";PARTSTAT=ACCEPTED:mailto:jane@acorn.example',
        "ORGANIZER;CN=Support:MAILTO:support@example.org",
        "COMMENT:See you there",
        method="REPLY",
    )
    assert (found.method, found.summary) == ("REPLY", "Review, second part")
    assert found.start == datetime(2026, 3, 3, 10, tzinfo=ZoneInfo("Europe/Berlin"))
    assert found.end.hour == 11 and found.zone == "Europe/Berlin"
    assert [(each.address.name, each.address.email, each.status) for each in found.attendees] == [
        ("Roe, Jane", "jane@acorn.example", "ACCEPTED")
    ]
    assert found.organizer.email == "support@example.org"
    assert found.comment == "See you there"


def test_time_zones_as_windows_names_them():
    found = event("DTSTART;TZID=W. Europe Standard Time:20260703T100000")
    assert found.zone == "Europe/Berlin"
    assert found.start.utcoffset() == timedelta(hours=2)


def test_time_zones_with_the_path_of_a_program():
    found = event("DTSTART;TZID=/mozilla.org/20070129_1/Europe/Paris:20260703T100000")
    assert (found.zone, found.start.utcoffset()) == ("Europe/Paris", timedelta(hours=2))


def test_a_time_zone_that_the_file_defines_counts_for_that_file_alone():
    line = "DTSTART;TZID=Customized Time Zone:20260703T100000"
    first = event(line, zone=ZONE.format(summer="+0200", winter="+0100"))
    second = event(line, zone=ZONE.format(summer="-0400", winter="-0500"))
    assert first.start.utcoffset() == timedelta(hours=2)
    assert second.start.utcoffset() == timedelta(hours=-4)
    winter = event(
        "DTSTART;TZID=Customized Time Zone:20260103T100000",
        zone=ZONE.format(summer="+0200", winter="+0100"),
    )
    assert winter.start.utcoffset() == timedelta(hours=1)


def test_a_time_zone_that_nobody_knows_is_local_time():
    found = event("DTSTART;TZID=Middle-earth:20260703T100000")
    assert (found.start, found.zone) == (datetime(2026, 7, 3, 10), "")


def test_whole_days_end_with_the_last_of_them():
    found = event("DTSTART;VALUE=DATE:20260703", "DTEND;VALUE=DATE:20260706")
    assert (found.start, found.end, found.all_day) == (date(2026, 7, 3), date(2026, 7, 5), True)
    one = event("DTSTART;VALUE=DATE:20260703", "DTEND;VALUE=DATE:20260704")
    assert (one.start, one.end) == (date(2026, 7, 3), None)


def test_a_duration_instead_of_an_end():
    found = event("DTSTART:20260703T100000Z", "DURATION:PT90M")
    assert (found.start, found.zone) == (datetime(2026, 7, 3, 10, tzinfo=timezone.utc), "UTC")
    assert found.end == datetime(2026, 7, 3, 11, 30, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=WE,MO;COUNT=5", Recurrence("WEEKLY", weekdays=(0, 2), count=5)),
        ("FREQ=DAILY;INTERVAL=2;UNTIL=20260801T000000Z",
         Recurrence("DAILY", interval=2, until=date(2026, 8, 1))),
        ("FREQ=MONTHLY;BYMONTHDAY=3", Recurrence("MONTHLY")),
        ("FREQ=HOURLY", Recurrence("")),
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1", Recurrence("")),
    ],
)  # fmt: skip
def test_recurrence(rule, expected):
    assert event("DTSTART:20260703T100000Z", f"RRULE:{rule}").recurrence == expected


def test_a_cancelled_occurrence_of_a_series():
    found = event("DTSTART:20260703T100000Z", "RECURRENCE-ID:20260703T100000Z", "STATUS:CANCELLED")
    assert found.cancelled and found.one_of_series
    assert event("DTSTART:20260703T100000Z", method="CANCEL").cancelled


def test_the_same_event_in_the_body_and_as_a_file_counts_once():
    text = calendar("SUMMARY:Review\nDTSTART:20260303T100000Z").decode()
    source = multipart(
        "Content-Type: text/plain\n\nYou are invited",
        f"Content-Type: text/calendar; method=REQUEST\n\n{text}",
        f"Content-Type: application/ics; name=invite.ics\n"
        f"Content-Disposition: attachment; filename=invite.ics\n\n{text}",
        kind="mixed",
    )
    mail = read(source)
    assert methods(mail) == {"REQUEST"}
    assert [each.summary for each in read_invitations(mail)] == ["Review"]
    # and both are kept
    assert len(mail.attachments) == 2


def test_an_alternative_is_kept_as_a_file():
    text = calendar("SUMMARY:Review\nDTSTART:20260303T100000Z").decode()
    source = multipart(
        "Content-Type: text/plain\n\nYou are invited",
        f"Content-Type: text/calendar; method=REQUEST\n\n{text}",
        kind="alternative",
    )
    mail = read(source)
    assert mail.text == "You are invited"
    assert [each.content_type for each in mail.attachments] == ["text/calendar"]


BROKEN = {
    "nothing": b"",
    "no calendar": b"hello",
    "not closed": b"BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nSUMMARY:x",
    "closed wrongly": b"END:VEVENT\nBEGIN:VCALENDAR\nEND:VEVENT\nEND:VCALENDAR\n",
    "no values": calendar("DTSTART\nSUMMARY\nATTENDEE;CN\nRRULE:\nDTEND:\nDURATION:x"),
    "wrong values": calendar("DTSTART:99999999\nRRULE:FREQ=X;COUNT=a\nATTENDEE:"),
    "attendees": calendar("ATTENDEE;CN=x:mailto:a@b.c\n" * 8000),
    "nested": b"BEGIN:VCALENDAR\n" * 15_000,
    "zones": b"BEGIN:VCALENDAR\n" + b"BEGIN:VTIMEZONE\n" * 15_000,
    "zone rule": calendar("DTSTART;TZID=A:20260101T000000", zone=(
        "BEGIN:VTIMEZONE\nTZID:A\nBEGIN:STANDARD\nDTSTART:19000101T000000\nTZOFFSETTO:+0100\n"
        "RRULE:FREQ=SECONDLY\nEND:STANDARD\nEND:VTIMEZONE\n")),
    "lines": calendar("SUMMARY:1\n" * 25_000),
    "parameters": calendar("SUMMARY" + ";a=b" * 60_000 + ":1"),
    "quotes": calendar("SUMMARY;a=" + '"' * 200_000 + ":1"),
    "rule": calendar("RRULE:FREQ=SECONDLY;BYSECOND=" + "1," * 50_000 + "1"),
    "events": b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\nUID:1\nEND:VEVENT\n" * 8000,
}  # fmt: skip


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_broken_and_hostile_files(data):
    start = time.monotonic()
    found = read_calendar(data)
    assert time.monotonic() - start < 3
    assert len(found) <= 20
