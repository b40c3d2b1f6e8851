"""Cases in files: the frozen ones that the Swift tests read, and generated ones on demand."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from .cases import Answer, Case, spelled
from .decisions import TABLE
from .documented import KNOWN
from .evaluator import evaluate, stored
from .generator import Generator


def frozen_cases() -> list[Case]:
    """The cases of the table of decisions, then the known answers. Their results are written by hand."""
    entries = [(one.name, one.source, one.documents, one.query, one.expected) for one in TABLE]
    entries += [(one.name, one.source, one.documents, one.query, one.expected) for one in KNOWN]
    return [
        Case(documents, query, Answer(expected, len(expected)), {"name": name, "source": source})
        for name, source, documents, query, expected in entries
    ]


def _text() -> str:
    """One case a line, so that a change shows as one line."""
    return "[\n" + ",\n".join(spelled(case.json()) for case in frozen_cases()) + "\n]\n"


def freeze(path: Path, check: bool) -> int:
    """Writes the file, or says whether it holds what it should."""
    text = _text()
    if check:
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return 0
        print(f"oracle: {path.name} is not up to date: Tests/Oracle/ask freeze writes it", file=sys.stderr)
        return 1
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"{len(frozen_cases())} cases in {path}")
    return 0


def emit(path: Path, seed: str, sets: int, queries: int, only: int | None) -> int:
    """Writes generated sets, one JSON object a line: documents, indexes, and the queries with what is expected.

    Queries on which MongoDB itself fails are left out.
    """
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for number in [only] if only is not None else range(sets):
            chosen = Generator(f"{seed}/{number}").document_set(queries)
            records = stored(chosen.documents)
            asked = []
            for query in chosen.queries:
                expected = evaluate(records, query)
                if isinstance(expected, Answer):
                    answer = {"ids": expected.ids, "total": expected.total}
                    asked.append({"parameters": dict(query.parameters()), "expected": answer})
            count += len(asked)
            line = {"set": chosen.name, "documents": records, "indexes": chosen.indexes, "queries": asked}
            file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
    print(f"{count} cases in {path}, seed {seed}")
    return 0
