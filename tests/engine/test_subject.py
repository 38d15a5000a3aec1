"""Subjects: prefixes of the world's mail programs, and the number tag of a ticket."""

import time

import pytest

from mailflow.subject import base_subject, check_tag_pattern, make_tag, tag_pattern, tagged_subject

TAG = "[#HT00042]"


@pytest.mark.parametrize(
    "prefix",
    [
        "Re:",
        "RE:",
        "re:",
        "RE[2]:",
        "Re(3):",
        "Re^4:",
        "Re5:",
        "AW:",
        "WG:",
        "SV:",
        "VS:",
        "VB:",
        "Odp:",
        "PD:",
        "RV:",
        "RES:",
        "ENC:",
        "TR:",
        "Antw:",
        "Doorst:",
        "Ynt:",
        "YNT:",
        "İlt:",
        "İLT:",
        "ilt:",
        "R:",
        "I:",
        "Rif:",
        "Fwd:",
        "FW:",
        "Vá:",
        "Továbbítás:",
        "回复:",
        "转发:",
        "答复:",
        "回覆:",
        "回复：",
        "轉寄：",
        "返信:",
        "회신:",
        "رد:",
        "השב:",
        "ตอบ:",
        "Отв:",
        "Пересл:",
        "Відп:",
        "Re :",
        "Re [2] :",
        "Réponse :",
        "ＲＥ：",
        "RE：",
    ],
)
def test_a_prefix_of_any_language_goes(prefix):
    assert base_subject(f"{prefix} The printer burns") == "The printer burns"
    assert base_subject(f"{prefix}The printer burns") == "The printer burns"


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Re: AW: SV: Odp: Re[2]: AW: The printer burns", "The printer burns"),
        ("[acorn-list] Re: [helpdesk] The printer burns", "The printer burns"),
        ("Re: [#HT00042] The printer burns", "The printer burns"),
        ("[Fwd: Re: The printer burns]", "The printer burns"),
        ("Re: The printer burns (fwd)", "The printer burns"),
        ("WG: [EXTERN] Re:  The\tprinter\r\n burns ", "The printer burns"),
        ("إعادة توجيه: الطابعة تحترق", "الطابعة تحترق"),
        ("Trả lời: Máy in bị cháy", "Máy in bị cháy"),
        # nothing else is left
        ("Re: [acorn-list]", "[acorn-list]"),
        ("Re:", ""),
        ("", ""),
        # these are the subject
        ("Rest: the printer burns", "Rest: the printer burns"),
        ("Ref: order 4711", "Ref: order 4711"),
        ("i: the first letter", "i: the first letter"),
        ("Printer Re: burns", "Printer Re: burns"),
        ("R2: does not roll", "R2: does not roll"),
        ("10:30 the printer burnt", "10:30 the printer burnt"),
        ("Re the printer", "Re the printer"),
    ],
)
def test_base_subject(subject, base):
    assert base_subject(subject) == base


class TestTag:
    def test_right_behind_one_re(self):
        assert tagged_subject("The printer burns", TAG, True) == "Re: [#HT00042] The printer burns"

    def test_no_re_where_nothing_is_answered(self):
        assert tagged_subject("The printer burns", TAG, False) == "[#HT00042] The printer burns"

    @pytest.mark.parametrize(
        "subject",
        [
            "Re: [#HT00042] The printer burns",
            "SV: AW: Odp: Re: [#HT00042] The printer burns",
            "Re: [#ht00042] AW: [#HT00042] The printer burns",
            "AW: The printer burns [#HT00042]",
            "[#HT00042] Re: The printer [#HT00042] burns",
        ],
    )
    def test_once_however_answers_pile_up(self, subject):
        assert tagged_subject(subject, TAG, True) == "Re: [#HT00042] The printer burns"

    def test_is_stable_over_many_rounds(self):
        subject = "The printer burns"
        for prefix in ("AW: ", "SV: ", "Odp: ", "Re: ", "RE: ", "回复：", "YNT: "):
            subject = prefix + tagged_subject(subject, TAG, True)
        assert tagged_subject(subject, TAG, True) == "Re: [#HT00042] The printer burns"

    def test_the_blob_of_a_list_stays_once(self):
        subject = "Re: [acorn] AW: [acorn] The printer burns"
        assert tagged_subject(subject, TAG, True) == "Re: [#HT00042] [acorn] The printer burns"

    def test_clients_see_the_same_thread(self):
        """The base subject (RFC 5256, 2.1) of our answer is the one of the customer's mail."""
        for theirs in ("The printer burns", "[acorn] The printer burns", "Fwd: The printer burns"):
            ours = tagged_subject(theirs, TAG, True)
            assert base_subject(ours) == base_subject(theirs)

    def test_nothing_to_say(self):
        assert tagged_subject("", TAG, True) == "Re: [#HT00042]"
        assert tagged_subject("Re: ", "", True) == "Re:"

    def test_never_more_than_one_line(self):
        subject = tagged_subject("The printer\r\nBcc: all@our-office.example\x00", TAG, True)
        assert subject == "Re: [#HT00042] The printer Bcc: all@our-office.example"


class TestTagPattern:
    @pytest.mark.parametrize(
        ("pattern", "subject", "number"),
        [
            ("[#{number}]", "Re: [#HT00042] The printer", "HT00042"),
            ("[#{number}]", "Re: [# HT00042] The printer", None),
            ("[#{number}]", "Re: [#2026/0042] The printer", "2026/0042"),
            ("[Case {number}]", "AW: [case  00042] x", "00042"),
            ("Ticket {number}:", "Re: Ticket HT00042: x", "HT00042"),
            ("Ticket {number}", "Re: Thicket HT00042", None),
            ("Ticket {number}", "Re: Ticket HT00042x", "HT00042x"),
            ("Ticket {number}", "Ticket is open", None),
            ("{number}", "about 2026-17, please", "2026-17"),
            ("HD#{number}#", "Fwd: HD#7#", "7"),
            ("(T{number})", "(THT1)", "HT1"),
        ],
    )
    def test_finds_the_number(self, pattern, subject, number):
        found = tag_pattern(pattern).search(subject)
        assert (found and found["number"]) == number

    @pytest.mark.parametrize(
        "pattern", ["[#{number}]", "[Case {number}]", "Ticket {number}:", "№{number}"]
    )
    def test_finds_what_it_made(self, pattern):
        for number in ("HT00042", "2026/0042", "HT-1", "00042"):
            subject = tagged_subject("The printer burns", make_tag(pattern, number), True)
            assert tag_pattern(pattern).search(subject)["number"] == number

    @pytest.mark.parametrize(
        ("pattern", "wrong"),
        [
            ("", "no_number"),
            ("[#]", "no_number"),
            ("{number} {number}", "no_number"),
            ("[{number}] {name}", "characters"),
            ("[{number}]\r\nBcc: x", "characters"),
            ("<{number}>", "characters"),
            ("{number}" + "x" * 40, "too_long"),
            ("[#{number}]", None),
        ],
    )
    def test_what_is_wrong(self, pattern, wrong):
        assert check_tag_pattern(pattern) == wrong
        if wrong:
            with pytest.raises(ValueError, match=wrong):
                tag_pattern(pattern)

    def test_no_subject_takes_long(self):
        begin = time.monotonic()
        for hostile in ("[#" * 5000, "[#" + "1/" * 50000, "Re:" * 50000, "[" * 90000, " " * 90000):
            tag_pattern("[# {number} ]").search(hostile)
            base_subject(hostile)
            tagged_subject(hostile, TAG, True)
        assert time.monotonic() - begin < 2
