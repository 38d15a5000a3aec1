"""When somebody who is away comes back: the date that an out-of-office message names.

A wrong date is worse than none: whoever waits for an answer plans by it. So a date counts only
when the words around it say that the absence ends there ("until", "back on", the second date of
a range), when it can be read in one way only, and when all such dates of the message agree.

Names of months come from the CLDR (by Babel), so that each language has its own; the words for
"until" and "back" are collected from what mail programs and people write.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from babel import Locale

from .fold import fold
from .language import language_of
from .mail import Mail
from .reply import cut_text

#: Characters that are looked at: an absence is told at the top.
MAX_TEXT = 4000
#: Days after the mail within which a date can be the end of an absence.
MAX_DAYS = 366
#: A date without a year counts as of next year only if it is that near (days). Else it has
#: passed: a message that nobody has switched off.
MAX_DAYS_OVER_NEW_YEAR = 183

_LOCALES = (
    "bg", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fi", "fr", "gl", "hr", "hu",
    "id", "is", "it", "lt", "lv", "nb", "nl", "nn", "pl", "pt", "ro", "ru", "sk", "sl", "sr",
    "sv", "tr", "uk", "vi",
)  # fmt: skip
# Written beside what the CLDR has: without the accents of folded text, abbreviations.
_MORE_MONTHS = {
    "sept": 9, "jänner": 1, "januar": 1, "feber": 2, "mrz": 3, "set": 9, "settembre": 9,
}  # fmt: skip
# Languages that name the day first wherever they write 03/04 or 03-04. English does not tell:
# see _REGIONS.
_DAY_FIRST = {
    "bg", "ca", "cs", "da", "de", "el", "es", "et", "fi", "fr", "gl", "hr", "id", "is", "it", "lv",
    "nb", "nl", "nn", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "tr", "uk", "vi",
}  # fmt: skip
# Content-Language of English (RFC 3282): who writes the month first.
_ENGLISH = re.compile(r"\s*en-([a-z]{2})\b", re.IGNORECASE)
_MONTH_FIRST_REGIONS = {"us"}


@dataclass(frozen=True)
class Absence:
    """What an out-of-office message says of its end.

    :param day: the last day away, or the first day back
    :param back: the first day back (``until``: False)
    """

    day: date
    back: bool


# Words in folded text: no case, no accents. Each is looked for in the few words before a date
# or behind it, within the sentence.
_UNTIL = (
    # en, de, nl
    r"until|untill|till|til|thru|through|up to|to and including|"
    r"bis(?: einschlie(?:ss)lich| inkl\w*| zum| voraussichtlich)?|tot(?: en met)?|t/m|t\.e\.m|"
    # fr, es, pt, it, ca, ro
    r"jusqu ?['’]?a?u?|jusqu['’]au|hasta|ate|fino al?l?['’]?|sino al?|fins al?|pana (?:la|pe|in)|"
    # sv, no, da, is
    r"till och med|tom|t\.o\.m|til og med|tilogmed|t\.?o\.?m\.?|indtil|frem til|fram til|til|"
    r"till|"
    # pl, cs, sk, sl, hr, ru, uk, bg
    r"do|az do|vkljucno do|po|до|по|включно до|"
    # el, vi, id
    r"μεχρι|εως|sampai|hingga"
)
_FILLER = (
    r"(?:and|including|inclusive|incl\.?|the|end|of|einschliesslich|inklusive|inkl\.?|und|"
    r"voraussichtlich|dem|den|der|zum|am|le|lo|el|la|il|al|l|dia|giorno|jour|de|del|och|med|og|"
    r"d\.?|m|dzien|dnia|dne|dnem|den|dag|inclus|compris|incluido|inclusive|compreso|incluso|"
    r"so wie|(?!\d)\w{2,14}(?:-feira)?\.?,)"
)

_BACK = re.compile(
    r"(?:^|[\s(,;:.'’])(?:"
    # en
    r"back|return(?:ing)?|resum\w+|available again|reachable again|again (?:from|on|available)|"
    # de
    r"wieder|zuruck|ruckkehr|"
    # fr, es, pt, it, ca, ro
    r"de retour|retour|reviens|reviendrai|rentre|rentrerai|reprend\w*|"
    r"regres\w*|vuelvo|volver\w*|de vuelta|vuelta|reincorpor\w*|"
    r"retorn\w*|volto|voltarei|de volta|regress\w*|"
    r"rientr\w*|ritorn\w*|torner\w*|torno|di ritorno|tornare|torn\w*|revin\w*|"
    # nl, sv, no, da, is
    r"terug|weer (?:aanwezig|bereikbaar|op kantoor)|"
    r"tillbaka|ater|aterkommer|tilbage|tilbake|aftur|"
    # fi, et
    r"takaisin|palaan|tavoitettavissa|tagasi|"
    # pl, cs, sk, hr, sl, hu, tr
    r"wracam|wroce|powrot\w*|powroc\w*|ponownie|z powrotem|"
    r"vrat\w*|zpet|opet|spat|vraca\w*|natrag|ponovno|nazaj|visszater\w*|ujra|don\w*|tekrar|"
    # ru, uk, bg, el
    r"верн\w*|возвращ\w*|снова|поверн\w*|знову|връщ\w*|обратно|επιστρ\w*"
    r")(?=[\s,.:;)(!'’]|$)"
)
# Somewhere in the message, so that "our offer ends on …" is nobody's absence. Folded text.
_AWAY = re.compile(
    r"\b(?:away|absen|vacation|holiday|leave\b|out of|ooo\b|not in\b|unavailable|travel|"
    r"abwesen|urlaub|nicht (?:im|am|erreichbar|da\b)|ausser haus|elternzeit|dienstreise|"
    r"conge|vacances|hors d|ausen|ausent|fuera|vacacion|ferias|fora d|assen|fuori|ferie|"
    r"afwezig|vakantie|verlof|niet (?:aanwezig|op kantoor)|semester|ledig|franvar|borta|permisj|"
    r"fravær|orlov|loma|poissa|puhkus|urlop|nieobec|poza biur|dovolen|nepritom|mimo kancel|"
    r"odsot|dopust|odmor|godisnj|szabads|hazon kivul|tavol|izin|tatil|ofis d|concediu|"
    r"отпуск|отсутств|вне офиса|відпуст|відсутн|отпуска|αδεια|εκτος γραφ|αποδημ|cuti\b|nghi\b)"
    r"|不在|休|外出|出張|离开|不在|부재|휴가|출장"
)
# Behind the date: languages that put such words there.
_AFTER_UNTIL = re.compile(
    r"\s*(?:\([^)]{1,3}\))?\s*(?:まて|まで|까지|为止|為止|止|asti|saakka|-?\s?ig\b|"
    r"['’]?\w{0,10} kadar|kuni)"
)
_AFTER_BACK = re.compile(
    r"\s*(?:\([^)]{1,3}\))?\s*(?:に|から|より)?\s*(?:戻|復帰|出社|回来|返回|上班|복귀)"
)
_BEFORE_CJK_UNTIL = re.compile(r"(?:到|至|~|〜|~)\s*$")
_BETWEEN = re.compile(
    r"^\s*(?:\([^)]{1,12}\))?,?\s*"
    rf"(?:-|–|—|−|~|〜|から|부터|to|and|und|et|y|e|en|og|och|i|a|al|ai|au|à|→|,? ?(?:{_UNTIL}))"
    rf"(?:[\s,]+{_FILLER})*\s*(?:\w{{2,14}}\.?,?\s+)?(?:the|den|dem|le|el|il|dia)?\s*$"
)

_DATES = (
    # 2026-03-12, 2026/3/12, 2026. 03. 12.
    r"(?<![\d.,/-])(?P<iso>(?P<y1>20\d\d)\s?(?P<s1>[-/.])\s?(?P<m1>\d{1,2})\s?(?P=s1)\s?(?P<d1>\d{1,2}))(?![\d])",
    # 2026年3月12日, 3月12日; 3월 12일
    r"(?:(?P<y2>20\d\d)\s?[年년]\s?)?(?P<m2>\d{1,2})\s?[月월]\s?(?P<d2>\d{1,2})\s?[日号일]",
    # 12.03.2026, 12/03/26, 12-3-2026
    r"(?<![\d.,/:])(?P<a3>\d{1,2})\s?(?P<s3>[./-])\s?(?P<b3>\d{1,2})\s?(?P=s3)\s?(?P<y3>20\d\d|\d\d)(?![\d:])",
    # 12.03., 12/03, not 12-03 and no 12.03 without the last dot: times, versions
    r"(?<![\d.,/:])(?P<a4>\d{1,2})(?:\.\s?(?P<b4>\d{1,2})\.|/(?P<b5>\d{1,2}))(?!\s?\d|/)",
    # 12 March 2026, 12. März, 1er avril, 12 de marzo de 2026, 12th of March
    r"(?<![\d.,/:])(?P<d6>\d{1,2})(?:st|nd|rd|th|er|ere|eme|o|º|ª|\.|de|te|e)?[\s.,-]{1,3}"
    r"(?:(?:de|of|di|del|of the)\s|d['’]\s?)?"
    r"(?P<w6>[^\W\d_]{3,12})(?:['’.]\w{0,4})?"
    r"(?:,?[\s-]{1,2}(?:de[l ]?\s?|del\s)?(?P<y6>20\d\d|['’]\d\d))?",
    # March 12th, 2026; Mar 12; március 12.
    r"(?:(?P<y7>20\d\d)\.?\s)?(?<!\w)(?P<w7>[^\W\d_]{3,12})\.?\s(?:the\s)?(?P<d7>\d{1,2})(?:st|nd|rd|th)?(?![\d:]|\.\d|\s?[:h]\d)"
    r"(?:\s?(?:-|–|—|to|through)\s?(?P<e7>\d{1,2})(?:st|nd|rd|th)?(?![\d:]))?(?:,?\s(?P<z7>20\d\d)(?!\d))?",
)
_DATES = tuple(re.compile(each) for each in _DATES)
# The first day of a range whose month stands behind the last one: "5 to 12 March".
_FIRST_DAY = re.compile(
    r"(?:^|[\s(])\d{1,2}(?:st|nd|rd|th|er|\.|º)?"
    rf"\s?(?:-|–|—|to|through|au|al?|til|till|to|i|og|och|y|e|et|und|and|(?:{_UNTIL}))"
    rf"(?:\s{_FILLER})*\s?$"
)
# The end of a sentence: a full stop that is none of a date or an abbreviation, a line's end is
# kept for what fold() makes of it.
_SENTENCE = re.compile(r"[!?。!?]|\.(?=\s+[^\W\d_]{2,}\s)|\n\s*\n")


_QUOTED = re.compile(r"^[ \t]{0,3}>.*$", re.MULTILINE)


@dataclass(frozen=True)
class _Found:
    start: int
    end: int
    days: frozenset  # the ways to read it
    ends_range: bool  # "5 to 12 March", "March 5-12"


def return_date(mail: Mail) -> Absence | None:
    """The end of the absence that a mail tells of; None where it tells none for certain.

    Only a day after that of the mail (in UTC) and within :data:`MAX_DAYS` counts.

    :param mail: an automatic answer, see :class:`.kind.Kind`
    """
    if mail.date is None:
        return None
    text = cut_text(mail.text[: 2 * MAX_TEXT]).above[:MAX_TEXT]
    text = _QUOTED.sub("", text if text.strip() else mail.text[:MAX_TEXT])
    parts = [_folded(part) for part in (text, mail.subject[:300])]
    away = any(_AWAY.search(part) for part in parts)
    for part in parts:
        ends = _ends(part, mail)
        if ends:
            return _agreed(ends) if away or any(each.back for each in ends) else None
    return None


def _folded(text: str) -> str:
    """Case and accents folded, paragraphs kept; Hangul in one piece as in the patterns."""
    lines = [fold(line).strip() for line in text.split("\n")]
    return unicodedata.normalize("NFC", "\n".join(lines))


def _agreed(ends: set[Absence]) -> Absence | None:
    back = {each.day for each in ends if each.back}
    until = {each.day for each in ends if not each.back}
    if len(back) == 1 and all(timedelta(0) <= min(back) - day <= timedelta(14) for day in until):
        return Absence(min(back), True)
    if not back and len(until) == 1:
        return Absence(min(until), False)
    return None


def _ends(text: str, mail: Mail) -> set[Absence]:
    """All ends of absences that a text names; of unclear dates none."""
    ends = set()
    found = _dates(text, mail)
    for number, each in enumerate(found):
        back = _role(text, found, number)
        if back is None:
            continue
        if len(each.days) != 1:
            # the end is named, but it can be read in several ways
            return set()
        day = min(each.days)
        if day is not None:
            ends.add(Absence(day, back))
    return ends


def _role(text: str, found: list[_Found], number: int) -> bool | None:
    """Whether a date is the first day back (True), the last day away (False) or neither."""
    each = found[number]
    start, end = _sentence(text, each, found)
    before, behind = text[start : each.start], text[each.end : end]
    # what stands between this date and its neighbours is theirs as well as its own
    last = found[number - 1] if number and found[number - 1].end > start else None
    near = text[last.end : each.start] if last else before
    until = _BEFORE_UNTIL_RE.search(near) or _BEFORE_CJK_UNTIL.search(near)
    if _AFTER_UNTIL.match(behind):
        return False
    if _AFTER_BACK.match(behind):
        return True
    if each.ends_range:
        return False
    if last and _BETWEEN.match(near) and not _BACK.search(near):
        return False
    following = found[number + 1] if number + 1 < len(found) else None
    if following and following.start < end:
        between = text[each.end : following.start]
        if _BETWEEN.match(between) and not _BACK.search(between):
            return None  # the first date of a range
        behind = between
    if until and not _BACK.search(near[: until.start() + 1]):
        return False
    if until:
        # "I will not be back until 12 March"
        return True
    if _BACK.search(near):
        return True
    if _BACK.search(behind[:60]) and not (following and following.start < end):
        return True
    return None


def _sentence(text: str, each: _Found, found: list[_Found]) -> tuple[int, int]:
    """Where the sentence around a date begins and ends; full stops inside of dates end none."""
    inside = [range(one.start, one.end) for one in found]
    stops = [
        match.end()
        for match in _SENTENCE.finditer(text, max(0, each.start - 300), each.end + 200)
        if not any(match.start() in stretch for stretch in inside)
    ]
    start = max((stop for stop in stops if stop <= each.start), default=max(0, each.start - 300))
    end = min((stop for stop in stops if stop > each.end), default=min(len(text), each.end + 200))
    return start, end


# ------------------------------------------------------------------------------ dates


def _dates(text: str, mail: Mail) -> list[_Found]:
    """The dates of a text in their order, each with the days that it may mean (None: one that
    has passed or is too far away)."""
    hits: list[tuple[int, int, list[tuple[int | None, int, int]], bool]] = []
    order = _Order(text, mail)
    for pattern in _DATES:
        for match in pattern.finditer(text):
            if any(match.start() < end and start < match.end() for start, end, *_rest in hits):
                continue
            readings, end = order.readings(match)
            if readings:
                ranged = bool(match.groupdict().get("e7")) or bool(
                    _FIRST_DAY.search(text, max(0, match.start() - 40), match.start())
                )
                hits.append((match.start(), end, readings, ranged))
    hits.sort(key=lambda hit: hit[0])
    result = []
    for index, (start, end, readings, ranged) in enumerate(hits):
        year = _year_of_range(text, hits, index)
        days = {_day(y or year, m, d, mail.date.date()) for y, m, d in readings}
        result.append(_Found(start, end, frozenset(days), ranged))
    return result


def _year_of_range(text, hits, index) -> int | None:
    """A date without a year in a range takes that of its end, if it has one."""
    if index + 1 < len(hits) and _BETWEEN.match(text[hits[index][1] : hits[index + 1][0]]):
        years = {y for y, *_day in hits[index + 1][2]}
        return min(years) if len(years) == 1 and None not in years else None
    return None


def _day(year: int | None, month: int, day: int, today: date) -> date | None:
    """The day that is meant, seen from the mail's; None if it is none to come."""
    limit = today + timedelta(MAX_DAYS)
    if year is None:
        this_year = _make(today.year, month, day)
        if this_year and this_year > today:
            return this_year
        next_year = _make(today.year + 1, month, day)
        near = next_year and (next_year - today).days <= MAX_DAYS_OVER_NEW_YEAR
        return next_year if near else None
    made = _make(year, month, day)
    return made if made and today < made <= limit else None


def _make(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None  # 30 February


class _Order:
    """How the numbers and names of one mail are to be read."""

    def __init__(self, text: str, mail: Mail):
        self.text = text
        self.mail = mail
        self._day_first: bool | None = None
        self._asked = False

    def readings(self, match) -> tuple[list[tuple[int | None, int, int]], int]:
        """(year or None, month, day) in each way that a match may be meant; where it ends."""
        groups = match.groupdict()
        end = match.end()
        if groups.get("y1"):
            return _valid([(int(groups["y1"]), int(groups["m1"]), int(groups["d1"]))]), end
        if groups.get("m2"):
            return _valid([(_int(groups["y2"]), int(groups["m2"]), int(groups["d2"]))]), end
        if groups.get("a3"):
            return self._numbers(groups["a3"], groups["b3"], _full(groups["y3"]), groups["s3"]), end
        if groups.get("a4"):
            dots = groups["b4"] is not None
            return self._numbers(
                groups["a4"], groups["b4"] or groups["b5"], None, "." if dots else "/"
            ), end
        word = groups.get("w6") or groups.get("w7")
        months = self._months(word)
        if groups.get("d6"):
            return _valid([(_full(groups["y6"]), each, int(groups["d6"])) for each in months]), end
        if months:
            day = groups["e7"] or groups["d7"]
            year = _int(groups["z7"] or groups["y7"])
            return _valid([(year, each, int(day)) for each in months]), end
        return [], end

    def _numbers(self, a: str, b: str, year: int | None, separator: str):
        first, second = int(a), int(b)
        day_first = _valid([(year, second, first)])
        month_first = _valid([(year, first, second)]) if separator != "." else []
        if not day_first or not month_first or first == second:
            return day_first or month_first
        order = self._is_day_first()
        if order is None:
            return [*day_first, *month_first]
        return day_first if order else month_first

    def _is_day_first(self) -> bool | None:
        """By another date of the mail that can be read in one way only, else by the language;
        None if neither tells."""
        if not self._asked:
            self._asked = True
            self._day_first = self._by_other_dates()
            if self._day_first is None:
                self._day_first = self._by_language()
        return self._day_first

    def _by_other_dates(self) -> bool | None:
        seen = set()
        for match in _DATES[2].finditer(self.text):
            first, second = int(match["a3"]), int(match["b3"])
            if match["s3"] != "." and max(first, second) > 12 >= min(first, second):
                seen.add(first > 12)
        return seen.pop() if len(seen) == 1 else None

    def _by_language(self) -> bool | None:
        english = _ENGLISH.match(self.mail.header("Content-Language"))
        language = language_of(self.mail)
        if english and language in ("", "en"):
            return english[1].lower() not in _MONTH_FIRST_REGIONS
        return True if language in _DAY_FIRST else None

    def _months(self, word: str | None) -> list[int]:
        """The months that a word names. Some are another month in another language."""
        if not word:
            return []
        known = _month_names()
        found = known.get(word)
        if not found:
            return []
        if len(found) > 1:
            language = {"no": "nb"}.get(language_of(self.mail), language_of(self.mail))
            own = [month for month, locales in found.items() if language in locales]
            return own or list(found)
        return list(found)


def _valid(readings):
    return [
        (year, month, day)
        for year, month, day in readings
        if 1 <= month <= 12 and 1 <= day <= 31 and _make(year or 2024, month, day)
    ]


def _int(text: str | None) -> int | None:
    return int(text) if text else None


def _full(text: str | None) -> int | None:
    """A year of two digits is one of this century."""
    if not text:
        return None
    number = int(text.lstrip("'’"))
    return number if number > 99 else 2000 + number


@lru_cache(maxsize=1)
def _month_names() -> dict[str, dict[int, set[str]]]:
    """Folded name -> month -> locales that call it so."""
    names: dict[str, dict[int, set[str]]] = {}
    for code in _LOCALES:
        months = Locale.parse(code).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    folded = fold(name).strip(". ")
                    if len(folded) > 2 and folded.isalpha():
                        names.setdefault(folded, {}).setdefault(number, set()).add(code)
    for name, number in _MORE_MONTHS.items():
        names.setdefault(fold(name), {}).setdefault(number, set()).add("")
    return names


_BEFORE_UNTIL_RE = re.compile(
    rf"(?:^|[\s(,;:])(?:{_UNTIL})(?:[\s,(:]+{_FILLER})*(?:[\s,(:]+(?!\d)\w{{2,14}}\.?,?)?[\s,(:]*$"
)
