"""Tell whether a function is the one that was used in an earlier process, by its code."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from functools import partial
from hashlib import blake2b
from types import CodeType, FunctionType, MethodType
from typing import Any, Final

_SIMPLE: Final = (bool, int, float, complex, str, bytes, type(None))


def fingerprint(function: Any) -> str | None:
    """Return a digest of the code of a function, None if Python does not have it.

    The code includes the functions of the same module that it calls, and the plain values that it
    reads: defaults, constants of the module, variables of an enclosing function, arguments of a
    ``partial``. Values that it assigns and objects such as loaded weights are not included. Two
    versions of Python give the same function different digests; see :func:`comparable`.

    Args:
        function: a function, method, ``partial``, or object that can be called.
    """
    parts = list(_parts(function, set()))
    if not any(isinstance(part, bytes) for part in parts):
        return None
    digest = blake2b(repr(parts).encode("utf-8", "backslashreplace"), digest_size=16)
    return f"{_version()}:{digest.hexdigest()}"


def comparable(one: str | None, other: str | None) -> bool:
    """Return whether two digests are known and were made by the same version of Python."""
    return bool(one and other and one.split(":")[0] == other.split(":")[0])


def _version() -> str:
    return f"{sys.implementation.name}-{sys.version_info[0]}.{sys.version_info[1]}"


def _parts(value: Any, seen: set[int]) -> Iterator[Any]:
    if isinstance(value, _SIMPLE):
        yield repr(value)
    elif isinstance(value, partial):
        for one in (value.func, *value.args, *value.keywords.items()):
            yield from _parts(one, seen)
    elif isinstance(value, tuple):
        for one in value:
            yield from _parts(one, seen)
    elif isinstance(value, MethodType):
        yield from _parts(value.__func__, seen)
    elif isinstance(value, FunctionType):
        if id(value) not in seen:
            seen.add(id(value))
            yield from _of_function(value, seen)
    elif not isinstance(value, type) and isinstance(call := type(value).__call__, FunctionType):
        yield from _parts(call, seen)


def _of_function(function: FunctionType, seen: set[int]) -> Iterator[Any]:
    names: set[str] = set()
    assigned: set[str] = set()
    yield from _of_code(function.__code__, function.__doc__, names, assigned)
    read = {name: function.__globals__[name] for name in names if name in function.__globals__}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            read[name] = cell.cell_contents
        except ValueError:  # it has no value yet
            continue
    for name in sorted(read.keys() - assigned):
        value = read[name]
        if not isinstance(value, FunctionType) or value.__module__ == function.__module__:
            yield name
            yield from _parts(value, seen)
    yield from _parts(function.__defaults__ or (), seen)
    yield from _parts(tuple(sorted((function.__kwdefaults__ or {}).items())), seen)


def _of_code(code: CodeType, doc: str | None, names: set[str], assigned: set[str]) -> Iterator[Any]:
    """Yield what a code object does; add the names of the variables that it reads and assigns."""
    yield code.co_code
    yield code.co_names
    names.update(code.co_names)
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("STORE_GLOBAL", "STORE_DEREF"):
            assigned.add(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _of_code(constant, None, names, assigned)
        elif constant is None or constant != doc:
            # The order of a set differs between processes.
            is_set = isinstance(constant, frozenset)
            yield sorted(map(repr, constant)) if is_set else repr(constant)
