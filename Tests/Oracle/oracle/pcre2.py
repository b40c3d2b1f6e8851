"""Regular expressions by the library that MongoDB uses: PCRE2, in UTF mode, called through ctypes.

Source: MongoDB manual, "$regex" (Perl-compatible expressions; options i m s x). The package is there wherever the
server is built, since the server links it as well.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import lru_cache
from typing import Final

_UTF: Final = 0x00080000
_OPTIONS: Final = {"i": 0x00000008, "m": 0x00000400, "s": 0x00000020, "x": 0x00000080}
_NO_MATCH: Final = -1


class BadPattern(ValueError):
    """PCRE2 does not take the pattern, or gave up on it."""


def _load() -> ctypes.CDLL | None:
    name = ctypes.util.find_library("pcre2-8") or "libpcre2-8.so.0"
    try:
        library = ctypes.CDLL(name)
    except OSError:
        return None
    size, pointer = ctypes.c_size_t, ctypes.c_void_p
    library.pcre2_compile_8.restype = pointer
    library.pcre2_compile_8.argtypes = [
        ctypes.c_char_p,
        size,
        ctypes.c_uint32,
        ctypes.POINTER(ctypes.c_int),
        ctypes.POINTER(size),
        pointer,
    ]
    library.pcre2_match_data_create_from_pattern_8.restype = pointer
    library.pcre2_match_data_create_from_pattern_8.argtypes = [pointer, pointer]
    library.pcre2_match_8.restype = ctypes.c_int
    library.pcre2_match_8.argtypes = [pointer, ctypes.c_char_p, size, size, ctypes.c_uint32, pointer, pointer]
    return library


_library: Final = _load()
available: Final = _library is not None
"""Whether the library could be loaded."""


@lru_cache(maxsize=4096)
def _compiled(pattern: bytes, options: str) -> tuple[int, int]:
    assert _library is not None, "libpcre2-8 is not installed"
    bits = _UTF
    for letter in options:
        bits |= _OPTIONS[letter]
    number, offset = ctypes.c_int(), ctypes.c_size_t()
    code = _library.pcre2_compile_8(pattern, len(pattern), bits, ctypes.byref(number), ctypes.byref(offset), None)
    if not code:
        raise BadPattern(f"error {number.value} at byte {offset.value} of {pattern!r}")
    return code, _library.pcre2_match_data_create_from_pattern_8(code, None)


@lru_cache(maxsize=65536)
def search(pattern: str, options: str, text: str) -> bool:
    """Whether the pattern matches somewhere in the text."""
    code, data = _compiled(pattern.encode(), options)
    subject = text.encode()
    assert _library is not None
    result = _library.pcre2_match_8(code, subject, len(subject), 0, 0, data, None)
    if result < _NO_MATCH:
        raise BadPattern(f"error {result} while matching {pattern!r}")
    return result != _NO_MATCH
