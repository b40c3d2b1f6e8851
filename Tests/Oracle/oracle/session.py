"""One worker of a run: its engines, and the comparison of each case."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .cases import Answer, Document, Failure, Query
from .decisions import decided
from .diagnosis import Inversion, Mismatch, Unexplained, diagnose, shown
from .engines.reference import Monty, Reference, Secantus
from .engines.server import Index, Server, Table
from .evaluator import evaluate, stored
from .generator import DocumentSet, Generator
from .shrinking import shrunk
from .tally import Difference, Tally

SHOWN = 15
"""Differences that one worker shrinks and reports; further ones are only counted."""

SETS_PER_SERVER = 100
"""Sets after which a server starts anew with an empty folder."""

SPARE_TABLES = 500


@dataclass(frozen=True)
class Plan:
    """What a run does."""

    seed: str
    sets: int
    queries: int
    jobs: int
    server: Path | None
    secantus: Path | None
    references: bool
    indexes: bool
    first: int = 0

    def name(self, number: int) -> str:
        """The seed of one set of documents and queries."""
        return f"{self.seed}/{number}"

    def document_set(self, number: int) -> DocumentSet:
        return Generator(self.name(number)).document_set(self.queries)


@dataclass
class Spare:
    """A server with fresh tables for shrinking."""

    server: Server
    indexes: list[Index]
    used: int = 0


class Session:
    """Asks every engine the cases of its share of the sets."""

    def __init__(self, plan: Plan, worker: int) -> None:
        warnings.simplefilter("ignore")
        self.plan = plan
        self.tally = Tally()
        self._numbers = list(range(plan.first + worker, plan.first + plan.sets, plan.jobs))
        self._references: list[Reference] = []
        self._server: Server | None = None
        self._spares: dict[bool, Spare] = {}
        self._reported = 0

    def run(self) -> Iterator[Tally]:
        """Works through the sets and gives the counts after each."""
        try:
            if self.plan.references:
                self._references.append(Monty())
                if self.plan.secantus:
                    self._references.append(Secantus(self.plan.secantus))
            for place, number in enumerate(self._numbers):
                if self.plan.server and place % SETS_PER_SERVER == 0:
                    self._start_server(self._numbers[place : place + SETS_PER_SERVER])
                self._compare(self.plan.document_set(number), number)
                done, self.tally = self.tally, Tally()
                yield done
        finally:
            self.close()

    def close(self) -> None:
        for reference in self._references:
            reference.close()
        for server in [self._server, *(spare.server for spare in self._spares.values())]:
            if server:
                server.close()
        self._references, self._server, self._spares = [], None, {}

    def _start_server(self, numbers: list[int]) -> None:
        if self._server:
            self._server.close()
        assert self.plan.server
        indexed: dict[str, list[Index]] = {}
        if self.plan.indexes:
            indexed = {f"indexed{number}": self.plan.document_set(number).indexes for number in numbers}
        self._server = Server(self.plan.server, indexed)

    # One set

    def _compare(self, chosen: DocumentSet, number: int) -> None:
        counts = self.tally.counts
        counts["sets"] += 1
        records = stored(chosen.documents)
        for engine in self._references:
            engine.load(chosen.documents)
        tables: list[tuple[Table, list[Index]]] = []
        if self._server:
            tables.append((self._server.table(f"plain{number}", chosen.documents, chosen.escaped), []))
            if self.plan.indexes:
                table = self._server.table(f"indexed{number}", chosen.documents, chosen.escaped)
                tables.append((table, chosen.indexes))
        for query in chosen.queries:
            counts["cases"] += 1
            right = evaluate(records, query.whole)
            if isinstance(right, Failure):
                counts["undefined"] += 1
                continue
            counts["with a result"] += right.total > 0
            agree = self._hear_references(chosen, query, right)
            expected = evaluate(records, query)
            assert isinstance(expected, Answer)
            wrong: list[Answer | Failure] = []
            for table, indexes in tables:
                given = table.ask(query)
                if given != expected:
                    if given not in wrong:  # The same wrong answer with indexes and without is one difference.
                        self._report(chosen, query, indexes)
                    wrong.append(given)
            counts["differing"] += bool(wrong)
            counts["all agree"] += agree and not wrong

    def _hear_references(self, chosen: DocumentSet, query: Query, right: Answer) -> bool:
        counts = self.tally.counts
        answers: list[Answer] = []
        explained, all_right = True, True
        for engine in self._references:
            given = engine.ask(query)
            if isinstance(given, Failure):
                why = "an error of its own" if query.mongo_filter() is not None else "not an operator of MongoDB"
                self.tally.abstained[f"{engine.name}: {why}"] += 1
                continue
            answers.append(given)
            if given == right:
                continue
            all_right = False
            counts[f"{engine.name} wrong"] += 1
            names: set[str] = set()
            for finding in diagnose(engine, stored(chosen.documents), query, given, right):
                decision = decided(finding)
                if decision:
                    names.add(f"{engine.name}: {decision.name}")
                    continue
                if isinstance(finding, Unexplained) and finding.failed:
                    names.add(f"{engine.name}: an error of its own on a part of the query")
                    continue
                explained = False
                if self._reported < SHOWN:
                    self._reported += 1
                    self.tally.differences.append(_unexplained(engine.name, finding, chosen, query, given, right))
            self.tally.decided.update(names)
        if len(answers) == 2:
            counts["both answered"] += 1
            counts["look-alikes disagree"] += answers[0] != answers[1]
        counts["decided"] += explained and not all_right
        counts["differing"] += not explained
        return all_right

    # Shrinking against the server, in tables of its own

    def _report(self, chosen: DocumentSet, query: Query, indexes: list[Index]) -> None:
        if self._reported == SHOWN:
            return
        self._reported += 1

        def differs(documents: list[Document], asked: Query) -> bool:
            expected = evaluate(stored(documents), asked)
            return isinstance(expected, Answer) and self._spare_table(documents, indexes).ask(asked) != expected

        documents = chosen.documents
        if not differs(documents, query):
            given = "a difference that did not show again in a fresh table"
            self.tally.differences.append(
                Difference("server", documents, query, str(evaluate(stored(documents), query)), given, chosen.name)
            )
            return
        documents, query = shrunk(documents, query, differs)
        plain = self._spare_table(documents, []).ask(query)
        expected = evaluate(stored(documents), query)
        given_answer = self._spare_table(documents, indexes).ask(query)
        kind = "index" if indexes and plain == expected else "server"
        self.tally.differences.append(
            Difference(
                kind,
                documents,
                query,
                str(expected),
                str(given_answer),
                chosen.name,
                indexes if kind == "index" else [],
            )
        )

    def _spare_table(self, documents: list[Document], indexes: list[Index]) -> Table:
        """A fresh table with these indexes, on servers kept for shrinking: one without indexes, one with the last."""
        spare = self._spares.get(bool(indexes))
        if spare is None or spare.indexes != indexes or spare.used == SPARE_TABLES:
            if spare:
                spare.server.close()
            assert self.plan.server
            tables = {f"indexedspare{number}": indexes for number in range(SPARE_TABLES)} if indexes else {}
            spare = self._spares[bool(indexes)] = Spare(Server(self.plan.server, tables), indexes)
        name = f"{'indexed' if indexes else ''}spare{spare.used}"
        spare.used += 1
        return spare.server.table(name, documents)


def _unexplained(
    engine: str, finding: object, chosen: DocumentSet, query: Query, given: Answer, right: Answer
) -> Difference:
    """A look-alike's wrong answer that no entry explains, as small as the diagnosis made it."""
    if isinstance(finding, Mismatch):
        name = finding.path.split(".")[0]
        document = {name: finding.document[name]} if name in finding.document else {}
        asked = Query({finding.path: finding.condition}, ascending=True)
        matched, other = ("match", "no match") if finding.expected else ("no match", "match")
        return Difference(engine, [document], asked, matched, other, chosen.name)
    if isinstance(finding, Inversion):
        asked = Query(sort_by=finding.path, ascending=finding.ascending)
        first, second = shown(finding.first, finding.path), shown(finding.second, finding.path)
        return Difference(engine, [], asked, f"{first} first", f"{second} first", chosen.name)
    return Difference(engine, chosen.documents, query, str(right), f"{given} ({finding})", chosen.name)
