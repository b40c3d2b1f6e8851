"""The operator matrix: one path that holds a value of every kind, and every operator with every kind of operand."""

from __future__ import annotations

from .cases import Document, Query
from .values import Json

VALUES: list[Json] = [
    *(1, 1.0, 1.5, 0, -0.0, 2, "1", "", "a", True, False, None),
    *([], [1], [1.0], ["1"], [True], [None], [1, 2], [1, "1", True, None]),
    *([[]], [[1]], [["1"]], [[True]], [[None]], [[[1]]], [1, [1]]),
    *({}, {"b": 1}, {"b": "1"}, {"b": True}, {"b": None}, {"b": []}, {"b": [1]}, {"b": [[1]]}, {"b": {}}),
    *({"b": 1, "c": 2}, {"c": 2, "b": 1}, {"b": {"b": 1}}),
    *([{}], [{"b": 1}], [{"b": None}], [{"b": [1]}], [{"b": 1}, {"b": 2}], [{"b": 1}, 1], [[{"b": 1}]]),
]
"""What the path holds in turn; one more document lacks it."""

OPERANDS: dict[str, list[Json]] = {
    "a": VALUES,
    **{path: [1, "1", True, None, [], [1], {}, {"b": 1}] for path in ("a.b", "a.0", "a.0.b", "a.b.b")},
}
"""The paths asked about, each with what it is compared with."""

PATTERNS: list[tuple[str, str | None]] = [
    ("1", None),
    ("^1$", ""),
    ("^A", None),
    ("^A", "i"),
    ("^$", "m"),
    (" 1 # one", "x"),
    (".", "s"),
    ("", "imsx"),
]


def documents() -> list[Document]:
    """One document for each value, and one without the path."""
    return [*({"a": value} for value in VALUES), {}]


def queries(path: str) -> list[Query]:
    """Every operator with every operand of a path, ordered by id; then both orders by that path."""
    conditions: list[Json] = []
    for operand in OPERANDS[path]:
        conditions += [{operator: operand} for operator in ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$contains")]
        conditions += [{operator: [operand, *more]} for operator in ("$in", "$nin") for more in ([], [None, "x"])]
        conditions.append({"$gte": operand, "$lte": operand})
    conditions += [{"$exists": True}, {"$exists": False}, {"$in": []}, {"$nin": []}]
    for pattern, options in PATTERNS:
        conditions.append({"$regex": pattern} if options is None else {"$regex": pattern, "$options": options})
    asked = [Query({path: condition}, sort_by="id", ascending=True) for condition in conditions]
    return asked + [Query(sort_by=path, ascending=ascending) for ascending in (True, False)]
