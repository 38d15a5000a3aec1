"""The same mailbox read by the addon without scanner rules and with many of them, in turns."""

import argparse
import json

from ingest import make_templates, run_side
from servers.dovecot import Dovecot, DovecotMissing
from workbench import Problem, Progress, lock, say

#: A database without rules, and one with them.
SIDES = ("addon", "rules")


def main(arguments: list[str]) -> int:
    """Run the benchmark; see bin/bench rules --help."""
    options = _parser().parse_args(arguments)
    if options.mails > 4 * options.contacts:
        raise Problem(f"{options.mails} mails need at least {options.mails // 4 + 1} contacts.")
    try:
        dovecot = Dovecot({})
    except DovecotMissing as missing:
        raise Problem(str(missing)) from missing
    with dovecot, lock("bench.lock"):
        _stock, template = make_templates(options.contacts)
        runs = {side: [] for side in SIDES}
        progress = Progress(options.rounds * len(SIDES))
        number = 0
        for turn in range(options.rounds):
            for side in SIDES if turn % 2 == 0 else SIDES[::-1]:
                number += 1
                rules = options.rules if side == "rules" else 0
                with progress.step(number, f"{options.mails} mails, {rules} rules"):
                    result = run_side(
                        *(side, template, dovecot, options, number),
                        variables={"BENCH_RULES": str(rules)},
                    )
                if rules and not result["matches"]:
                    raise Problem("No rule matched any mail, so nothing was measured.")
                runs[side].append(result)
    result = _summary(runs, options)
    say(_table(result))
    if options.json:
        print(json.dumps(result), flush=True)
    return 0


def _parser():
    parser = argparse.ArgumentParser(prog="bin/bench rules", description=__doc__)
    parser.add_argument("--rules", type=int, default=200, help="active ones (default: 200)")
    parser.add_argument("--mails", type=int, default=400, help="in the mailbox (default: 400)")
    parser.add_argument(
        "--contacts", type=int, default=1000, help="that are there before it (default: 1000)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="of each side (default: 5)")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument(
        "--profile", metavar="FOLDER", help="keep cProfile's figures of each run (slower) there"
    )
    return parser


def _summary(runs, options) -> dict:
    figures = {}
    for side, results in runs.items():

        def each(name, results=results):
            # the fastest round: whatever else the machine does can only add to it
            return min(result[name] for result in results) / options.mails

        figures[side] = {
            "ms_per_mail": round(1000 * each("seconds"), 3),
            "python_ms_per_mail": round(1000 * each("processor_seconds"), 3),
            "queries_per_mail": round(each("queries"), 2),
            "matches_per_mail": round(each("matches"), 2),
            "seconds": [round(result["seconds"], 2) for result in results],
        }
    without, with_rules = (figures[side]["ms_per_mail"] for side in SIDES)
    # of the processor's time, which others on the machine disturb less
    worked = [figures[side]["python_ms_per_mail"] for side in SIDES]
    return {
        "ratio": round(with_rules / without, 3),
        "processor_ratio": round(worked[1] / worked[0], 3),
        "ms_with_rules": with_rules,
        "ms_without": without,
        "rules": options.rules,
        "mails": options.mails,
        "contacts": options.contacts,
        "rounds": options.rounds,
        "figures": figures,
    }


def _table(result) -> str:
    without, with_rules = (result["figures"][side] for side in SIDES)
    lines = [
        f"\n{result['mails']} mails, {result['contacts']} contacts before, the fastest of"
        f" {result['rounds']} rounds",
        f"{'':<22}{'no rules':>12}{result['rules']:>6} rules",
    ]
    for title, name in (
        ("ms per mail", "ms_per_mail"),
        ("of it in Python", "python_ms_per_mail"),
        ("SQL queries per mail", "queries_per_mail"),
        ("matches per mail", "matches_per_mail"),
    ):
        lines.append(f"{title:<22}{without[name]:>12}{with_rules[name]:>12}")
    return "\n".join([*lines, f"{'ratio':<22}{result['ratio']:>24}"])
