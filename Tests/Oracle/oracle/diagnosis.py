"""Takes a look-alike's wrong answer apart: the one operator on one document, or the one pair in the wrong order."""

from __future__ import annotations

from dataclasses import dataclass

from .cases import Answer, Document, Failure, Query, is_operators, mongo_condition, spelled
from .engines.reference import Reference
from .evaluator import condition_holds, operators_of, order_of, sort_key
from .values import Json


@dataclass(frozen=True)
class Mismatch:
    """One operator on one path of one document, on which an engine and the evaluator differ."""

    engine: str
    document: Document
    path: str
    condition: Json
    expected: bool

    @property
    def operator(self) -> str:
        """`$eq` for a bare value."""
        return operators_of(self.condition)[0][0]

    @property
    def operand(self) -> Json:
        return operators_of(self.condition)[0][1]

    def __str__(self) -> str:
        verdict = "a match" if self.expected else "no match"
        asked = spelled({self.path: self.condition})
        return f"{self.engine}: {asked} on {shown(self.document, self.path)} should be {verdict}"


def shown(document: Document, path: str) -> str:
    """The top-level field of a path, alone."""
    name = path.split(".")[0]
    return spelled({name: document[name]}) if name in document else "{}"


@dataclass(frozen=True)
class Inversion:
    """Two documents that an engine gives in the wrong order."""

    engine: str
    first: Document
    second: Document
    path: str
    ascending: bool

    def keys(self) -> tuple[Json, Json]:
        """The right sort keys, of the one that belongs first and of the other."""
        return sort_key(self.first, self.path, self.ascending), sort_key(self.second, self.path, self.ascending)

    def __str__(self) -> str:
        first, second = shown(self.first, self.path), shown(self.second, self.path)
        direction = "ascending" if self.ascending else "descending"
        return f"{self.engine}: by {self.path} {direction}, {first} belongs before {second}"


@dataclass(frozen=True)
class Unexplained:
    """A wrong answer that no single operator and no single pair shows."""

    engine: str
    why: str
    failed: bool = False
    """Whether the engine fails on a part of the query alone, so that nothing can be said."""

    def __str__(self) -> str:
        return f"{self.engine}: {self.why}"


Finding = Mismatch | Inversion | Unexplained


def diagnose(engine: Reference, records: list[Document], query: Query, given: Answer, right: Answer) -> list[Finding]:
    """Everything that makes the engine's whole result differ from the right one."""
    findings: list[Finding] = []
    for place in sorted(set(given.positions) ^ set(right.positions)):
        findings += _mismatches(engine, records[place], place, query)
    common = set(given.positions) & set(right.positions)
    findings += _inversions(engine.name, records, query, [place for place in given.positions if place in common])
    if len(given.positions) != len(set(given.positions)):
        findings.append(Unexplained(engine.name, "gives a document twice"))
    return findings or [Unexplained(engine.name, "differs, though each document alone does not")]


def _mismatches(engine: Reference, document: Document, place: int, query: Query) -> list[Finding]:
    found: list[Finding] = []
    failed = False
    for path, condition, _ in query.conditions():
        for single in _singles(condition):
            answer = engine.find({"$and": [{"_id": place}, {path: mongo_condition(single)}]}, [("_id", 1)])
            if isinstance(answer, Failure):
                failed = True
                continue
            expected = condition_holds(document, path, single)
            if bool(answer.positions) != expected:
                found.append(Mismatch(engine.name, document, path, single, expected))
    why = f"document {spelled(document)}: each operator alone is answered rightly"
    return found or [Unexplained(engine.name, why, failed)]


def _singles(condition: Json) -> list[Json]:
    """The condition as conditions of one operator each; a bare value stays bare."""
    if not is_operators(condition):
        return [condition]
    return [
        {name: operand} | ({"$options": options} if options else {})
        for name, operand, options in operators_of(condition)
    ]


def _inversions(engine: str, records: list[Document], query: Query, given: list[int]) -> list[Finding]:
    path, ascending = query.sort_path, query.ascending
    keys = {place: (sort_key(records[place], path, ascending), place) for place in given}
    found: list[Finding] = []
    for before, after in zip(given, given[1:]):
        order = order_of(keys[before], keys[after])
        if (order > 0) if ascending else (order < 0):
            found.append(Inversion(engine, records[after], records[before], path, ascending))
    return found
