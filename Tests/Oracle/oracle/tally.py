"""What a run has counted and found; parts of a run are added up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .cases import Document, Query, spelled
from .values import Json


@dataclass
class Difference:
    """Something that the table does not explain, with the smallest case that shows it."""

    kind: str
    """`server`, `index` (the server differs with indexes only), or a look-alike's name."""
    documents: list[Document]
    query: Query
    expected: str
    given: str
    seed: str
    indexes: list[dict[str, Json]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The report's lines."""
        lines = [f"difference ({self.kind}), set {self.seed}:"]
        lines += [f"    {position}: {spelled(document)}" for position, document in enumerate(self.documents)]
        lines += [f"    {name}={value}" for name, value in self.query.parameters() if (name, value) != ("limit", "100")]
        if self.indexes:
            lines.append(f"    indexes: {spelled(self.indexes)}")
        return [*lines, f"    expected: {self.expected}", f"    given:    {self.given}"]

    def json(self) -> dict[str, Json]:
        return {
            "kind": self.kind,
            "seed": self.seed,
            "documents": self.documents,
            "parameters": dict(self.query.parameters()),
            "indexes": self.indexes,
            "expected": self.expected,
            "given": self.given,
        }


@dataclass
class Tally:
    """Counts by name, and the differences."""

    counts: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    abstained: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def add(self, other: Tally) -> list[Difference]:
        """Adds another part; gives its differences that were not known."""
        self.counts += other.counts
        self.decided += other.decided
        self.abstained += other.abstained
        known = {spelled(difference.json() | {"seed": ""}) for difference in self.differences}
        fresh = [one for one in other.differences if spelled(one.json() | {"seed": ""}) not in known]
        self.differences += fresh
        return fresh

    def summary(self) -> list[str]:
        """The report's counts."""
        counts = self.counts
        lines = [
            f"cases:                 {counts['cases']} in {counts['sets']} sets, {counts['with a result']} with a result",
            f"all who answer agree:  {counts['all agree']}",
            f"decided by the table:  {counts['decided']} cases",
        ]
        lines += [f"    {count:7}  {name}" for name, count in self.decided.most_common()]
        lines.append(f"undefined in MongoDB:  {counts['undefined']}")
        lines.append(f"abstentions:           {sum(self.abstained.values())}")
        lines += [f"    {count:7}  {name}" for name, count in self.abstained.most_common()]
        if counts["both answered"]:
            share = 100 * counts["look-alikes disagree"] / counts["both answered"]
            count = counts["look-alikes disagree"]
            lines.append(f"look-alikes disagree:  {count} ({share:.1f} % of those both answered)")
        for name in ("SecantusDB", "montydb"):
            lines.append(f"    {counts[name + ' wrong']:7}  {name} is wrong")
        lines.append(f"differences:           {counts['differing']} cases, {len(self.differences)} shown")
        return lines
