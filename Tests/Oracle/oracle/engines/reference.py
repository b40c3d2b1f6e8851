"""The two look-alikes, asked alike: whole result in order, by way of a collection with pymongo's interface."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

import montydb
from pymongo import MongoClient
from pymongo.errors import ConnectionFailure

from ..cases import Answer, Document, Failure, Query, identifier


class EngineLost(Exception):
    """The engine's process is gone or doesn't answer."""


class Reference:
    """A collection that answers as MongoDB does, nearly."""

    name = ""

    def __init__(self) -> None:
        self._collection: Any = None
        self._numbers = itertools.count()

    def _fresh(self) -> Any:
        raise NotImplementedError

    def load(self, documents: list[Document]) -> None:
        if self._collection is not None:
            self._collection.drop()
        self._collection = self._fresh()
        records = [{"_id": place, "id": identifier(place), **document} for place, document in enumerate(documents)]
        if records:
            self._collection.insert_many(records)

    def ask(self, query: Query) -> Answer | Failure:
        """The whole result, whatever page the query asks for. What an engine can't do is a Failure: it abstains."""
        condition = query.mongo_filter()
        if condition is None:
            return Failure("our own operator")
        return self.find(condition, query.mongo_sort())

    def find(self, condition: dict[str, Any], sort: list[tuple[str, int]]) -> Answer | Failure:
        try:
            found = tuple(record["_id"] for record in self._collection.find(condition, {"_id": 1}).sort(sort))
        except ConnectionFailure as error:
            raise EngineLost(f"{self.name}: {error}") from error
        except Exception as error:  # An engine's own faults come as any exception; none of them is ours.
            return Failure(f"{type(error).__name__}: {error}")
        return Answer(found, len(found))

    def close(self) -> None:
        self._collection = None


class Monty(Reference):
    """montydb, in this process and in memory."""

    name = "montydb"

    def __init__(self) -> None:
        super().__init__()
        self._client = montydb.MontyClient(":memory:")

    def _fresh(self) -> Any:
        return self._client["oracle"][f"c{next(self._numbers)}_{os.getpid()}"]

    def close(self) -> None:
        super().close()
        self._client.close()


class Secantus(Reference):
    """SecantusDB's wire server, as a process of its own, asked with pymongo."""

    name = "SecantusDB"

    def __init__(self, command: Path) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="oracle-secantus-")
        self._process = subprocess.Popen(
            [str(command), "--port", "0", "--storage-path", ":memory:", "--standalone", "--oplog-max-entries", "1000"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._folder.name,
            env={**os.environ, "TMPDIR": self._folder.name},
            text=True,
        )
        port = self._await_port()
        self._client: Any = MongoClient("127.0.0.1", port, serverSelectionTimeoutMS=10_000, socketTimeoutMS=30_000)

    def _await_port(self) -> int:
        assert self._process.stdout is not None
        said: list[str] = []
        for line in self._process.stdout:
            said.append(line)
            if place := re.search(r"listening on [\d.]+:(\d+)", line):
                threading.Thread(target=self._drain, daemon=True).start()
                return int(place.group(1))
        raise EngineLost("SecantusDB did not start: " + "".join(said[-5:]))

    def _drain(self) -> None:
        assert self._process.stdout is not None
        for _ in self._process.stdout:
            pass

    def _fresh(self) -> Any:
        return self._client["oracle"][f"c{next(self._numbers)}"]

    def close(self) -> None:
        super().close()
        self._client.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()
