"""The fingerprint of an evaluator: a digest of its code and settings, equal in every process.

It tells apart evaluators that share a display name, as all lambdas do, and the versions of one that
was edited. Code is what its source says, without comments and layout, so that the fingerprint does
not depend on the version of Python; where there is no source, and for lambdas, it is the bytecode.
The functions, classes and constants of the user's own that the code refers to belong to it; of
those that are installed, only the name does.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
import weakref
from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import is_dataclass
from enum import Enum
from functools import partial
from hashlib import blake2b
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final

_SIMPLE: Final = (type(None), bool, int, float, complex, str, bytes, type(...))
_CONSTANT: Final = (*_SIMPLE, tuple, frozenset)

# Evaluators fill caches in their attributes. So what can be filled is described as it was when the
# evaluator was first used.
_First = dict[int, tuple[Any, str]]
_first_seen: Final[dict[int, _First]] = {}

# Read once: the file may be edited while its code runs.
_sources: Final[weakref.WeakKeyDictionary[Any, str | None]] = weakref.WeakKeyDictionary()


def evaluator_fingerprint(evaluator: Any) -> str | None:
    """Return the digest of an evaluator of either kind; None if it cannot be told."""
    first = _first_seen.get(id(evaluator))
    if first is None:
        first = {}
        with suppress(TypeError):  # not every object can be watched
            weakref.finalize(evaluator, _first_seen.pop, id(evaluator), None)
            _first_seen[id(evaluator)] = first
    try:
        return _digest(_Description(evaluator, first).of(evaluator))
    except Exception:  # the attributes of an evaluator may do anything when they are read
        return None


def _digest(content: object) -> str:
    return blake2b(repr(content).encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()


class _Description:
    """Describes values by texts, and by tuples and lists of texts."""

    def __init__(self, evaluator: Any, first: _First) -> None:
        self._evaluator = evaluator
        while isinstance(evaluator, partial):
            evaluator = evaluator.func
        self._package = _package(evaluator)
        self._first = first
        self._done: dict[int, tuple[Any, str | None]] = {}

    def of(self, value: Any) -> Any:
        if type(value) in _SIMPLE:
            return repr(value)
        if isinstance(value, Enum):
            return (type(value).__qualname__, value.name)
        if isinstance(value, ModuleType):
            return value.__name__
        if isinstance(value, (tuple, frozenset)):
            return self._of_object(value)
        can_be_filled = isinstance(value, (list, dict, set)) or hasattr(value, "tobytes")
        if can_be_filled and id(value) in self._first:
            return self._first[id(value)][1]
        if id(value) in self._done:
            return self._done[id(value)][1]
        self._done[id(value)] = (value, None)  # refers to itself
        described = _digest(self._of_object(value))
        self._done[id(value)] = (value, described)
        if can_be_filled:
            self._first[id(value)] = (value, described)
        return described

    def _of_object(self, value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return (type(value).__name__, *map(self.of, value))
        if isinstance(value, Mapping):
            return ("mapping", *((self.of(key), self.of(item)) for key, item in value.items()))
        if isinstance(value, Set):
            return ("set", *sorted(repr(self.of(item)) for item in value))
        if isinstance(value, partial):
            return ("partial", *map(self.of, (value.func, value.args, value.keywords)))
        if isinstance(value, MethodType):
            return ("method", self.of(value.__func__), self.of(value.__self__))
        if isinstance(value, FunctionType):
            return self._of_function(value)
        if isinstance(value, type):
            return self._of_class(value)
        if hasattr(value, "tobytes"):  # an array
            return (str(getattr(value, "dtype", "")), _digest(value.tobytes()))
        kind = type(value)
        if self._is_installed(kind) and not is_dataclass(kind) and value is not self._evaluator:
            return f"{kind.__module__}.{kind.__qualname__}"
        attributes = dict(getattr(value, "__dict__", {}))
        if value is self._evaluator:
            # Each has results of its own, with its fields beside them.
            attributes.pop("configurations", None)
        names = sorted(attributes)
        return (self.of(kind), *((name, self.of(attributes[name])) for name in names))

    def _of_function(self, function: FunctionType) -> Any:
        if self._is_installed(function):
            return f"{function.__module__}.{function.__qualname__}"
        return (
            _source(function) or _bytecode(function.__code__),
            self.of(function.__defaults__),
            self.of(function.__kwdefaults__),
            [self.of(content) for content in _contents(function)],
            self._names_used(function),
        )

    def _of_class(self, cls: type) -> Any:
        if self._is_installed(cls):
            return f"{cls.__module__}.{cls.__qualname__}"
        source = _source(cls)
        functions = [it for it in map(_function, vars(cls).values()) if it is not None]
        if source:
            # Not what a decorator made, which depends on the version of Python.
            functions = [
                it
                for it in functions
                if it.__code__.co_filename != "<string>" and not self._is_installed(it)
            ]
        values = sorted(
            (name, self.of(value))
            for name, value in vars(cls).items()
            if type(value) in _SIMPLE and name not in ("__module__", "__doc__", "__firstlineno__")
        )
        return (
            cls.__qualname__.rpartition(".")[2],
            source or [self._of_function(function) for function in functions],
            values,
            [self._names_used(function) for function in functions],
            [self.of(base) for base in cls.__bases__],
        )

    def _is_installed(self, defined: Any) -> bool:
        """Whether a function or class is Python's, ours, or of another installed package."""
        package = _package(defined)
        if package in sys.stdlib_module_names or package == "kolena_local":
            return True
        file = getattr(sys.modules.get(defined.__module__), "__file__", None) or ""
        return package != self._package and ("site-packages" in file or "dist-packages" in file)

    def _names_used(self, function: FunctionType) -> Any:
        """Describe what the code refers to: constants, and functions and classes of the user's."""
        found = []
        for name in sorted(set(_names(function.__code__))):
            value = function.__globals__.get(name, ...)
            if value is not ... and isinstance(value, (*_CONSTANT, FunctionType, type)):
                found.append((name, self.of(value)))
        return found


def _package(defined: Any) -> str:
    return str(defined.__module__).partition(".")[0]


def _function(member: Any) -> FunctionType | None:
    member = getattr(member, "__func__", getattr(member, "fget", member))
    return member if isinstance(member, FunctionType) else None


def _contents(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # not filled yet
            yield cell.cell_contents


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _source(defined: Any) -> str | None:
    """Return the digest of the source of a function or class; None if there is no source."""
    if isinstance(defined, FunctionType):
        if defined.__name__ == "<lambda>":
            return None  # its line may have several
        defined = defined.__code__
    if defined not in _sources:
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(defined)))
            _sources[defined] = _digest(_tree(tree.body))
        except (OSError, SyntaxError, TypeError, ValueError):
            _sources[defined] = None
    return _sources[defined]


def _tree(node: Any) -> Any:
    if isinstance(node, list):
        return [_tree(item) for item in node if not _is_text(item)]
    if isinstance(node, ast.AST):
        # What is empty is left out, because later versions of Python have more of it.
        fields = [
            (name, _tree(value))
            for name, value in ast.iter_fields(node)
            if name != "kind" and value is not None and value != []
        ]
        return (type(node).__name__, *fields)
    return repr(node)


def _is_text(node: Any) -> bool:
    """Whether a statement is a docstring."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _bytecode(code: CodeType) -> Any:
    constants = [
        _bytecode(it) if isinstance(it, CodeType) else _constant(it) for it in code.co_consts
    ]
    return (code.co_code.hex(), constants, code.co_names, code.co_varnames, code.co_freevars)


def _constant(value: Any) -> Any:
    # Sets have another order in each process.
    return ("set", sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)
