"""Prints the table of decisions and tries its entries, and the known answers, on the look-alikes."""

from __future__ import annotations

import warnings
from pathlib import Path

from .cases import Answer, Failure
from .decisions import TABLE
from .documented import KNOWN
from .engines.reference import Monty, Reference, Secantus


def try_table(secantus: Path) -> int:
    """1 where an entry no longer shows a look-alike wrong: then it should go."""
    warnings.simplefilter("ignore")
    engines: list[Reference] = [Monty(), Secantus(secantus)]
    stale = 0
    try:
        for decision in TABLE:
            print(f"{decision.name} ({', '.join(decision.engines)})")
            print(f"    {decision.reason}\n    source: {decision.source}")
            right = Answer(decision.expected, len(decision.expected))
            wrong = []
            for engine in engines:
                engine.load(decision.documents)
                given = engine.ask(decision.query)
                if given != right:
                    wrong.append(engine.name)
                    print(f"    {engine.name}: {given.reason if isinstance(given, Failure) else list(given.positions)}"
                          f" instead of {list(decision.expected)}")  # fmt: skip
            if not set(wrong) & set(decision.engines):
                stale += 1
                print("    STALE: every engine answers rightly")
        for engine in engines:
            known = 0
            for one in KNOWN:
                engine.load(one.documents)
                known += engine.ask(one.query) == Answer(one.expected, len(one.expected))
            print(f"{engine.name} knows {known} of {len(KNOWN)} known answers")
    finally:
        for engine in engines:
            engine.close()
    return 1 if stale else 0
