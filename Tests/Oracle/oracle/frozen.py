"""Cases in files: the frozen ones and the replay, which the Swift tests read, and generated ones on demand."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import matrix
from .cases import Answer, Case, Document, Query, spelled
from .decisions import TABLE
from .documented import KNOWN
from .evaluator import evaluate, stored
from .generator import Generator

REPLAY = ("replay", 60, 50)
"""Seed, sets, and queries a set of the generated cases that the Swift tests run: about 3,000 in 0.7 MB."""


def frozen_cases() -> list[Case]:
    """The cases of the table of decisions, then the known answers. Their results are written by hand."""
    entries = [(one.name, one.source, one.documents, one.query, one.expected) for one in TABLE]
    entries += [(one.name, one.source, one.documents, one.query, one.expected) for one in KNOWN]
    return [
        Case(documents, query, Answer(expected, len(expected)), {"name": name, "source": source})
        for name, source, documents, query, expected in entries
    ]


def _frozen_text() -> str:
    """One case a line, so that a change shows as one line."""
    return "[\n" + ",\n".join(spelled(case.json()) for case in frozen_cases()) + "\n]\n"


def freeze(folder: Path, check: bool) -> int:
    """Writes what the Swift tests read into a folder, or says whether it holds that."""
    seed, sets, queries = REPLAY
    replay = [line for line, _ in _lines(seed, range(sets), queries)]
    paths = [_line(f"path {path}", matrix.documents(), [], matrix.queries(path))[0] for path in matrix.OPERANDS]
    files = {
        "frozen.json": _frozen_text(),
        "matrix.jsonl": "".join(paths),
        "replay.jsonl": "".join(replay),
    }
    for name, text in files.items():
        path = folder / name
        if check:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                print(f"oracle: {name} is not up to date: Tests/Oracle/ask freeze writes it", file=sys.stderr)
                return 1
        else:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(path)
    return 0


def emit(path: Path, seed: str, sets: int, queries: int, only: int | None) -> int:
    """Writes generated sets, one JSON object a line: documents, indexes, and the queries with what is expected.

    Queries on which MongoDB itself fails are left out.
    """
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for line, asked in _lines(seed, [only] if only is not None else range(sets), queries):
            file.write(line)
            count += asked
    print(f"{count} cases in {path}, seed {seed}")
    return 0


def _lines(seed: str, numbers: Iterable[int], queries: int) -> Iterator[tuple[str, int]]:
    """The sets of these numbers as lines, each with how many queries it holds."""
    for number in numbers:
        chosen = Generator(f"{seed}/{number}").document_set(queries)
        yield _line(chosen.name, chosen.documents, chosen.indexes, chosen.queries)


def _line(name: str, documents: list[Document], indexes: object, queries: list[Query]) -> tuple[str, int]:
    """One set as a line, and how many queries it holds: those on which MongoDB itself fails are left out."""
    records = stored(documents)
    asked = []
    for query in queries:
        expected = evaluate(records, query)
        if isinstance(expected, Answer):
            answer = {"ids": expected.ids, "total": expected.total}
            asked.append({"parameters": dict(query.parameters()), "expected": answer})
    line = {"set": name, "documents": records, "indexes": indexes, "queries": asked}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n", len(asked)
