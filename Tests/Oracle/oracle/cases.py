"""Documents, queries and answers, and their forms: REST parameters, MongoDB's query language, JSON in files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from .values import Json

Document = dict[str, Json]
Conditions = dict[str, Json]
"""Field path to a value (equality) or to an object of operators: the object of `andFilters` or `orFilters`."""

ID_BASE = 0x6750_0000_0000_0000_0000_0000


def identifier(position: int) -> str:
    """The id of the document at a position, in the references and in files; ids ascend with positions."""
    return f"{ID_BASE + position:024x}"


def spelled(value: Json, escaped: bool = False) -> str:
    """Compact JSON; `escaped` writes what is not ASCII as \\u escapes."""
    return json.dumps(value, ensure_ascii=escaped, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True)
class Query:
    """What one GET of a list asks (rest-api.md §4)."""

    and_filters: Conditions | None = None
    or_filters: Conditions | None = None
    sort_by: str | None = None
    ascending: bool = False
    page: int | None = None
    offset: int | None = None
    limit: int = 100
    search: str | None = None
    search_field: str | None = None

    @property
    def sort_path(self) -> str:
        return self.sort_by or "id"

    @property
    def skipped(self) -> int:
        return self.offset if self.offset is not None else ((self.page or 1) - 1) * self.limit

    @property
    def whole(self) -> Query:
        """The same without paging."""
        return replace(self, page=None, offset=None, limit=100)

    def conditions(self) -> list[tuple[str, Json, str]]:
        """Every condition with the parameter it stands in."""
        parts = (("andFilters", self.and_filters), ("orFilters", self.or_filters))
        return [(path, condition, name) for name, part in parts for path, condition in (part or {}).items()]

    def parameters(self, escaped: bool = False) -> list[tuple[str, str]]:
        """The query's parameters in the REST form, not yet percent-encoded."""
        items: list[tuple[str, str]] = []
        if self.and_filters is not None:
            items.append(("andFilters", spelled(self.and_filters, escaped)))
        if self.or_filters is not None:
            items.append(("orFilters", spelled(self.or_filters, escaped)))
        if self.sort_by is not None:
            items.append(("sortBy", self.sort_by))
        items.append(("sortDirection", "asc" if self.ascending else "desc"))
        if self.search is not None:
            items.append(("search", self.search))
            if self.search_field is not None:
                items.append(("searchType", self.search_field))
        if self.page is not None:
            items.append(("page", str(self.page)))
        if self.offset is not None:
            items.append(("offset", str(self.offset)))
        items.append(("limit", str(self.limit)))
        return items

    def url_query(self, escaped: bool = False) -> str:
        return "&".join(f"{name}={quote(value, safe='')}" for name, value in self.parameters(escaped))

    def mongo_filter(self) -> dict[str, Any] | None:
        """The filter in MongoDB's language; None where the query uses an operator that is only ours.

        A bare object is written with `$eq`: montydb reads `{}` as "no operators".
        """
        if self.search is not None:
            return None
        clauses: list[dict[str, Any]] = [
            {path: mongo_condition(condition)} for path, condition in (self.and_filters or {}).items()
        ]
        if self.or_filters:
            branches = self.or_filters.items()
            clauses.append({"$or": [{path: mongo_condition(condition)} for path, condition in branches]})
        for _, condition, _ in self.conditions():
            if is_operators(condition) and "$contains" in condition:
                return None
        return {"$and": clauses} if clauses else {}

    def mongo_sort(self) -> list[tuple[str, int]]:
        """The sort in MongoDB's language: ties break by id in the same direction."""
        direction = 1 if self.ascending else -1
        if self.sort_path == "id":
            return [("id", direction)]
        return [(self.sort_path, direction), ("id", direction)]


def mongo_condition(condition: Json) -> Json:
    """A condition in MongoDB's language."""
    bare = isinstance(condition, dict) and not is_operators(condition)
    return {"$eq": condition} if bare else condition


def is_operators(condition: Json) -> bool:
    """Whether a condition is an object of operators, not a value."""
    return isinstance(condition, dict) and any(name.startswith("$") for name in condition)


@dataclass(frozen=True)
class Answer:
    """The positions of the documents on the asked page, and how many match in all."""

    positions: tuple[int, ...]
    total: int

    def __str__(self) -> str:
        return f"documents {list(self.positions)}, total {self.total}"

    @property
    def ids(self) -> list[str]:
        return [identifier(position) for position in self.positions]


@dataclass(frozen=True)
class Failure:
    """An engine could not answer."""

    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass
class Case:
    """One query on a set of documents, with what is expected."""

    documents: list[Document]
    query: Query
    expected: Answer
    note: dict[str, Json] = field(default_factory=dict)

    def json(self) -> dict[str, Json]:
        """The form of files. `parameters` is what a client sends; `expected` holds the ids of the page, in order."""
        return {
            **self.note,
            "documents": [{"id": identifier(position), **document} for position, document in enumerate(self.documents)],
            "parameters": dict(self.query.parameters()),
            "expected": {"ids": self.expected.ids, "total": self.expected.total},
        }
