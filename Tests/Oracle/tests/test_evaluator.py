"""The evaluator on known answers, and its parts at their corners."""

from __future__ import annotations

import unittest

from oracle import pcre2
from oracle.cases import Answer, Document, Failure, Query
from oracle.decisions import TABLE
from oracle.documented import KNOWN
from oracle.evaluator import evaluate, holds, stored
from oracle.paths import Ambiguous, reached, sort_keys
from oracle.values import EMPTY, MISSING, Json, compare, equal


class KnownAnswers(unittest.TestCase):
    def test_the_evaluator_gives_every_known_answer(self) -> None:
        for known in KNOWN:
            with self.subTest(known.name):
                answer = evaluate(stored(known.documents), known.query)
                self.assertEqual(answer, Answer(known.expected, len(known.expected)))

    def test_the_evaluator_agrees_with_the_table_of_decisions(self) -> None:
        for decision in TABLE:
            with self.subTest(decision.name):
                answer = evaluate(stored(decision.documents), decision.query)
                self.assertEqual(answer, Answer(decision.expected, len(decision.expected)))

    def test_names_are_unique(self) -> None:
        names = [one.name for one in KNOWN] + [one.name for one in TABLE]
        self.assertEqual(len(names), len(set(names)))


class Values(unittest.TestCase):
    def test_types_keep_their_order(self) -> None:
        numbers: list[Json] = [-(2**63), 5e-324, 1, 2**63 - 1, float(2**63)]
        strings: list[Json] = ["", "a", "\uffff", "\U00010000"]
        ascending = [EMPTY, None, *numbers, *strings, {}, [], False, True]
        for place, value in enumerate(ascending):
            for later in ascending[place + 1 :]:
                self.assertEqual((compare(value, later), compare(later, value)), (-1, 1), (value, later))

    def test_numbers_are_equal_by_value_and_never_to_booleans(self) -> None:
        self.assertTrue(equal(1, 1.0) and equal(0, -0.0) and equal({"a": [1]}, {"a": [1.0]}))
        self.assertFalse(equal(1, True) or equal([0], [False]) or equal(2**53 + 1, float(2**53)))

    def test_objects_compare_by_type_then_name_then_value(self) -> None:
        self.assertEqual(compare({"b": 1}, {"a": "x"}), -1)
        self.assertEqual(compare({"a": 1, "b": 2}, {"b": 2, "a": 1}), -1)
        self.assertEqual(compare({"a": 1}, {"a": 1, "b": None}), -1)


class Paths(unittest.TestCase):
    def check(self, document: dict[str, object], path: str, *expected: object) -> None:
        self.assertEqual(list(reached(document, path)), list(expected))

    def test_arrays_give_elements_then_themselves(self) -> None:
        self.check({"a": [1, [2]]}, "a", 1, [2], [1, [2]])
        self.check({"a": []}, "a", [])

    def test_missing_shows_only_where_a_document_lacks_the_field(self) -> None:
        self.check({}, "a.b", MISSING)
        self.check({"a": 1}, "a.b", MISSING)
        self.check({"a": [1]}, "a.b")
        self.check({"a": []}, "a.b")
        self.check({"a": [1, {}]}, "a.b", MISSING)

    def test_positions(self) -> None:
        self.check({"a": [5, [2, 4]]}, "a.1", [2, 4])
        self.check({"a": [5, {"1": 4}]}, "a.1", 4, {"1": 4})
        self.check({"a": [5, {"b": 4}, 3]}, "a.1.b", MISSING, 4)
        self.check({"a": [{"b": [2, 3]}, {"b": [4, 5]}]}, "a.0.b", MISSING, 2, 3, [2, 3], MISSING)
        self.check({"a": [5]}, "a.00")

    def test_sort_keys(self) -> None:
        known: list[tuple[Document, str, list[Json]]] = [
            ({"a": [1, 2]}, "a", [1, 2]),
            ({"a": []}, "a", [EMPTY]),
            ({"a": []}, "a.b", [None]),
            ({"a": [{"b": 1}, {"b": [1, 2, 3]}]}, "a.b", [1, 1, 2, 3]),
            ({"a": [{"b": 1}, {"c": 2}, 3]}, "a.b", [1, None, None]),
            ({"a": [[1]]}, "a.0", [[1]]),
            ({"a": [[]]}, "a.0", [EMPTY]),
            ({"a": [[[]]]}, "a.0.0", [EMPTY]),
            ({"a": [[]]}, "a.0.0", [None]),
            ({"a": {"0": 1}}, "a.0", [1]),
            ({"a": [{"b": [[1]]}]}, "a.0.b", [[1]]),
            ({"a": [[{"b": [1]}]]}, "a.0.b", [1]),
            ({"a": [{"b": [1]}]}, "a.0.b.0", [1]),
        ]
        for document, path, expected in known:
            with self.subTest(path=path, document=document):
                self.assertEqual(sort_keys(document, path), expected)

    def test_an_ambiguous_position_fails(self) -> None:
        with self.assertRaises(Ambiguous):
            sort_keys({"a": [1, {"0": 2}]}, "a.0")
        self.assertIsInstance(evaluate([{"id": "0", "a": [{"0": 1}]}], Query(sort_by="a.0")), Failure)


class OwnOperators(unittest.TestCase):
    def test_contains(self) -> None:
        self.assertTrue(holds({"v": "Swift on Linux"}, "v", "$contains", "LINUX"))
        self.assertTrue(holds({"v": ["Swift", 1]}, "v", "$contains", 1.0))
        self.assertFalse(holds({"v": ["Swift"]}, "v", "$contains", "swi"))
        self.assertTrue(holds({"v": [{"t": "Swift"}]}, "v.t", "$contains", "swi"))
        self.assertFalse(holds({}, "v", "$contains", None))

    def test_search_looks_at_top_level_strings(self) -> None:
        records = stored([{"t": "Größe"}, {"t": ["größe"]}, {"t": {"u": "größe"}}, {"s": "x", "t": 1}])
        self.assertEqual(evaluate(records, Query(search="GRÖ")), Answer((0,), 1))
        self.assertEqual(evaluate(records, Query(search="X", search_field="s")), Answer((3,), 1))

    def test_pages(self) -> None:
        records = stored([{"v": number} for number in range(5)])
        query = Query({"v": {"$gte": 1}}, sort_by="v", ascending=True, page=2, limit=3)
        self.assertEqual(evaluate(records, query), Answer((4,), 4))
        self.assertEqual(evaluate(records, Query(sort_by="v", ascending=False, offset=1, limit=2)), Answer((3, 2), 5))


class Patterns(unittest.TestCase):
    def test_classes_are_ascii_and_folding_is_unicode(self) -> None:
        self.assertFalse(pcre2.search(r"\d", "", "\u0663"))
        self.assertTrue(pcre2.search("É", "i", "é"))
        self.assertTrue(pcre2.search("^.$", "", "\U0001f600"))

    def test_a_bad_pattern_says_so(self) -> None:
        with self.assertRaises(pcre2.BadPattern):
            pcre2.search("(", "", "")
