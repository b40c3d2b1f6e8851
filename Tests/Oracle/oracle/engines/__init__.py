"""What can be asked: our server, the two look-alikes, and a stand-in for tests of the harness."""

from __future__ import annotations

from typing import Protocol

from ..cases import Answer, Document, Failure, Query


class Engine(Protocol):
    """Holds one set of documents at a time and answers queries on it."""

    name: str

    def load(self, documents: list[Document]) -> None:
        """Replaces what it holds. Document k has the id `identifier(k)`, or one that sorts in its place."""

    def ask(self, query: Query) -> Answer | Failure:
        """The query's answer."""

    def close(self) -> None:
        """Ends its processes and connections."""
