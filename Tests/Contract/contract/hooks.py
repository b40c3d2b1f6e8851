"""What OpenAPI 3.0.0 can't say of a request, and the documents say in words instead: generated requests that break
these rules are not sent as good ones."""

import json
import math
import re
from typing import Any

import schemathesis


def is_storable(value: Any, depth: int = 1) -> bool:
    """Keys are not empty, hold no dot and no U+0000 and don't begin with `$`; 64 levels; an integer beyond 64 bits is
    taken only if a double holds it."""
    if depth > 64:
        return False
    if isinstance(value, dict):
        return all(is_name(key) and is_storable(item, depth + 1) for key, item in value.items())
    if isinstance(value, list):
        return all(is_storable(item, depth + 1) for item in value)
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return is_double(value)
    return True


def is_name(name: str) -> bool:
    return name != "" and not name.startswith("$") and "." not in name and "\x00" not in name


def is_double(value: int) -> bool:
    try:
        return int(float(value)) == value
    except OverflowError:
        return False


def is_filter(value: Any) -> bool:
    """The rules of filters: sound field names, operators alone or values alone, patterns that compile. Whole objects and
    lists of other values than texts are equal to themselves; the documents name scalars and lists of texts alone."""
    if not isinstance(value, dict):
        return True
    return all(is_path(field) and is_condition(condition) for field, condition in value.items())


def is_path(path: str) -> bool:
    parts = path.split(".")
    return len(parts) <= 16 and all(part and not part.startswith("$") and "\x00" not in part for part in parts)


def is_condition(condition: Any) -> bool:
    if isinstance(condition, dict):
        if condition and not any(name.startswith("$") for name in condition):
            return False
        pattern = condition.get("$regex")
        if isinstance(pattern, str) and not is_plain(pattern):
            return False
        return all(is_number_taken(operand) for operand in condition.values())
    if isinstance(condition, list) and not all(isinstance(item, str) for item in condition):
        return False
    return is_number_taken(condition)


def is_number_taken(value: Any) -> bool:
    if isinstance(value, list):
        return all(is_number_taken(item) for item in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return -(2**63) <= value < 2**63 or is_double(value)
    return not (isinstance(value, float) and math.isinf(value))


def is_plain(pattern: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9 ]*", pattern) is not None


@schemathesis.hook
def filter_body(context: Any, body: Any) -> bool:
    return is_storable(body)


@schemathesis.hook
def filter_query(context: Any, query: Any) -> bool:
    if not isinstance(query, dict):
        return True
    search = query.get("search")
    if isinstance(search, str) and len(search.encode(errors="replace")) > 1_000:
        return False  # The limit counts bytes, `maxLength` characters.
    return all(is_filter(parsed(query[name])) for name in ("andFilters", "orFilters") if name in query)


def parsed(value: Any) -> Any:
    """A filter may come as an object or as its text."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
