"""Who wrote a mail that a list, a group or several people sent."""

import pytest
from test_mail import build

from mailflow.author import author_of
from mailflow.mail import read


def author(**fields):
    found = author_of(read(build(**fields)))
    return found.address.formatted, found.source, found.note.code if found.note else None


GROUP = {
    "From": "\"'Jane Roe' via Support\" <support@example.org>",
    "List_ID": "<support.example.org>",
    "X_Google_Group_Id": "123",
}


def test_from_is_who_wrote():
    assert author() == ('"Jane Doe" <jane@example.com>', "from", None)


def test_a_google_group_that_put_itself_into_from():
    found = author(**GROUP, X_Original_From="Jane Roe <jane@acorn.example>")
    assert found == ('"Jane Roe" <jane@acorn.example>', "original_from", "author_list")


def test_the_name_is_taken_from_before_via():
    found = author(**GROUP, X_Original_Sender="jane@acorn.example")
    assert found == ('"Jane Roe" <jane@acorn.example>', "original_from", "author_list")


def test_a_google_group_that_left_from_alone():
    fields = {**GROUP, "From": "Jane Roe <jane@acorn.example>"}
    assert author(**fields, X_Original_Sender="pa@acorn.example")[1] == "from"


def test_x_original_from_without_a_list_is_not_believed():
    assert author(X_Original_From="boss@example.org")[0] == '"Jane Doe" <jane@example.com>'


@pytest.mark.parametrize("via", ["via", "über", "a través de"])
def test_mailman_that_put_itself_into_from(via):
    found = author(
        From=f"Jane Roe {via} Users <users@lists.example.org>",
        List_Id="Users <users.lists.example.org>",
        Reply_To="jane@acorn.example",
    )
    assert found == ('"Jane Roe" <jane@acorn.example>', "list_reply_to", "author_list")


@pytest.mark.parametrize(
    "fields",
    [
        {"List_Id": "<other.lists.example.org>"},
        {"List_Id": "", "List_Post": ""},
        {"Reply_To": "jane@acorn.example, joe@acorn.example"},
        {"From": "Newsletter <users@lists.example.org>"},
    ],
)
def test_a_reply_to_that_says_nothing_about_the_author(fields):
    base = {
        "From": "Jane via Users <users@lists.example.org>",
        "List_Id": "<users.lists.example.org>",
        "Reply_To": "jane@acorn.example",
    }
    assert author(**{**base, **fields})[1] == "from"


def test_the_list_is_told_by_where_it_is_written_to():
    found = author(
        From="Jane via Users <users@lists.example.org>",
        List_Id="<4711.provider.example>",
        List_Post="<mailto:Users@lists.example.org?subject=x>",
        Reply_To="Jane R. <jane@acorn.example>",
    )
    assert found[0] == '"Jane R." <jane@acorn.example>'


def test_several_authors_the_one_who_sent_it_counts():
    found = author(From="a@example.org, Bea <b@example.org>", Sender="b@example.org")
    assert found == ('"Bea" <b@example.org>', "from", "author_several")


def test_several_authors_else_the_first_counts():
    found = author(From="a@example.org, b@example.org", Sender="pa@example.org")
    assert found == ("a@example.org", "from", "author_several")


def test_who_only_sent_it_is_not_who_wrote():
    found = author(From="boss@example.org", Sender="Assistant <pa@example.org>")
    assert found == ("boss@example.org", "from", "author_sender")


def test_nobody():
    assert author(From=None) == ("", "from", None)
