"""The evaluator of record: MongoDB's documented semantics, for our operators, written without a look at the server.

Sources: MongoDB manual, the pages of the operators and those that `values.py` and `paths.py` name; rest-api.md §4, §5
for `search` and `$contains`, which MongoDB doesn't have.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cmp_to_key

from . import pcre2
from .cases import Answer, Conditions, Document, Failure, Query, identifier, is_operators
from .paths import Ambiguous, reached, sort_keys
from .values import MISSING, Json, compare, equal, rank


def _is_null(value: Json) -> bool:
    return value is None or value is MISSING


def equals(value: Json, operand: Json) -> bool:
    """`$eq` on one reached value; null also equals a missing field."""
    if operand is None:
        return _is_null(value)
    return value is not MISSING and equal(value, operand)


def _range(holds: Callable[[int], bool], with_equality: bool) -> Callable[[Json, Json], bool]:
    def test(value: Json, operand: Json) -> bool:
        if operand is None:
            return with_equality and _is_null(value)
        return value is not MISSING and rank(value) == rank(operand) and holds(compare(value, operand))

    return test


_positive: dict[str, Callable[[Json, Json], bool]] = {
    "$eq": equals,
    "$gt": _range(lambda order: order > 0, False),
    "$gte": _range(lambda order: order >= 0, True),
    "$lt": _range(lambda order: order < 0, False),
    "$lte": _range(lambda order: order <= 0, True),
    "$in": lambda value, operands: any(equals(value, operand) for operand in operands),
}


def folded(text: str) -> str:
    """Text without case, as the project defines it: full upper-case mapping, then lower-case, in normal form C."""
    upper = unicodedata.normalize("NFC", text).upper()
    return unicodedata.normalize("NFC", "".join(letter.lower() for letter in upper))


def _contains(value: Json, operand: Json) -> bool:
    if isinstance(value, list):
        return any(equal(element, operand) for element in value)
    return isinstance(value, str) and isinstance(operand, str) and folded(operand) in folded(value)


def holds(document: Document, path: str, operator: str, operand: Json, options: str = "") -> bool:
    """Whether one operator on one path holds for a document."""
    if operator == "$ne":
        return not holds(document, path, "$eq", operand)
    if operator == "$nin":
        return not holds(document, path, "$in", operand)
    if operator == "$contains":
        return any(_contains(value, operand) for value in reached(document, path, expand=False))
    values = reached(document, path)
    if operator == "$exists":
        return any(value is not MISSING for value in values) == bool(operand)
    if operator == "$regex":
        return any(isinstance(value, str) and pcre2.search(operand, options, value) for value in values)
    test = _positive[operator]
    return any(test(value, operand) for value in values)


def operators_of(condition: Json) -> list[tuple[str, Json, str]]:
    """A condition as operators: name, operand, and the options of `$regex`."""
    if not is_operators(condition):
        return [("$eq", condition, "")]
    options = condition.get("$options", "")
    return [(name, operand, options) for name, operand in condition.items() if name != "$options"]


def condition_holds(document: Document, path: str, condition: Json) -> bool:
    return all(holds(document, path, name, operand, options) for name, operand, options in operators_of(condition))


def matches(document: Document, query: Query) -> bool:
    """Whether a document belongs to a query's result."""
    every: Conditions = query.and_filters or {}
    some: Conditions = query.or_filters or {}
    if not all(condition_holds(document, path, condition) for path, condition in every.items()):
        return False
    if some and not any(condition_holds(document, path, condition) for path, condition in some.items()):
        return False
    return query.search is None or _found(document, query.search, query.search_field)


def _found(document: Document, text: str, name: str | None) -> bool:
    fields = [document.get(name)] if name is not None else list(document.values())
    return any(isinstance(value, str) and folded(text) in folded(value) for value in fields)


def sort_key(document: Document, path: str, ascending: bool) -> Json:
    """The one key that a document sorts by: an array's least element, or its greatest when descending."""
    keys = sort_keys(document, path)
    chosen = keys[0]
    for key in keys[1:]:
        order = compare(key, chosen)
        if (order < 0) if ascending else (order > 0):
            chosen = key
    return chosen


def order_of(left: tuple[Json, int], right: tuple[Json, int]) -> int:
    """The order of two (sort key, position): ties break by id, and ids ascend with positions."""
    return compare(left[0], right[0]) or (left[1] > right[1]) - (left[1] < right[1])


def stored(documents: list[Document]) -> list[Document]:
    """The documents as records: with their ids."""
    return [{"id": identifier(position), **document} for position, document in enumerate(documents)]


def evaluate(records: list[Document], query: Query) -> Answer | Failure:
    """The whole answer: filter, sort, page. A Failure where MongoDB itself refuses the sort or the pattern."""
    try:
        found = [
            (sort_key(document, query.sort_path, query.ascending), position)
            for position, document in enumerate(records)
            if matches(document, query)
        ]
    except Ambiguous as error:
        return Failure(f"ambiguous position {error} in the sort")
    except pcre2.BadPattern as error:
        return Failure(str(error))
    found.sort(key=cmp_to_key(order_of), reverse=not query.ascending)
    page = found[query.skipped : query.skipped + query.limit]
    return Answer(tuple(position for _, position in page), len(found))
