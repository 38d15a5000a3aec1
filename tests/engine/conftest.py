"""Builders for mails, and the corpora of real ones."""

from pathlib import Path

import pytest

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


def pytest_generate_tests(metafunc):
    """Run a test that takes `mime_file` or `bounce_file` once for each real message."""
    for fixture, folder in (("mime_file", "mime"), ("bounce_file", "bounces")):
        if fixture in metafunc.fixturenames:
            files = sorted((CORPUS / folder).glob("*.eml"))
            skip = pytest.mark.skip(reason=f"no corpus at ../shared/corpus/{folder}")
            params = files or [pytest.param(None, marks=skip)]
            metafunc.parametrize(fixture, params, ids=lambda f: getattr(f, "stem", "absent"))


@pytest.fixture(scope="session")
def corpus():
    """Folder of the corpora; skips, saying so, where it is absent."""
    if not CORPUS.is_dir():
        pytest.skip("no corpus at ../shared/corpus")
    return CORPUS
