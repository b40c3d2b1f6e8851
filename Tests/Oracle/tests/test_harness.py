"""The harness finds what it should: run against a stand-in server, whole and with faults."""

from __future__ import annotations

import io
import json
import os
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from oracle.cases import Answer, Document, Query
from oracle.evaluator import evaluate, stored
from oracle.frozen import emit, freeze, frozen_cases
from oracle.generator import Generator
from oracle.session import Plan, Session
from oracle.shrinking import shrunk, size
from oracle.tally import Tally

STANDIN = Path(__file__).resolve().parent / "standin.py"
FIXTURES = Path(__file__).resolve().parents[2] / "Fixtures" / "oracle"


def run(fault: str, seed: str = "harness", sets: int = 2) -> Tally:
    """A short run against the stand-in, without the look-alikes."""
    plan = Plan(seed, sets, 60, 1, STANDIN, None, references=False, indexes=True)
    total = Tally()
    with patch.dict(os.environ, {"ORACLE_STANDIN_FAULT": fault}):
        for tally in Session(plan, 0).run():
            total.add(tally)
    return total


def freeze_quietly(folder: Path) -> None:
    """Writes the files of the Swift tests into a folder."""
    with redirect_stdout(io.StringIO()):
        freeze(folder, check=False)


class Runs(unittest.TestCase):
    def test_a_right_server_has_no_difference(self) -> None:
        total = run("")
        self.assertEqual((total.counts["cases"], total.counts["differing"]), (120, 0))
        self.assertEqual(total.counts["all agree"] + total.counts["undefined"], 120)

    def test_a_wrong_operator_is_found_and_shrunk_to_one_empty_document(self) -> None:
        total = run("ne-missing")
        self.assertGreater(total.counts["differing"], 0)
        smallest = min(total.differences, key=lambda one: size(one.documents, one.query))
        self.assertEqual((smallest.kind, smallest.documents), ("server", [{}]))
        [(_, condition, _)] = smallest.query.conditions()
        self.assertEqual(list(condition), ["$ne"])
        self.assertEqual(smallest.seed.split("/")[0], "harness")

    def test_a_difference_with_indexes_only_is_told_apart(self) -> None:
        total = run("index-order")
        kinds = {one.kind for one in total.differences}
        self.assertEqual(kinds, {"index"})
        smallest = min(total.differences, key=lambda one: size(one.documents, one.query))
        self.assertEqual((len(smallest.documents), smallest.query.sort_by), (2, "v"))
        self.assertTrue(smallest.indexes)


class Seeds(unittest.TestCase):
    def test_a_seed_gives_the_same_cases_again(self) -> None:
        one, other = (Generator("s/1").document_set(100) for _ in range(2))
        self.assertEqual((one.documents, one.queries, one.indexes), (other.documents, other.queries, other.indexes))
        self.assertNotEqual(one.queries, Generator("s/2").document_set(100).queries)

    def test_documents_survive_json(self) -> None:
        for number in range(20):
            documents = Generator(f"json/{number}").document_set(0).documents
            again = json.loads(json.dumps(documents))
            self.assertEqual(repr(again), repr(documents))


class Shrinking(unittest.TestCase):
    def test_it_ends_with_what_matters(self) -> None:
        documents: list[Document] = [{"a": {"b": [1, 2, "x"]}, "n": 5}, {"a": 1}, {}]
        query = Query({"a.b": {"$in": [3, "x"], "$exists": True}, "n": 5}, sort_by="n", page=1, limit=3)

        def test(some: list[Document], asked: Query) -> bool:
            answer = evaluate(stored(some), asked)
            return isinstance(answer, Answer) and answer.total == 1 and "a.b" in (asked.and_filters or {})

        documents, query = shrunk(documents, query, test)
        self.assertEqual(len(documents), 1)
        self.assertLess(size(documents, query), 80)
        self.assertEqual((query.sort_by, query.page), (None, None))


class Files(unittest.TestCase):
    def test_the_files_of_the_swift_tests_are_up_to_date(self) -> None:
        self.assertEqual(freeze(FIXTURES, check=True), 0)
        text = (FIXTURES / "frozen.json").read_text(encoding="utf-8")
        self.assertEqual(len(json.loads(text)), len(frozen_cases()))

    def test_a_file_that_is_not_up_to_date_is_told(self) -> None:
        with tempfile.TemporaryDirectory() as name, redirect_stderr(io.StringIO()) as said:
            folder = Path(name)
            freeze_quietly(folder)
            self.assertEqual(freeze(folder, check=True), 0)
            path = folder / "replay.jsonl"
            path.write_text(path.read_text(encoding="utf-8").replace('"total":1', '"total":2', 1), encoding="utf-8")
            self.assertEqual(freeze(folder, check=True), 1)
            self.assertIn("replay.jsonl", said.getvalue())

    def test_emitted_cases_hold_the_evaluator_s_answers(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "cases.jsonl"
            emit(file, "emit", sets=2, queries=10, only=None)
            lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        self.assertEqual([line["set"] for line in lines], ["emit/0", "emit/1"])
        for line in lines:
            ids = {document["id"] for document in line["documents"]}
            for query in line["queries"]:
                self.assertLessEqual(set(query["expected"]["ids"]), ids)
                self.assertLessEqual(len(query["expected"]["ids"]), int(query["parameters"]["limit"]))
