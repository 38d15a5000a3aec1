"""bin/test: what it answers for the suites that it runs."""

import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin" / "lib"))
import suites
import workbench


@pytest.fixture
def run(monkeypatch):
    """Run with these exit codes of pytest, suite after suite; returns that of all."""

    def run(*codes, arguments=("-k", "something")):
        answers = iter(codes)
        monkeypatch.setattr(suites, "install_packages", lambda: None)
        monkeypatch.setattr(suites, "lint", lambda: (0, "clean"))
        monkeypatch.setattr(
            suites, "suites", lambda: [suites.Suite(f"s{n}", [], []) for n in range(len(codes))]
        )
        monkeypatch.setattr(suites, "_run_suite", lambda *_args: (next(answers), "a line"))
        return suites.run_suites(list(arguments))

    return run


def test_nothing_selected_in_any_suite_is_no_success(run):
    with pytest.raises(workbench.Problem, match="No test was selected by -k something"):
        run(5, 5, 5)


def test_a_suite_without_a_selected_test_does_not_fail_the_others(run):
    assert run(5, 0, 5) == 0


@pytest.mark.parametrize("codes", [(1, 0), (0, 2), (5, 1)])
def test_a_failing_suite_fails_all(run, codes):
    assert run(*codes) == 1


def test_suites_that_wait_run_at_the_same_time_and_are_told_in_their_order(monkeypatch, capsys):
    both_run = threading.Barrier(2, timeout=10)
    order = []

    def pytest_of(suite, _paths, _options, output=None):
        order.append(suite.name)
        if suite.waits:
            both_run.wait()
        print(f"output of {suite.name}", file=output)
        return (1 if suite.name == "third" else 0), "a line"

    monkeypatch.setattr(suites, "install_packages", lambda: None)
    monkeypatch.setattr(suites, "lint", lambda: (0, "clean"))
    monkeypatch.setattr(
        suites,
        "suites",
        lambda: [
            suites.Suite("first", [], []),
            suites.Suite("second", [], [], waits=True),
            suites.Suite("third", [], [], waits=True),
        ],
    )
    monkeypatch.setattr(suites.Suite, "share", lambda self, paths: paths)
    monkeypatch.setattr(suites, "_run_suite", pytest_of)
    assert suites.run_suites([__file__]) == 1
    assert order[0] == "first"
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("output")]
    assert told == ["output of first", "output of second", "output of third"]
