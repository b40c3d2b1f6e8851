"""Our server: its binary as a process over a fresh folder, asked over HTTP on one kept connection."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from ..cases import Answer, Conditions, Document, Failure, Query, identifier, spelled
from ..values import Json
from .reference import EngineLost

Index = dict[str, Json]
"""`{"fields": {"a": 1}, "sparse": false}`"""


class Server:
    """One `bkend-server`. Tables with indexes are declared before it starts; others come with their first record."""

    name = "bkend-server"

    def __init__(self, binary: Path, indexed: Mapping[str, Sequence[Index]] | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="oracle-server-")
        data = Path(self._folder.name) / "data"
        self._log: IO[bytes] = open(Path(self._folder.name) / "log", "w+b")
        self._key: str = json.loads(self._command(binary, "init", str(data)))["secretKey"]
        if indexed:
            tables = Path(self._folder.name) / "tables.json"
            tables.write_text(spelled({"tables": [_definition(name, indexes) for name, indexes in indexed.items()]}))
            self._command(binary, "apply", str(data), str(tables))
        self._process = subprocess.Popen(
            [str(binary), "serve", str(data), "--port", "0", "--dynamic", "--rate-limit", "off"],
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        place = re.match(r"listening on http://([^:]+):(\d+)", line)
        if not place:
            raise EngineLost(f"the server did not start: {line!r} {self.last_words()}")
        self._used = time.monotonic()
        self._connection = http.client.HTTPConnection(place.group(1), int(place.group(2)), timeout=60)

    def _command(self, binary: Path, *arguments: str) -> str:
        result = subprocess.run([str(binary), *arguments], capture_output=True, text=True, timeout=300)
        if result.returncode != 0:
            raise EngineLost(f"{arguments[0]} failed: {result.stderr.strip()[-500:]}")
        return result.stdout

    def last_words(self) -> str:
        """The end of the server's log."""
        self._log.seek(0)
        return self._log.read()[-2000:].decode(errors="replace")

    def table(self, name: str, documents: list[Document], escaped: bool = False) -> Table:
        """Creates the documents in a table and gives it for queries."""
        ids: list[str] = []
        if documents:
            status, body = self.request("POST", f"/v1/data/{name}", spelled(documents, escaped))
            if status != 201:
                raise EngineLost(f"POST of {len(documents)} documents: {status} {body}")
            ids = [item["id"] for item in body["items"]]
            if ids != sorted(ids):
                raise EngineLost("the ids of one array body don't ascend")
        return Table(self, name, ids, escaped)

    def request(self, method: str, target: str, body: str | None = None) -> tuple[int, Any]:
        """Status and JSON of the answer; status 0 and a text where there was none.

        A read is sent again once when the connection breaks: the server drops an idle one, and a busy machine can be
        idle for long. A write is never repeated; it takes a new connection where the old one has rested.
        """
        headers = {"X-API-Key": self._key}
        if body is not None:
            headers["Content-Type"] = "application/json"
            if time.monotonic() - self._used > 10:
                self._connection.close()
        for _ in range(1 if body is not None else 2):
            try:
                self._connection.request(method, target, body.encode() if body is not None else None, headers)
                answer = self._connection.getresponse()
                result = answer.status, json.loads(answer.read())
                self._used = time.monotonic()
                return result
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._connection.close()
                failure = error
                if self._process.poll() is not None:
                    ended = f"the server ended with {self._process.returncode}: {self.last_words()}"
                    raise EngineLost(ended) from error
        return 0, f"{type(failure).__name__}: {failure}"

    def close(self) -> None:
        self._connection.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()
        self._folder.cleanup()


class Table:
    """One table of a server, holding one set of documents."""

    def __init__(self, server: Server, name: str, ids: list[str], escaped: bool) -> None:
        self._server = server
        self._name = name
        self._positions = {id: position for position, id in enumerate(ids)}
        self._ids = {identifier(position): id for position, id in enumerate(ids)}
        self._escaped = escaped

    def ask(self, query: Query) -> Answer | Failure:
        """The page that the query asks for."""
        sent = replace(query, and_filters=self._own(query.and_filters), or_filters=self._own(query.or_filters))
        status, body = self._server.request("GET", f"/v1/data/{self._name}?{sent.url_query(self._escaped)}")
        if status != 200:
            return Failure(f"{status} {spelled(body)}")
        try:
            positions = tuple(self._positions[item["id"]] for item in body["items"])
            return Answer(positions, body["pagination"]["total"])
        except (KeyError, TypeError) as error:
            return Failure(f"not the answer of a list: {error!r} in {spelled(body)[:300]}")

    def _own(self, conditions: Conditions | None) -> Conditions | None:
        """Conditions on `id` with the server's ids in place of ours."""
        if conditions is None or "id" not in conditions:
            return conditions
        return {**conditions, "id": self._with_ids(conditions["id"])}

    def _with_ids(self, value: Json) -> Json:
        if isinstance(value, str):
            return self._ids.get(value, value)
        if isinstance(value, list):
            return [self._with_ids(element) for element in value]
        if isinstance(value, dict):
            return {name: self._with_ids(element) for name, element in value.items()}
        return value


def _definition(name: str, indexes: Sequence[Index]) -> dict[str, Json]:
    return {
        "name": name,
        "schema": {"bsonType": "object", "properties": {}},
        "indexes": [{"name": f"index{number}", **index} for number, index in enumerate(indexes)],
    }
