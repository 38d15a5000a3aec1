"""What holds the mails of a conversation together in Outlook."""

from datetime import datetime, timezone

import pytest

from mailflow.thread_index import answer, conversation

FIRST = "AQHUK7SGyb2wc5IOhUuAQlATdAYRMQ=="
REPLY = "AQHUK7SGyb2wc5IOhUuAQlATdAYRMaSvEaa8"
DESKTOP = "AdQc2DN7rLoS3hgnE/O76rpFzxN/EwAddF4A"


def test_a_mail_and_its_answer_are_of_one_conversation():
    assert conversation(FIRST) == conversation(REPLY)
    assert len(conversation(FIRST)) == 32
    assert conversation(DESKTOP) != conversation(FIRST)


def test_folded_and_unpadded_values_are_read():
    assert conversation("AQHUK7SGyb2wc5IOhUuA\r\n QlATdAYRMQ==") == conversation(FIRST)
    assert conversation(FIRST.rstrip("=")) == conversation(FIRST)


@pytest.mark.parametrize(
    "value",
    ["", " ", "x", "AQHUK7SG", "not base64 at all!", "A" * 31, "A" * 30, "é" * 30, "A" * 10_000,
     "AQHUK7SGyb2wc5IOhUuAQlATdAYRMQ=3D=3D", "=" * 40],
)  # fmt: skip
def test_what_names_no_conversation(value):
    assert conversation(value) == ""
    assert answer(value) == ""


def test_an_answer_is_a_child_of_what_it_answers():
    value = answer(REPLY, datetime(2026, 11, 22, tzinfo=timezone.utc))
    assert conversation(value) == conversation(FIRST)
    assert value.startswith(REPLY[:-4]), "the parts before it stay"
    assert answer(value) != value


def test_a_long_conversation_does_not_grow_for_ever():
    value = FIRST
    for _turn in range(200):
        value = answer(value)
    assert len(value) < 500
    assert conversation(value) == conversation(FIRST)


def test_an_answer_before_the_head_s_time():
    assert conversation(answer(FIRST, datetime(1999, 1, 1, tzinfo=timezone.utc)))
