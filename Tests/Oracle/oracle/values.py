"""Order and equality of JSON values as MongoDB compares BSON.

Source: MongoDB manual, "Comparison/Sort Order" (reference/bson-type-comparison-order). Only the types that JSON has.
"""

from __future__ import annotations

from typing import Any, Final

Json = Any
"""None, bool, int (64 bits), float, str, list or dict; a dict keeps its key order and that order counts."""


class Absent:
    """What a path finds where there is no value."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


MISSING: Final = Absent("MISSING")
"""No such field. Equal to null in filters."""

EMPTY: Final = Absent("EMPTY")
"""The sort key of an empty array: less than null and missing."""

_RANKS: Final[dict[type, int]] = {
    Absent: 0,
    type(None): 1,
    int: 2,
    float: 2,
    str: 3,
    dict: 4,
    list: 5,
    bool: 8,
}


def rank(value: Json) -> int:
    """The place of the value's type in MongoDB's order; int and double share one."""
    return _RANKS[type(value)]


def compare(left: Json, right: Json) -> int:
    """-1, 0 or 1: by type, then within the type.

    Numbers by exact value (Python compares int with float exactly, as MongoDB does long with double), strings by code
    point (the order of their UTF-8 bytes), arrays by element, objects pair by pair: type, then name, then value.
    """
    left_rank, right_rank = rank(left), rank(right)
    if left_rank != right_rank:
        return -1 if left_rank < right_rank else 1
    if left_rank <= 1:
        return 0
    if left_rank == 4:
        return _compare_objects(left, right)
    if left_rank == 5:
        for one, other in zip(left, right):
            order = compare(one, other)
            if order:
                return order
        return _sign(len(left), len(right))
    return _sign(left, right)


def equal(left: Json, right: Json) -> bool:
    """Equality: 1 equals 1.0, true does not equal 1, objects need the same key order."""
    return compare(left, right) == 0


def _compare_objects(left: dict[str, Json], right: dict[str, Json]) -> int:
    for (name, one), (other_name, other) in zip(left.items(), right.items()):
        order = _sign(rank(one), rank(other)) or _sign(name, other_name) or compare(one, other)
        if order:
            return order
    return _sign(len(left), len(right))


def _sign(left: Any, right: Any) -> int:
    return (left > right) - (left < right)
