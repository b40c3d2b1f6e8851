"""Known answers: examples of MongoDB's documentation and statements of MongoDB's own tests, each with its answer.

The evaluator is tested on them, the look-alikes are tried on them, and the Swift tests read them from the file of
frozen cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .cases import Document, Query
from .values import Json


@dataclass(frozen=True)
class Known:
    """Documents, a query, and the positions of the result in order."""

    name: str
    source: str
    documents: list[Document]
    query: Query
    expected: tuple[int, ...]


def _filter(name: str, source: str, documents: list[Document], filters: dict[str, Json], *expected: int) -> Known:
    return Known(name, source, documents, Query(filters, ascending=True), expected)


def _sort(name: str, source: str, documents: list[Document], path: str, ascending: bool, *expected: int) -> Known:
    return Known(name, source, documents, Query(sort_by=path, ascending=ascending), expected)


def _each(*values: Json) -> list[Document]:
    return [{"v": value} for value in values]


_NULL = "MongoDB manual, Query for Null or Missing Fields"
_ARRAY = "MongoDB manual, Query an Array"
_EMBEDDED_ARRAY = "MongoDB manual, Query an Array of Embedded Documents"
_EMBEDDED = "MongoDB manual, Query on Embedded/Nested Documents"
_ORDER = "MongoDB manual, Comparison/Sort Order"
_SORT = "MongoDB manual, cursor.sort()"
_PATHS = "MongoDB's tests, matcher/path_test.cpp"
_KEYS = "MongoDB's tests, index/btree_key_generator_test.cpp"

_STOCK: list[Document] = [
    {"item": "journal", "tags": ["blank", "red"], "dim_cm": [14, 21]},
    {"item": "notebook", "tags": ["red", "blank"], "dim_cm": [14, 21]},
    {"item": "paper", "tags": ["red", "blank", "plain"], "dim_cm": [14, 21]},
    {"item": "planner", "tags": ["blank", "red"], "dim_cm": [22.85, 30]},
    {"item": "postcard", "tags": ["blue"], "dim_cm": [10, 15.25]},
]

_WAREHOUSES: list[Document] = [
    {"item": "journal", "instock": [{"warehouse": "A", "qty": 5}, {"warehouse": "C", "qty": 15}]},
    {"item": "notebook", "instock": [{"warehouse": "C", "qty": 5}]},
    {"item": "paper", "instock": [{"warehouse": "A", "qty": 60}, {"warehouse": "B", "qty": 15}]},
    {"item": "planner", "instock": [{"warehouse": "A", "qty": 40}, {"warehouse": "B", "qty": 5}]},
    {"item": "postcard", "instock": [{"warehouse": "B", "qty": 15}, {"warehouse": "C", "qty": 35}]},
]

_SIZES: list[Document] = [
    {"item": "journal", "size": {"h": 14, "w": 21, "uom": "cm"}},
    {"item": "notebook", "size": {"h": 8.5, "w": 11, "uom": "in"}},
    {"item": "paper", "size": {"h": 8.5, "w": 11, "uom": "in"}},
    {"item": "planner", "size": {"h": 22.85, "w": 30, "uom": "cm"}},
    {"item": "postcard", "size": {"h": 10, "w": 15.25, "uom": "cm"}},
]

_MIXED = _each(1, "1", True, None, [1], ["1"], [True], [None], [[1]], {"a": 1}, [], {}, [{"a": 1}]) + [{}]

KNOWN: Final[list[Known]] = [
    # Null and missing
    _filter("null matches null and missing", _NULL, [{"item": None}, {}, {"item": 0}], {"item": None}, 0, 1),
    _filter("not null", _NULL, [{"item": None}, {}, {"item": 0}], {"item": {"$ne": None}}, 2),
    _filter("null exists", _NULL, [{"item": None}, {}], {"item": {"$exists": True}}, 0),
    _filter("missing does not exist", _NULL, [{"item": None}, {}], {"item": {"$exists": False}}, 1),
    _filter("null among others in $in", _NULL, [{"v": None}, {}, {"v": 2}, {"v": 3}], {"v": {"$in": [2, None]}}, 0, 1, 2),
    _filter("$nin with null leaves out missing", _NULL, [{"v": None}, {}, {"v": 2}], {"v": {"$nin": [None]}}, 2),
    _filter("$gte null", _NULL, [{"v": None}, {}, {"v": 2}, {"v": [None]}], {"v": {"$gte": None}}, 0, 1, 3),
    _filter("$gt null matches nothing", _NULL, [{"v": None}, {}, {"v": 2}], {"v": {"$gt": None}}),
    # Arrays
    _filter("a whole array, in order", _ARRAY, _STOCK, {"tags": ["red", "blank"]}, 1),
    _filter("an element", _ARRAY, _STOCK, {"tags": "red"}, 0, 1, 2, 3),
    _filter("some element above", _ARRAY, _STOCK, {"dim_cm": {"$gt": 25}}, 3),
    _filter("two elements meet the two ends", _ARRAY, _STOCK, {"dim_cm": {"$gt": 15, "$lt": 20}}, 0, 1, 2, 4),
    _filter("an element by position", _ARRAY, _STOCK, {"dim_cm.1": {"$gt": 25}}, 3),
    _filter("$ne means no element", _ARRAY, _STOCK, {"tags": {"$ne": "blue"}}, 0, 1, 2, 3),
    _filter("an embedded document, whole", _EMBEDDED_ARRAY, _WAREHOUSES, {"instock": {"warehouse": "A", "qty": 5}}, 0),
    _filter("another key order", _EMBEDDED_ARRAY, _WAREHOUSES, {"instock": {"qty": 5, "warehouse": "A"}}),
    _filter("a field of any element", _EMBEDDED_ARRAY, _WAREHOUSES, {"instock.qty": {"$lte": 20}}, 0, 1, 2, 3, 4),
    _filter("a field of the first element", _EMBEDDED_ARRAY, _WAREHOUSES, {"instock.0.qty": {"$lte": 20}}, 0, 1, 4),
    _filter("conditions met by different elements", _EMBEDDED_ARRAY, _WAREHOUSES, {"instock.qty": 5, "instock.warehouse": "A"}, 0, 3),
    # Embedded documents
    _filter("an embedded document is equal with its order", _EMBEDDED, _SIZES, {"size": {"h": 14, "w": 21, "uom": "cm"}}, 0),
    _filter("not in another order", _EMBEDDED, _SIZES, {"size": {"w": 21, "h": 14, "uom": "cm"}}),
    _filter("a nested field", _EMBEDDED, _SIZES, {"size.uom": "in"}, 1, 2),
    # One path holding everything
    _filter("one", _ORDER, _MIXED, {"v": 1}, 0, 4),
    _filter("one as double", _ORDER, _MIXED, {"v": 1.0}, 0, 4),
    _filter("the text", _ORDER, _MIXED, {"v": "1"}, 1, 5),
    _filter("true is not one", _ORDER, _MIXED, {"v": True}, 2, 6),
    _filter("the array, whole or as element", _ORDER, _MIXED, {"v": [1]}, 4, 8),
    _filter("the array of true", _ORDER, _MIXED, {"v": {"$eq": [True]}}, 6),
    _filter("null in and out of arrays", _ORDER, _MIXED, {"v": None}, 3, 7, 13),
    _filter("the object, alone or as element", _ORDER, _MIXED, {"v": {"a": 1}}, 9, 12),
    _filter("the empty object", _ORDER, _MIXED, {"v": {}}, 11),
    _filter("the empty array", _ORDER, _MIXED, {"v": []}, 10),
    _filter("numbers compare with numbers", _ORDER, _MIXED, {"v": {"$gte": 0}}, 0, 4),
    _filter("strings with strings", _ORDER, _MIXED, {"v": {"$gt": ""}}, 1, 5),
    _filter("booleans with booleans", _ORDER, _MIXED, {"v": {"$gte": False}}, 2, 6),
    _filter("objects with objects", _ORDER, _MIXED, {"v": {"$gte": {}}}, 9, 11, 12),
    _filter("arrays with arrays", _ORDER, _MIXED, {"v": {"$gte": []}}, 4, 5, 6, 7, 8, 10, 12),
    _filter("$ne on everything", _ORDER, _MIXED, {"v": {"$ne": 1}}, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13),
    _filter("$in of mixed types", _ORDER, _MIXED, {"v": {"$in": ["1", True, [[1]]]}}, 1, 2, 5, 6, 8),
    _filter("$in of nothing", _ORDER, _MIXED, {"v": {"$in": []}}),
    _filter("$nin of nothing", _ORDER, _each(1) + [{}], {"v": {"$nin": []}}, 0, 1),
    # Numbers and strings
    _filter("2^53+1 is no double", _ORDER, _each(2**53, 2**53 + 1, float(2**53)), {"v": 2**53 + 1}, 1),
    _filter("2^53 is one", _ORDER, _each(2**53, 2**53 + 1, float(2**53)), {"v": float(2**53)}, 0, 2),
    _filter("above 2^53", _ORDER, _each(2**53, 2**53 + 1), {"v": {"$gt": float(2**53)}}, 1),
    _filter("2^63-1 is less than the double 2^63", _ORDER, _each(2**63 - 1, float(2**63)), {"v": {"$lt": float(2**63)}}, 0),
    _filter("minus zero is zero", _ORDER, _each(0, -0.0, 0.0), {"v": 0}, 0, 1, 2),
    _filter("1e308", _ORDER, _each(1e308, 1, 5e-324), {"v": {"$gt": 1e307}}, 0),
    _filter("the least number", _ORDER, _each(5e-324, 0), {"v": {"$gt": 0}}, 0),
    _filter("strings compare by code point", _ORDER, _each("\uffff", "\U00010000", "z"), {"v": {"$gt": "\uffff"}}, 1),
    _filter("composed is not decomposed", _ORDER, _each("é", "e\u0301"), {"v": "é"}, 0),
    _filter("NUL does not end a string", _ORDER, _each("x", "x\u0000", "x\u0000y"), {"v": {"$gt": "x\u0000"}}, 2),
    # Paths
    _filter("a scalar in an array has no fields, not even null", _PATHS, [{"a": [4]}, {"a": []}, {"a": 4}, {"a": [{}]}], {"a.b": None}, 2, 3),
    _filter("an array at a position is not opened", _PATHS, [{"a": [5, [2, 4]]}, {"a": [5, 2]}], {"a.1": 2}, 1),
    _filter("a position and a field of that name", _PATHS, [{"a": [5, {"1": 4}]}], {"a.1": 4}, 0),
    _filter("the object at the position", _PATHS, [{"a": [5, {"1": 4}]}], {"a.1": {"1": 4}}, 0),
    _filter("a position also asks the documents beside it", _PATHS, [{"a": [5, {"b": 4}, 3]}], {"a.1.b": None}, 0),
    _filter("a position, then a field", _PATHS, [{"a": [5, {"b": 4}, 3]}], {"a.1.b": 4}, 0),
    _filter("a position, an array, a field", _PATHS, [{"a": [5, [{"b": 4}], 3]}], {"a.1.b": 4}, 0),
    _filter("arrays in arrays are not searched", _PATHS, [{"a": [[{"b": 4}]]}], {"a.b": 4}),
    _filter("numbers name fields of objects", _PATHS, [{"a": {"0": 1}}, {"a": [1]}], {"a.0": 1}, 0, 1),
    # Sort
    _sort("types ascending", _ORDER, _each(True, [[1]], {"a": 1}, "a", 1, None) + [{}], "v", True, 5, 6, 4, 3, 2, 1, 0),
    _sort("types descending", _ORDER, _each(True, [[1]], {"a": 1}, "a", 1, None) + [{}], "v", False, 0, 1, 2, 3, 4, 6, 5),
    _sort("least element ascending", _SORT, _each([5, 1], 2, [3]), "v", True, 0, 1, 2),
    _sort("greatest element descending", _SORT, _each([5, 1], 2, [3]), "v", False, 0, 2, 1),
    _sort("the empty array first", _ORDER, [{}, {"v": None}, {"v": []}], "v", True, 2, 0, 1),
    _sort("ties by id", _SORT, _each(1, 1.0, 0), "v", False, 1, 0, 2),
    _sort("objects by type, name, value", _ORDER, _each({"b": 1}, {"a": 2}, {"a": 1, "b": 0}, {"a": "x"}, {}), "v", True, 4, 2, 1, 0, 3),
    _sort("a field of several elements", _KEYS, [{"a": [{"b": 3}, {"b": 1}]}, {"a": {"b": 2}}], "a.b", True, 0, 1),
    _sort("an array at a position is one key", _KEYS, [{"a": [[1]]}, {"a": [2]}], "a.0", True, 1, 0),
    _sort("an element without the field is null", _KEYS, [{"a": [{"b": 1}, {"c": 2}]}, {"a": [{"b": 0}]}], "a.b", True, 0, 1),
    # Regular expressions
    _filter("a prefix", "MongoDB manual, $regex", _each("ABC123", "abc789", ["x", "ABC"]), {"v": {"$regex": "^ABC"}}, 0, 2),
    _filter("without case", "MongoDB manual, $regex", _each("ABC123", "abc789", "xyz"), {"v": {"$regex": "^ABC", "$options": "i"}}, 0, 1),
    _filter("anchors at lines", "MongoDB manual, $regex", _each("First line\nSecond line", "Single line"), {"v": {"$regex": "^S", "$options": "m"}}, 0, 1),
    _filter("without m, at the ends", "MongoDB manual, $regex", _each("First line\nSecond line", "Single line"), {"v": {"$regex": "^S"}}, 1),
    _filter("the dot and s", "MongoDB manual, $regex", _each("many\nlines", "m line"), {"v": {"$regex": "m.*line", "$options": "si"}}, 0, 1),
    _filter("x leaves out white space and comments", "MongoDB manual, $regex", _each("abc123"), {"v": {"$regex": "abc #category\n123 #number", "$options": "x"}}, 0),
    _filter("only strings match", "MongoDB manual, $regex", _each(1, "1", ["a", "1"], [["1"]], None), {"v": {"$regex": "1"}}, 1, 2),
]  # fmt: skip
