"""Random regular expressions: pieces that occur in apps, and those where dialects are known to part."""

from __future__ import annotations

import random
from typing import Final

OPTIONS: Final = ["i", "m", "s", "x"]

_FIXED: Final = [
    "", ".", "^", "$", "^$", "^.$", "^..$", r"\d", r"\D", r"\w", r"^\w+$", r"\W", r"\s", r"^\S*$", r"\bb", r"b\b",
    "[a-c]", "[^a-c]", "^[A-Z]", "[é]", "(a|b)+", "(?:ab)?c", "a{1,2}", "a*?b", "(?i)ab", "(?s)e.b", "(?m)^b", "(?x) a b",
    "a b", "a # comment", "line.break", "^break", "line$", "^b.*k$", r"\.", r"\\", r"[\[\]]", r"\$", "%", "_", r"\x61",
    "^1", "1$", "true|null", "(?=a)", "(?!a)^.", "(?<=a)b", r"(.)\1", r"\A1", r"1\z", r"k\n?$", r"\ba", "[[:alpha:]]",
    r"\p{L}", r"^\p{Lu}", r"\h", r"\x{1F600}", "(?<n>a)", r"\Aline\nbreak\z", "日", "^\U0001f600", "[\U00010000-\U0010ffff]",
    "σ", "ß", "k", "i", "ı", r"\R", r"\N", "a++b", "(?>a+)b", r"\Qa.b\E", "ss",
]  # fmt: skip

_SPECIAL: Final = frozenset(r"\.[]{}()*+?^$|# ")


def _quoted(text: str) -> str:
    return "".join("\\" + letter if letter in _SPECIAL else letter for letter in text)


def pattern(source: random.Random, text: str) -> str:
    """A pattern, often one that fits the text. No NUL: MongoDB refuses it in a pattern."""
    quoted = _quoted(text.replace("\u0000", ""))
    roll = source.random()
    if roll < 0.45:
        return source.choice(_FIXED)
    if roll < 0.6:
        return "^" + quoted
    if roll < 0.7:
        return quoted + "$"
    if roll < 0.8:
        return "^" + quoted + "$"
    if roll < 0.9 and len(text) > 1:
        return _quoted(text[0].replace("\u0000", ".")) + ".*"
    return quoted
