"""Makes a case that shows a difference as small as it gets, in documents and in the query."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from .cases import Conditions, Document, Query, is_operators, spelled
from .values import Json

Test = Callable[[list[Document], Query], bool]
"""Whether documents and query still show the difference."""


def shrunk(documents: list[Document], query: Query, test: Test, budget: int = 400) -> tuple[list[Document], Query]:
    """Takes the first smaller variant that still shows the difference, until there is none or the budget is spent."""
    progress = True
    while progress and budget > 0:
        progress = False
        for fewer, simpler in _variants(documents, query):
            if budget <= 0:
                break
            budget -= 1
            if test(fewer, simpler):
                documents, query, progress = fewer, simpler, True
                break
    return documents, query


def size(documents: list[Document], query: Query) -> int:
    """The length of the case's text."""
    return len(spelled(documents)) + sum(len(name) + len(value) for name, value in query.parameters())


def _variants(documents: list[Document], query: Query) -> Iterator[tuple[list[Document], Query]]:
    """Smaller cases, the boldest first. All are strictly smaller in text or plainer in value."""
    count = len(documents)
    step = count // 2
    while step >= 1:
        for start in range(0, count, step):
            yield documents[:start] + documents[start + step :], query
        step //= 2
    for simpler in _queries(query):
        yield documents, simpler
    for position, document in enumerate(documents):
        for smaller in _smaller(document):
            if isinstance(smaller, dict):
                yield documents[:position] + [smaller] + documents[position + 1 :], query


def _queries(query: Query) -> Iterator[Query]:
    if query.page is not None or query.offset is not None or query.limit != 100:
        yield query.whole
    if query.search is not None:
        yield replace(query, search=None, search_field=None)
    if query.sort_by is not None:
        yield replace(query, sort_by=None)
    if not query.ascending:
        yield replace(query, ascending=True)
    if query.and_filters is not None:
        yield replace(query, and_filters=None)
        for part in _conditions(query.and_filters):
            yield replace(query, and_filters=part)
    if query.or_filters is not None:
        yield replace(query, or_filters=None)
        for part in _conditions(query.or_filters):
            yield replace(query, or_filters=part)
    if query.sort_by is not None and "." in query.sort_by:
        yield replace(query, sort_by=query.sort_by.rsplit(".", 1)[0])


def _conditions(conditions: Conditions) -> Iterator[Conditions]:
    if len(conditions) > 1:
        for path in conditions:
            yield {other: condition for other, condition in conditions.items() if other != path}
    for path, condition in conditions.items():
        for simpler in _condition(condition):
            yield {other: simpler if other == path else kept for other, kept in conditions.items()}


def _condition(condition: Json) -> Iterator[Json]:
    if not is_operators(condition):
        for smaller in _smaller(condition):
            if not is_operators(smaller):
                yield smaller
        return
    names = [name for name in condition if name != "$options"]
    for name in [*names, "$options"]:
        rest = {other: operand for other, operand in condition.items() if other != name}
        if name == "$regex":
            rest.pop("$options", None)
        if name in condition and rest:
            yield rest
    for name in names:
        for smaller in _smaller(condition[name]):
            if name in ("$in", "$nin") and not isinstance(smaller, list):
                continue
            if name == "$regex" and not isinstance(smaller, str):
                continue
            if name == "$exists":
                continue
            yield {**condition, name: smaller}


def _smaller(value: Json) -> Iterator[Json]:
    """Plainer values: parts of a value, a value with a plainer part, the plainest of its type."""
    if isinstance(value, list):
        for position in range(len(value)):
            yield value[:position] + value[position + 1 :]
        yield from value
        for position, element in enumerate(value):
            for smaller in _smaller(element):
                yield value[:position] + [smaller] + value[position + 1 :]
    elif isinstance(value, dict):
        for name in value:
            yield {other: element for other, element in value.items() if other != name}
        yield from value.values()
        for name, element in value.items():
            for smaller in _smaller(element):
                yield {other: smaller if other == name else kept for other, kept in value.items()}
    elif isinstance(value, str):
        if value not in ("", "a"):
            yield "a"
        if len(value) > 1:
            yield value[: len(value) // 2]
            yield value[len(value) // 2 :]
            for position in range(min(len(value), 30)):
                yield value[:position] + value[position + 1 :]
    elif value is not None and not isinstance(value, bool) and len(spelled(value)) > 1:
        yield 1
