"""The one table of decisions: where a look-alike is wrong, why, and by which source.

The server is never excused by this table; it must answer as the evaluator does. An entry explains a wrong answer of a
look-alike, taken apart by `diagnosis.py` to one operator on one document or to one pair in the wrong order. What no
entry explains is a difference, and fails the run: then the evaluator is wrong, or the table lacks an entry.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from . import pcre2
from .cases import Document, Query
from .diagnosis import Finding, Inversion, Mismatch
from .paths import reached
from .values import EMPTY, Json, equal

MONTY: Final = "montydb"
SECANTUS: Final = "SecantusDB"

_RE_FLAGS: Final = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}


@dataclass(frozen=True)
class Decision:
    """One way in which a look-alike differs from MongoDB, with the smallest case that shows it."""

    name: str
    engines: tuple[str, ...]
    reason: str
    source: str
    applies: Callable[[Finding], bool]
    documents: list[Document]
    query: Query
    expected: tuple[int, ...]
    """Positions in `documents`, in order, as MongoDB gives them; written by hand."""


def _numbers_in(path: str) -> Iterator[str]:
    return (part for part in path.split(".")[1:] if part.isdecimal())


def _asks_null(finding: Mismatch) -> bool:
    operand = finding.operand
    if finding.operator in ("$in", "$nin"):
        return any(one is None for one in operand)
    return operand is None and finding.operator in ("$eq", "$ne", "$gte", "$lte")


def _range_null(finding: Finding) -> bool:
    return (
        isinstance(finding, Mismatch)
        and finding.operator in ("$gte", "$lte")
        and finding.operand is None
        and finding.expected
    )


def _boolean_as_number(finding: Finding) -> bool:
    if not isinstance(finding, Mismatch) or finding.operator not in ("$eq", "$ne", "$in", "$nin"):
        return False
    operands = finding.operand if finding.operator in ("$in", "$nin") else [finding.operand]
    return any(
        value == operand and not equal(value, operand)
        for value in reached(finding.document, finding.path)
        for operand in operands
        if isinstance(operand, (list, dict))
    )


def _null_beyond_position(finding: Finding) -> bool:
    return (
        isinstance(finding, Mismatch)
        and any(_numbers_in(finding.path))
        and _asks_null(finding)
        and finding.expected == (finding.operator in ("$ne", "$nin"))
    )


def _leading_zero(finding: Finding) -> bool:
    return isinstance(finding, (Mismatch, Inversion)) and any(
        part[0] == "0" and len(part) > 1 for part in _numbers_in(finding.path)
    )


def _regex_dialect(finding: Finding) -> bool:
    if not isinstance(finding, Mismatch) or finding.operator != "$regex":
        return False
    options = finding.condition.get("$options", "")
    flags = functools.reduce(operator.or_, (_RE_FLAGS[letter] for letter in options), 0)
    texts = [value for value in reached(finding.document, finding.path) if isinstance(value, str)]
    try:
        compiled = re.compile(finding.operand, flags)
        return any(bool(compiled.search(text)) != pcre2.search(finding.operand, options, text) for text in texts)
    except re.error:
        return True


def _arrays_on_the_way(document: Document, path: str) -> Iterator[tuple[list[Json], list[str]]]:
    """Every array that the path meets before its end, with the rest of the path."""

    def visit(value: Json, parts: list[str]) -> Iterator[tuple[list[Json], list[str]]]:
        if isinstance(value, dict) and parts:
            yield from visit(value.get(parts[0]), parts[1:])
        elif isinstance(value, list) and parts:
            yield value, parts
            for element in value:
                yield from visit(element, parts)
            if parts[0].isdecimal() and int(parts[0]) < len(value):
                yield from visit(value[int(parts[0])], parts[1:])

    return visit(document, path.split("."))


def _element_without_field(finding: Finding) -> bool:
    return isinstance(finding, Inversion) and any(
        not isinstance(element, dict) or rest[0] not in element
        for document in (finding.first, finding.second)
        for array, rest in _arrays_on_the_way(document, finding.path)
        for element in array
    )


def _element_ends_early(finding: Finding) -> bool:
    """An element has the path's next field, but leads nowhere after that, and no other array is met."""

    def ends(value: object, rest: Sequence[str]) -> bool:
        if isinstance(value, list) or not rest:
            return False
        return not isinstance(value, dict) or rest[0] not in value or ends(value[rest[0]], rest[1:])

    return isinstance(finding, Inversion) and any(
        isinstance(element, dict) and rest[0] in element and ends(element[rest[0]], rest[1:])
        for document in (finding.first, finding.second)
        for array, rest in _arrays_on_the_way(document, finding.path)
        for element in array
    )


def _array_at_position(finding: Finding) -> bool:
    return isinstance(finding, Inversion) and any(
        len(rest) == 1 and rest[0].isdecimal() and int(rest[0]) < len(array) and isinstance(array[int(rest[0])], list)
        for document in (finding.first, finding.second)
        for array, rest in _arrays_on_the_way(document, finding.path)
    )


def _empty_below_array(finding: Finding) -> bool:
    if not isinstance(finding, Inversion) or EMPTY not in finding.keys():
        return False
    return any(_arrays_on_the_way(finding.first, finding.path)) or any(_arrays_on_the_way(finding.second, finding.path))


def decided(finding: Finding) -> Decision | None:
    """The entry that explains a finding, if there is one."""
    for decision in TABLE:
        if finding.engine in decision.engines and decision.applies(finding):
            return decision
    return None


_MANUAL: Final = "MongoDB manual"

TABLE: Final[list[Decision]] = [
    Decision(
        name="range-with-null",
        engines=(MONTY,),
        reason="$gte and $lte with null include equality with null, and a missing field equals null in a filter.",
        source=f"{_MANUAL}, Query for Null or Missing Fields; Comparison/Sort Order, Non-existent Fields",
        applies=_range_null,
        documents=[{}, {"v": None}, {"v": 0}],
        query=Query({"v": {"$gte": None}}, ascending=True),
        expected=(0, 1),
    ),
    Decision(
        name="boolean-in-array-or-object",
        engines=(MONTY,),
        reason="true and 1 are different types, inside arrays and objects as well; montydb compares as Python does.",
        source=f"{_MANUAL}, Comparison/Sort Order (numbers and booleans are different types)",
        applies=_boolean_as_number,
        documents=[{"v": [1]}, {"v": [True]}],
        query=Query({"v": {"$eq": [True]}}, ascending=True),
        expected=(1,),
    ),
    Decision(
        name="null-beyond-a-position",
        engines=(SECANTUS,),
        reason="A path that enters an array without the position, or with a scalar there, reaches nothing: not even "
        "null. (As {'a.b': null} does not match {a: []} or {a: [1]}.)",
        source="MongoDB's tests: matcher/path_test.cpp NestedPartialMatchArray, expression_leaf_test.cpp EqOp "
        "MatchesNestedNull; matcher/path.cpp treats a position alike",
        applies=_null_beyond_position,
        documents=[{"a": []}, {"a": [None]}, {"a": [1]}, {}],
        query=Query({"a.0": None}, ascending=True),
        expected=(1, 3),
    ),
    Decision(
        name="leading-zero",
        engines=(MONTY, SECANTUS),
        reason="Only the decimal spelling of a position is one: 'a.01' is a field named 01, not the second element.",
        source="MongoDB's source: matcher/path.cpp compares the path's part with the element's own name, '1'",
        applies=_leading_zero,
        documents=[{"a": [5, 7]}, {"a": [{"01": 7}]}],
        query=Query({"a.01": 7}, ascending=True),
        expected=(1,),
    ),
    Decision(
        name="array-at-a-position-sorts-whole",
        engines=(MONTY,),
        reason="A position that ends a sort's path takes the element as it is: an array there is one key, not opened.",
        source="MongoDB's tests: index/btree_key_generator_test.cpp GetKeysFromIndexedArrayIndex ({a:[[1]]} gives [1])",
        applies=_array_at_position,
        documents=[{"v": [[0]]}, {"v": [5]}],
        query=Query(sort_by="v.0", ascending=True),
        expected=(1, 0),
    ),
    Decision(
        name="empty-array-below-an-array-sorts-first",
        engines=(SECANTUS, MONTY),
        reason="An empty array sorts before null wherever the path ends: at a position (SecantusDB takes it for an "
        "array), and among other elements (montydb leaves it out).",
        source=f"{_MANUAL}, Comparison/Sort Order, Arrays; MongoDB's tests: GetKeysFromIndexedArrayIndex ({{a:[[]]}})",
        applies=_empty_below_array,
        documents=[{"v": [1]}, {"v": [[]]}, {}],
        query=Query(sort_by="v.0", ascending=True),
        expected=(1, 2, 0),
    ),
    Decision(
        name="element-without-the-field-sorts-as-null",
        engines=(SECANTUS, MONTY),
        reason="Each element of an array in the middle of a sort's path gives a key: null where it is no document or "
        "lacks the field. Both leave such elements out.",
        source="MongoDB's tests: index/btree_key_generator_test.cpp GetKeysAlternateMissing (only a sparse index leaves "
        "them out: SparseNonObjectMissingNestedField); a sort takes its keys from there (index/sort_key_generator.cpp)",
        applies=_element_without_field,
        documents=[{"a": [{"b": 2}, {"c": 0}]}, {"a": [{"b": 1}]}, {"a": [{"b": 3}, 7]}],
        query=Query(sort_by="a.b", ascending=True),
        expected=(0, 2, 1),
    ),
    Decision(
        name="element-that-ends-early-sorts-as-null",
        engines=(SECANTUS, MONTY),
        reason="The same deeper down: an element whose object ends before the path does gives null. Both leave it out.",
        source="MongoDB's tests: index/btree_key_generator_test.cpp GetKeysAlternateMissing; btree_key_generator.cpp "
        "gives null for every element in which the rest of the path leads nowhere",
        applies=_element_ends_early,
        documents=[{"a": [{"b": {"c": 2}}, {"b": 7}]}, {"a": [{"b": {"c": 1}}]}, {"a": [{"b": {"c": 3}}, {"b": {}}]}],
        query=Query(sort_by="a.b.c", ascending=True),
        expected=(0, 2, 1),
    ),
    Decision(
        name="regex-dialect",
        engines=(MONTY, SECANTUS),
        reason="Both use Python's re; MongoDB uses PCRE2 in UTF mode: POSIX classes, \\d \\w \\s \\b in ASCII, and x "
        "that leaves out U+2028 as well. Applies only where the two libraries part on the very text.",
        source=f"{_MANUAL}, $regex (Perl-compatible regular expressions, PCRE2)",
        applies=_regex_dialect,
        documents=[{"s": "1"}, {"s": "\u0663"}],
        query=Query({"s": {"$regex": "\\d"}}, ascending=True),
        expected=(0,),
    ),
]
