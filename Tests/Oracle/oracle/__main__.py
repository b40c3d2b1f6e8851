"""The command line: `python -m oracle run|emit|freeze|table`."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import queue
import secrets
import signal
import sys
import time
from pathlib import Path

from .tally import Tally

HERE = Path(__file__).resolve().parent.parent
FIXTURES = HERE.parent / "Fixtures" / "oracle"

UNAVAILABLE = 2
"""The exit status that says: can't run here."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="oracle", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="generate cases, ask every engine, report every difference")
    for command in (run, commands.add_parser("emit", help="write generated cases to a file, one JSON object a line")):
        command.add_argument("--seed", help="any text; a fresh one where it is not given")
        command.add_argument("--cases", type=int, default=20_000, help="about how many (default %(default)s)")
        command.add_argument("--queries", type=int, default=200, help="queries a set (default %(default)s)")
        command.add_argument("--set", type=int, help="only the set of this number, as a difference names it")
    run.add_argument("--server", type=Path, help="the bkend-server binary; without it only the look-alikes are asked")
    run.add_argument("--jobs", type=int, default=2, help="worker processes (default %(default)s)")
    run.add_argument("--no-references", action="store_true", help="ask the server only")
    run.add_argument("--no-indexes", action="store_true", help="leave out the tables with indexes")
    run.add_argument("--report", type=Path, help="write the differences to this file as JSON")
    run.add_argument("--emit", type=Path, help="also write the cases to this file, one JSON object a line")
    commands.choices["emit"].add_argument("file", type=Path)
    freeze = commands.add_parser("freeze", help="write the cases that the Swift tests read")
    freeze.add_argument("--check", action="store_true", help="only say whether the files are up to date")
    commands.add_parser("table", help="print the table of decisions and try each entry on the look-alikes")
    return parser.parse_args()


def main() -> int:
    arguments = _arguments()
    from . import pcre2

    if not pcre2.available:
        print("oracle: skipped, libpcre2-8 is not installed", file=sys.stderr)
        return UNAVAILABLE
    if arguments.command == "freeze":
        from .frozen import freeze

        return freeze(FIXTURES, arguments.check)
    if arguments.command == "emit":
        from .frozen import emit

        return emit(arguments.file, _seed(arguments), _sets(arguments), arguments.queries, arguments.set)
    try:
        import montydb  # noqa: F401
        import pymongo  # noqa: F401
    except ImportError as error:
        print(f"oracle: skipped, {error} (Tests/Oracle/install installs the packages)", file=sys.stderr)
        return UNAVAILABLE
    if arguments.command == "table":
        from .table import try_table

        return try_table(_secantus())
    return _run(arguments)


def _seed(arguments: argparse.Namespace) -> str:
    return arguments.seed if arguments.seed is not None else secrets.token_hex(4)


def _sets(arguments: argparse.Namespace) -> int:
    return 1 if arguments.set is not None else max(1, -(-arguments.cases // arguments.queries))


def _secantus() -> Path:
    return Path(sys.executable).parent / "secantusd-py"


def _run(arguments: argparse.Namespace) -> int:
    from .session import Plan

    plan = Plan(
        seed=_seed(arguments),
        sets=_sets(arguments),
        queries=arguments.queries,
        jobs=max(1, min(arguments.jobs, _sets(arguments))),
        server=arguments.server.resolve() if arguments.server else None,
        secantus=_secantus(),
        references=not arguments.no_references,
        indexes=not arguments.no_indexes,
        first=arguments.set or 0,
    )
    again = f"--seed {plan.seed} --cases {arguments.cases} --queries {plan.queries}"
    print(f"seed {plan.seed}: {plan.sets} sets of {plan.queries} queries; the same again: run {again}", flush=True)
    started = time.monotonic()
    total = Tally()
    failures: list[str] = []
    results: multiprocessing.Queue[Tally | str | None] = multiprocessing.Queue()
    workers = [
        multiprocessing.Process(target=_work, args=(plan, number, results), daemon=False) for number in range(plan.jobs)
    ]
    # A stopped run takes its workers along, and they their servers.
    signal.signal(signal.SIGTERM, _stop)
    for worker in workers:
        worker.start()
    try:
        _gather(workers, results, total, failures, started)
    finally:
        for worker in workers:
            if sys.exc_info()[0]:
                worker.terminate()
            worker.join()
    spent = time.monotonic() - started
    print("\n".join(total.summary()))
    print(f"time:                  {spent:.1f} s, {total.counts['cases'] / spent:.0f} cases a second")
    if arguments.report:
        arguments.report.write_text(json.dumps([one.json() for one in total.differences], indent=1, ensure_ascii=False))
    if arguments.emit:
        from .frozen import emit

        emit(arguments.emit, plan.seed, plan.sets, plan.queries, arguments.set)
    for failure in failures:
        print(f"oracle: {failure}", file=sys.stderr)
    print(f"seed {plan.seed}")
    return 1 if failures or total.counts["differing"] else 0


def _stop(*_: object) -> None:
    sys.exit("oracle: stopped")


def _gather(
    workers: list[multiprocessing.Process],
    results: multiprocessing.Queue[Tally | str | None],
    total: Tally,
    failures: list[str],
    started: float,
) -> None:
    """Adds up what the workers send until all have ended, and shows differences and progress on the way."""
    open_workers, said = len(workers), started
    while open_workers:
        try:
            result = results.get(timeout=5)
        except queue.Empty:
            if any(worker.is_alive() for worker in workers):
                continue
            failures.append("a worker died without a word")
            return
        if result is None:
            open_workers -= 1
        elif isinstance(result, str):
            failures.append(result)
        else:
            for difference in total.add(result):
                print("\n".join(difference.lines()), flush=True)
        if time.monotonic() - said > 10:
            said = time.monotonic()
            cases, rate = total.counts["cases"], total.counts["cases"] / (said - started)
            print(f"    {cases} cases, {rate:.0f} a second, {total.counts['differing']} differing", flush=True)


def _work(plan: object, number: int, results: multiprocessing.Queue[object]) -> None:
    from .session import Plan, Session

    assert isinstance(plan, Plan)
    signal.signal(signal.SIGTERM, _stop)
    try:
        for tally in Session(plan, number).run():
            results.put(tally)
    except Exception as error:  # Whatever it is, the run must say so and fail.
        results.put(f"worker {number}: {type(error).__name__}: {error}")
    results.put(None)


if __name__ == "__main__":
    sys.exit(main())
