#!/usr/bin/env python3
"""A stand-in for `bkend-server`, for the harness's own tests: the evaluator behind the commands and routes that the
oracle uses, with a fault on demand (environment variable ORACLE_STANDIN_FAULT)."""

from __future__ import annotations

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oracle.cases import Answer, Document, Query, is_operators  # noqa: E402
from oracle.evaluator import evaluate  # noqa: E402

FAULT = os.environ.get("ORACLE_STANDIN_FAULT", "")
TABLES: dict[str, list[Document]] = {}


def read(items: dict[str, str]) -> Query:
    """The query of a request."""
    conditions = [json.loads(items[name]) if name in items else None for name in ("andFilters", "orFilters")]
    return Query(
        conditions[0],
        conditions[1],
        items.get("sortBy"),
        items["sortDirection"] == "asc",
        int(items["page"]) if "page" in items else None,
        int(items["offset"]) if "offset" in items else None,
        int(items["limit"]),
        items.get("search"),
        items.get("searchType"),
    )


def answer(table: str, query: Query) -> Answer:
    records = TABLES.get(table, [])
    right = evaluate(records, query)
    if not isinstance(right, Answer):
        right = Answer((), 0)
    if FAULT == "ne-missing":  # A wrong $ne: a record without the field does not match.
        paths = [path for path, one, _ in query.conditions() if is_operators(one) and "$ne" in one]
        kept = [place for place in right.positions if all(path.split(".")[0] in records[place] for path in paths)]
        return Answer(tuple(kept), right.total - (len(right.positions) - len(kept)))
    if FAULT == "index-order" and table.startswith("indexed") and query.sort_by == "v" and right.total > 1:
        return Answer(tuple(reversed(right.positions)), right.total)
    return right


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # One packet an answer; else delayed acknowledgements cost 40 ms each.

    def do_POST(self) -> None:
        documents = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        table = TABLES.setdefault(self.path.split("/")[-1], [])
        made = [{"id": f"{0x6A00_0000_0000 + len(table) + place:024x}", **one} for place, one in enumerate(documents)]
        table.extend(made)
        self.reply(201, {"items": made})

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        table = parts.path.split("/")[-1]
        found = answer(table, read(dict(parse_qsl(parts.query, keep_blank_values=True))))
        items = [TABLES[table][place] for place in found.positions]
        self.reply(200, {"items": items, "pagination": {"total": found.total}})

    def reply(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def main() -> None:
    match sys.argv[1]:
        case "init":
            print(json.dumps({"secretKey": "sk_" + "0" * 64}))
        case "apply":
            json.loads(Path(sys.argv[3]).read_text())
        case "serve":
            server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
            print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
            server.serve_forever()


if __name__ == "__main__":
    main()
