"""What a dotted path reaches in a document: for filters, and as the keys of a sort.

Sources: MongoDB manual, "Query an Array", "Query an Array of Embedded Documents", "Query for Null or Missing Fields",
cursor.sort() "Ascending/Descending Sort With Arrays"; the behaviour at the corners (a scalar among embedded documents,
a position that ends a path, a position beside documents) as MongoDB's own tests of paths and index keys state it.
"""

from __future__ import annotations

from collections.abc import Iterator

from .values import EMPTY, MISSING, Json


class Ambiguous(Exception):
    """MongoDB refuses such a sort: a number names both an array's element and a field of its documents."""


def reached(document: dict[str, Json], path: str, expand: bool = True) -> Iterator[Json]:
    """Every value that a condition on `path` is tried on; a match of one is a match.

    An array along the path is entered (documents in it are searched, a number also means a position). An array at the
    end gives its elements, then itself; with `expand` off only itself. Where a document lacks the field there is
    MISSING; an array of scalars, or an empty one, in the middle of a path gives nothing at all.
    """
    yield from _in_object(document, path.split("."), expand)


def _in_object(value: Json, parts: list[str], expand: bool) -> Iterator[Json]:
    for index, part in enumerate(parts):
        if not isinstance(value, dict) or part not in value:
            yield MISSING
            return
        value = value[part]
        if isinstance(value, list):
            yield from _in_array(value, parts[index + 1 :], expand)
            return
    yield value


def _in_array(array: list[Json], parts: list[str], expand: bool) -> Iterator[Json]:
    if not parts:
        if expand:
            yield from array
        yield array
        return
    first, rest = parts[0], parts[1:]
    for index, element in enumerate(array):
        here = first == str(index)
        if isinstance(element, dict):
            yield from _in_object(element, parts, expand)
            if here and rest:
                yield from _in_object(element, rest, expand)
        elif here and rest and isinstance(element, list):
            yield from _in_array(element, rest, expand)
        # A position that ends the path gives the element itself; if that is an array, it isn't opened.
        if here and not rest:
            yield element


def sort_keys(document: dict[str, Json], path: str) -> list[Json]:
    """The keys of a document under an ascending or descending index on `path`; a sort takes the least or greatest.

    - Raises: Ambiguous where MongoDB fails.
    """
    keys: list[Json] = []
    _keys_of_object(document, path.split("."), keys)
    return keys


def _walk(value: Json, parts: list[str]) -> tuple[Json, list[str]]:
    """The value at the path, or the first array on the way with the rest of the path."""
    for index, part in enumerate(parts):
        if not isinstance(value, dict) or part not in value:
            return MISSING, []
        value = value[part]
        if isinstance(value, list):
            return value, parts[index + 1 :]
    return value, []


def _keys_of_object(value: Json, parts: list[str], keys: list[Json]) -> None:
    found, rest = _walk(value, parts)
    if isinstance(found, list):
        _keys_of_array(found, rest, keys, whole=False)
    else:
        keys.append(None if found is MISSING else found)


def _keys_of_array(array: list[Json], parts: list[str], keys: list[Json], whole: bool) -> None:
    """`whole`: a position led to this array, so at the end of the path it is one key, not one for each element."""
    if not array:
        keys.append(None if parts else EMPTY)
        return
    if not parts:
        keys.extend([array] if whole else array)
        return
    positional = parts[0].isdecimal() and str(int(parts[0])) == parts[0] and int(parts[0]) < len(array)
    if not positional:
        for element in array:
            _keys_of_object(element, parts, keys)
        return
    if any(isinstance(element, dict) and parts[0] in element for element in array):
        raise Ambiguous(parts[0])
    chosen, rest = array[int(parts[0])], parts[1:]
    if isinstance(chosen, list):
        _keys_of_array(chosen, rest, keys, whole=True)
    elif rest:
        _keys_of_object(chosen, rest, keys)
    else:
        keys.append(chosen)
