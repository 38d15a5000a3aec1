"""Real replies in plain text, compared with an independent reading of them.

The reading leaves out quotes, forwarded originals and signatures. What it leaves must be seen:
a quote too many is a nuisance, a word too few is a lost answer.
"""

import pytest
from test_mail import build

from mailflow.mail import read
from mailflow.reply import cut_text

EXACTLY = 0.6


@pytest.fixture(scope="module")
def replies(corpus):
    """name -> (text, the reading), line ends as a mail has them once it is read."""
    found = {}
    for path in sorted((corpus / "replies").glob("*.txt")):
        if path.stem.endswith(".trimmed"):
            continue
        trimmed = path.with_name(f"{path.stem}.trimmed.txt").read_text("utf-8")
        raw = build(path.read_bytes(), Content_Type="text/plain; charset=utf-8")
        found[path.stem] = read(raw).text, trimmed
    return found


def test_most_are_cut_as_they_were_read(replies, capsys):
    differ = [
        name for name, (text, trimmed) in replies.items() if cut_text(text).above != trimmed.strip()
    ]
    share = 1 - len(differ) / len(replies)
    with capsys.disabled():
        print(f"\n    {len(replies)} replies, {share:.0%} cut exactly as the reference")
    assert len(replies) > 20
    assert share >= EXACTLY, differ


def test_no_own_words_are_lost(replies):
    """Each line that they read as written this time is seen, in that order."""
    for name, (text, trimmed) in replies.items():
        above = iter(cut_text(text).above.split())
        assert all(word in above for word in trimmed.split()), name


def test_no_words_get_lost(replies):
    for name, (text, _trimmed) in replies.items():
        cut = cut_text(text)
        assert sorted(f"{cut.above}\n{cut.rest}".split()) == sorted(text.split()), name
