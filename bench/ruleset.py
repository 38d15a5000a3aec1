"""The scanner rules of the benchmark: invented, varied, the same at every run."""

import random

#: Words of the mails of the benchmark, and some that none of them has.
COMMON = ("printer", "invoice", "password", "delivery", "manual", "customers")
RARE = ("unsubscribe", "voucher", "outage", "certificate", "tender", "warranty", "franchise")
#: One rule in so many matches mails.
MATCHING = 16
#: Regular expressions: what people look for in subjects, bodies, headers and names of files.
EXPRESSIONS = (
    ("subject", "", r"\b(?:order|PO)[ -]?(?P<order>\d{{5,9}})\b.{{0,20}}\bitem {n}\b"),
    ("subject", "", r"^\[(?:alert|warn)\] (?P<host>[\w.-]+{n}) is (?:down|up)"),
    ("body", "", r"^(?:serial|S/N)\s*[:#]?\s*(?P<serial>[A-Z]{{2}}\d{{6}}-{n})$"),
    ("body", "", r"https?://[\w.-]+/unsubscribe/{n}\?[\w=&]+"),
    ("any_header", "", r"^X-Campaign-{n}: (?P<campaign>.+)$"),
    ("header", "List-Id", r"<[\w.-]+{n}\.lists\.[a-z]+>"),
    ("attachment", "", r"^(?:rechnung|invoice)[-_]?{n}\d{{4}}\.(?:pdf|xml)$"),
)


def patterns(count: int) -> list[dict]:
    """Values of named patterns, regular expressions all of them."""
    found = []
    for number in range(count):
        where, header, text = EXPRESSIONS[number % len(EXPRESSIONS)]
        found.append(
            {
                "name": f"Pattern {number}",
                "where": where,
                "header_name": header,
                "operator": "regex",
                "text": text.format(n=number),
            }
        )
    return found


def conditions(count: int, pattern_ids: list[int], alias_id: int) -> list[list]:
    """Domains in prefix notation, of 5 to 8 conditions each in nested groups. One in
    :data:`MATCHING` matches some of the mails, the others none."""
    chance = random.Random(count)
    return [_condition(chance, number, pattern_ids, alias_id) for number in range(count)]


def _condition(chance, number, pattern_ids, alias_id) -> list:
    usual = [
        ("kind", "in", ["message", "calendar"]),
        ("alias_ids", "in", [alias_id]),
        ("fact_size_kb", ">", chance.randrange(1, 4)),
        ("fact_has_attachments", "=", chance.choice((True, False))),
        ("fact_to", "ilike", "support@"),
        ("fact_known_contact", "=", chance.choice((True, False))),
    ]
    rare = [
        ("fact_subject", "ilike", f"{chance.choice(RARE)} {number}"),
        ("fact_body", "ilike", f"{chance.choice(RARE)} of {chance.choice(COMMON)} {number}"),
        ("fact_body", "ilike", f"{chance.choice(COMMON)} {chance.choice(RARE)}"),
        ("fact_from", "=ilike", f"%@customer{number}.example"),
        ("fact_from_name", "=", f"Customer {number}"),
        ("fact_attachment_names", "ilike", f"{chance.choice(RARE)}-{number}"),
        ("pattern_ids", "in", [chance.choice(pattern_ids)]),
    ]
    chance.shuffle(usual)
    chance.shuffle(rare)
    if number % MATCHING == 0:
        rare[0] = ("fact_subject", "ilike", chance.choice(COMMON))
    first = usual[: chance.randrange(2, 4)]
    second = rare[: chance.randrange(2, 4)]
    third = [rare[3], usual[-1]]
    # one of the first, and one of the second or both of the last
    return ["&", *_group("|", first), "|", *_group("|", second), "&", *third]


def _group(operator: str, leaves: list) -> list:
    return [operator] * (len(leaves) - 1) + leaves
