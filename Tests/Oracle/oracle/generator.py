"""Random documents and queries, weighed towards what is easily got wrong. A seed gives the same ones again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from .cases import Conditions, Document, Query, identifier
from .paths import reached
from .patterns import OPTIONS, pattern
from .values import MISSING, Json

NUMBERS: Final[list[Json]] = [
    0, 1, 1, 1.0, -1, 2, 2.5, -0.0, 0.0, 1.5, 10, 255, 1e3, 1000, 0.1, 0.30000000000000004, -2.5,
    2**31, -(2**31) - 1, 2**53, 2**53 + 1, float(2**53), 2**63 - 1, -(2**63), float(2**63), float(-(2**63)),
    2**63 - 1024, 1e308, -1e308, 1.7976931348623157e308, 5e-324, -5e-324, 2.2250738585072014e-308, 1e-7, 123456789012,
]  # fmt: skip

STRINGS: Final[list[str]] = [
    "", "1", "a", "A", "b", "ab", "aB", "abc", "Abc", "null", "true", "0", "-0", "1.0", "[]", "{}", " ", "a ", "a b",
    "x\u0000y", "x", "x\u0000", "\u0000", "é", "e\u0301", "É", "ß", "ss", "ſ", "K", "Σ", "σ", "ς", "İ", "ı", "i", "I",
    "\uffff", "\ue000", "\U00010000", "\U0001f600", "z\U0001f600", "\ud7ff", "日本", "line\nbreak", "line\n", "tab\t",
    "\"quoted\"", "back\\slash", "per%cent", "under_score", "a.b", "$eq", "'; --", "\u007f", "\u0080", "\u2028",
]  # fmt: skip

KEYS: Final = ["a", "b", "c", "0", "1", "A", "id", "é", "e\u0301", "a b", "10", "01"]

PATHS: Final = [
    ("v", 30), ("w", 6), ("a", 8), ("s", 8), ("n", 6), ("absent", 1), ("id", 2), ("a.b", 12), ("a.0", 6), ("a.1", 3),
    ("a.0.b", 4), ("a.b.0", 4), ("a.b.1", 3), ("a.b.c", 5), ("a.1.b", 3), ("a.0.0", 2), ("a.b.0.c", 2), ("v.a", 3),
    ("v.0", 4), ("v.1", 2), ("v.0.a", 2), ("v.a.b", 1), ("v.b", 1), ("a.c", 2), ("s.0", 1), ("v.a.0", 1), ("a.01", 1),
    ("a.b.b", 1), ("a.10", 1), ("a.\u00e9", 1), ("a.0.1.b", 1), ("n.a", 1), ("w.0.0", 1),
]  # fmt: skip

INDEXES: Final[list[dict[str, Json]]] = [
    {"v": 1}, {"v": -1}, {"a": 1}, {"a.b": 1}, {"a.b": -1}, {"s": 1}, {"n": -1}, {"a.0": 1}, {"a.b.c": 1}, {"w": 1},
    {"v": 1, "n": -1}, {"n": 1, "v": 1}, {"s": 1, "v": -1}, {"a.b": 1, "n": 1}, {"v.a": 1}, {"v.0": 1}, {"a.0.b": 1},
]  # fmt: skip

OPERATORS: Final = [
    ("$eq", 30), ("$ne", 40), ("$gt", 40), ("$gte", 40), ("$lt", 40), ("$lte", 40), ("$in", 40), ("$nin", 40),
    ("$exists", 30), ("$regex", 40), ("$contains", 6),
]  # fmt: skip

SEARCHES: Final = [
    "x", "LINE", "quoted", "under_", "per%", "true", "日", "\U0001f600", "É", "SS", "ß", "Σ", "K", "i", "y\u0000",
]  # fmt: skip
"""Texts that no system field holds."""


@dataclass
class DocumentSet:
    """Documents that many queries are asked of, with what else is chosen for them."""

    name: str
    documents: list[Document]
    queries: list[Query]
    indexes: list[dict[str, Json]]
    escaped: bool


class Generator:
    """All random choices of one set of documents."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self.name = seed
        self.anchor: Document | None = None

    def document_set(self, queries: int, largest: int = 20) -> DocumentSet:
        """Documents and queries over them."""
        size = self.random.choice([1, 3, 6, 12, largest, largest])
        documents = [self.document() for _ in range(size)]
        asked = [self.query(documents) for _ in range(queries)]
        indexes = self.random.sample(INDEXES, self.random.randint(1, 4))
        sparse = [{"fields": fields, "sparse": self.random.random() < 0.25} for fields in indexes]
        return DocumentSet(self.name, documents, asked, sparse, self.random.random() < 0.5)

    # Documents

    def document(self) -> Document:
        document: Document = {}
        if self.random.random() < 0.92:
            document["v"] = self.nasty()
        if self.random.random() < 0.8:
            document["a"] = self.structure()
        if self.random.random() < 0.5:
            document["s"] = self.string() if self.random.random() < 0.6 else self.strings()
        if self.random.random() < 0.5:
            document["n"] = self.random.choice(NUMBERS)
        if self.random.random() < 0.3:
            document["w"] = self.value(2)
        return self.shuffled(document) if self.random.random() < 0.3 else document

    def nasty(self) -> Json:
        """What one path holds in turn: the number, its text, true, null, arrays of each, nested ones, objects."""
        one: Json = self.random.choice([1, 1.0, "1", True, None, False, 0, "", 2])
        shape = self.random.randrange(14)
        match shape:
            case 0:
                return []
            case 1:
                return [one]
            case 2:
                return [one, self.scalar()]
            case 3:
                return [[one]]
            case 4:
                return {}
            case 5:
                return {"a": one}
            case 6:
                return self.shuffled({"a": one, "b": self.scalar()})
            case 7:
                return [{"a": one}, self.scalar()]
            case 8:
                return self.value(3)
            case 9:
                return self.scalar()
            case 10:
                return [[], one] if self.random.random() < 0.5 else [[one, self.scalar()], one]
            case _: return one  # fmt: skip

    def structure(self) -> Json:
        """Objects in arrays in objects, over few names, so that paths meet them."""
        return self.random.choice([
            lambda: {"b": self.value(2)},
            lambda: [{"b": self.value(1)} for _ in range(self.random.randint(0, 3))],
            lambda: {"b": [{"c": self.scalar()} for _ in range(self.random.randint(0, 3))]},
            lambda: [self.value(2) for _ in range(self.random.randint(0, 3))],
            lambda: [{"b": self.value(2), "c": self.scalar()}, self.scalar()],
            lambda: {"0": self.value(1), "1": self.scalar()},
            lambda: [[{"b": self.scalar()}], {"b": [self.scalar()]}],
            lambda: [{"0": {"b": self.scalar()}}, {"1": self.scalar()}],
            lambda: [{"b": {"c": self.scalar()}}, {"c": self.scalar()}],
            lambda: self.value(3),
        ])()  # fmt: skip

    def scalar(self) -> Json:
        roll = self.random.random()
        if roll < 0.4:
            return self.random.choice(NUMBERS)
        if roll < 0.75:
            return self.string()
        return self.random.choice([None, True, False])

    def string(self) -> str:
        return self.random.choice(STRINGS)

    def strings(self) -> Json:
        return [self.string() for _ in range(self.random.randint(0, 3))]

    def value(self, depth: int) -> Json:
        if depth == 0 or self.random.random() < 0.45:
            return self.scalar()
        if self.random.random() < 0.5:
            return [self.value(depth - 1) for _ in range(self.random.randint(0, 3))]
        return {key: self.value(depth - 1) for key in self.random.sample(KEYS, self.random.randint(0, 3))}

    def shuffled(self, value: dict[str, Json]) -> dict[str, Json]:
        names = list(value)
        self.random.shuffle(names)
        return {name: value[name] for name in names}

    # Queries

    def path(self) -> str:
        paths, weights = zip(*PATHS)
        return self.random.choices(paths, weights)[0]

    def query(self, documents: list[Document]) -> Query:
        # Most queries take their operands from one document, so that several conditions hold at once.
        self.anchor = self.random.choice(documents) if self.random.random() < 0.7 else None
        and_filters = or_filters = None
        roll = self.random.random()
        if roll < 0.75:
            and_filters = self.conditions(documents, self.random.choice([1, 1, 1, 1, 2, 3]))
        if roll > 0.65:
            or_filters = self.conditions(documents, self.random.choice([1, 2, 2, 3]))
        sort_by = self.path() if self.random.random() < 0.7 else None
        page = offset = None
        limit = 100
        paging = self.random.random()
        if paging < 0.25:
            limit, page = self.random.randint(1, 7), self.random.randint(1, 4)
        elif paging < 0.35:
            limit, offset = self.random.randint(1, 7), self.random.randint(0, 12)
        search = search_field = None
        if self.random.random() < 0.03:
            search = self.random.choice(SEARCHES)
            search_field = self.random.choice([None, "s", "v"])
        ascending = self.random.random() < 0.5
        return Query(and_filters, or_filters, sort_by, ascending, page, offset, limit, search, search_field)

    def conditions(self, documents: list[Document], count: int) -> Conditions:
        return {path: self.condition(documents, path) for path in (self.reaching(documents) for _ in range(count))}

    def reaching(self, documents: list[Document]) -> str:
        """A path, mostly one that leads somewhere."""
        path = self.path()
        while not self.found(documents, path) and self.random.random() < 0.8:
            path = self.path()
        return path

    def condition(self, documents: list[Document], path: str) -> Json:
        roll = self.random.random()
        if roll < 0.25:
            value = self.operand(documents, path)
            return value if not isinstance(value, dict) or value == {} else {"$eq": value}
        count = 1 if roll < 0.85 else self.random.randint(2, 3)
        condition: dict[str, Json] = {}
        for _ in range(count):
            self.add_operator(condition, documents, path)
        return condition

    def add_operator(self, condition: dict[str, Json], documents: list[Document], path: str) -> None:
        # The server gives ids, so a pattern or a substring can't know them.
        names, weights = zip(*(OPERATORS[:-2] if path == "id" else OPERATORS))
        name = self.random.choices(names, weights)[0]
        match name:
            case "$in" | "$nin":
                count = self.random.choice([0, 1, 1, 2, 3, 5])
                condition[name] = [self.operand(documents, path) for _ in range(count)]
            case "$exists":
                condition[name] = self.random.random() < 0.5
            case "$regex":
                texts = [text for text in self.found(documents, path) if isinstance(text, str)]
                condition[name] = pattern(self.random, self.random.choice(texts) if texts else self.string())
                if self.random.random() < 0.4:
                    letters = self.random.sample(OPTIONS, self.random.randint(1, 2))
                    condition["$options"] = "".join(letters)
            case _:
                condition[name] = self.operand(documents, path)

    def found(self, documents: list[Document], path: str) -> list[Json]:
        if path == "id":
            return [identifier(position) for position in range(len(documents))]
        document = self.anchor or self.random.choice(documents)
        return [value for value in reached(document, path) if value is not MISSING]

    def operand(self, documents: list[Document], path: str) -> Json:
        """Mostly what a document holds at the path, now and then turned a little; else anything."""
        values = self.found(documents, path)
        if not values or self.random.random() < 0.25:
            return self.nasty() if self.random.random() < 0.6 else self.value(2)
        value = self.random.choice(values)
        if path == "id":
            return value
        return self.turned(value) if self.random.random() < 0.25 else value

    def turned(self, value: Json) -> Json:
        if self.random.random() < 0.25:
            return [value]
        if isinstance(value, dict):
            return self.shuffled(value)
        if isinstance(value, list):
            return self.random.choice(value) if value else None
        if isinstance(value, bool) or value is None:
            return self.scalar()
        if isinstance(value, int):
            return self.random.choice([float(value), min(value + 1, 2**63 - 1), str(value), value == 1])
        if isinstance(value, float):
            return int(value) if abs(value) < 2**62 else -value
        return self.random.choice([value + "\u0000", value[:-1], value + "a", value.swapcase()])
