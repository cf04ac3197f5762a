"""Fingerprints of the user's code: digests that are equal in every process.

Code is the syntax tree of its source, so that neither words, layout and type hints nor the version
of Python matter; where there is no source, it is the bytecode. The functions and constants of the
user's own that the code refers to belong to it; of those that are installed, only the name does.
Nothing is pickled, and nothing of the user's is called.
"""

from __future__ import annotations

import ast
import dis
import linecache
import os
import sys
import weakref
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import is_dataclass
from enum import Enum
from functools import lru_cache, partial
from hashlib import blake2b
from types import CodeType, FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any, Final

_SIMPLE: Final = (type(None), bool, int, float, complex, str, bytes, bytearray, range, type(...))
_CONSTANT: Final = (*_SIMPLE, tuple, frozenset, Enum, partial)
_CONTAINER: Final = (list, dict, set)
# Python's own values, which say all of themselves.
_PLAIN_PACKAGES: Final = ("datetime", "decimal", "fractions", "pathlib", "re", "uuid")
_STANDARD_LIBRARY: Final = os.__file__.removesuffix("os.py")
_WITHOUT_NAME: Final = {"__init__", "__call__", "forward"}  # called without being named

# Evaluators fill caches. So what can be filled is described as it was when it was first used: for
# as long as the evaluator lives, or, if it is a global variable, the process.
_Described = dict[int, tuple[Any, str]]
_first_of: Final[dict[int, _Described]] = {}
_first_globals: Final[_Described] = {}

# Remembered, because a file may be edited while its code runs.
_trees: Final[dict[CodeType, str | None]] = {}


def evaluator_fingerprint(evaluator: Any) -> str | None:
    """Return the digest of an evaluator's code and settings; None if it cannot be told.

    Args:
        evaluator: an evaluator of either kind.
    """
    first = _first_of.get(id(evaluator))
    if first is None:
        first = {}
        with suppress(TypeError):  # not every object can be watched
            weakref.finalize(evaluator, _first_of.pop, id(evaluator), None)
            _first_of[id(evaluator)] = first
    try:
        return _Description(evaluator, first).of(evaluator)
    except Exception:  # the attributes of an evaluator may do anything when they are read
        return None


def infer_fingerprint(function: Any) -> str | None:
    """Return the digest of a function's code; None if Python does not have it.

    Plain values that the code reads belong to it. Loaded weights, caches, and variables that some
    code assigns do not.

    Args:
        function: a function, method, ``partial``, or object that can be called.
    """
    try:
        description = _Description(function, None)
        digest = description.of(function)
    except Exception:  # as above
        return None
    return f"{description.kind}:{digest}" if description.kind else None


def comparable(one: str | None, other: str | None) -> bool:
    """Return whether two digests are known, and both of source or of one version's bytecode."""
    return bool(one and other and one.split(":")[0] == other.split(":")[0])


class _Description:
    """Describes values by digests.

    Args:
        root: what is described.
        first: how the containers in it were at first; None to describe code without state.
    """

    kind = ""  # "source", or the version of Python if some of the code has none

    def __init__(self, root: Any, first: _Described | None) -> None:
        self._root = root
        while isinstance(root, partial):
            root = root.func
        self._module = root.__module__
        self._first = first
        self._done: _Described = {}

    def of(self, value: Any, owner: type | None = None) -> str:
        """Describe a value, which may be a method of ``owner``."""
        if type(value) in _SIMPLE:
            return repr(value)
        can_be_filled = isinstance(value, _CONTAINER) or hasattr(type(value), "tobytes")
        known = self._first if can_be_filled and self._first is not None else self._done
        for described in (known, self._done):
            if id(value) in described:
                return described[id(value)][1]
        self._done[id(value)] = (value, "itself")
        is_function = isinstance(value, FunctionType)
        content = self._of_function(value, owner) if is_function else self._of_object(value)
        self._done[id(value)] = known[id(value)] = (value, _digest(content))
        return known[id(value)][1]

    def _of_object(self, value: Any) -> Any:
        kind = type(value)
        if isinstance(value, Enum):
            return (kind.__qualname__, value._name_, self.of(value._value_))
        if isinstance(value, ModuleType):
            return value.__name__
        if isinstance(value, tuple):
            return (kind.__name__, *map(self.of, tuple.__iter__(value)))
        if isinstance(value, frozenset):
            return ("set", *sorted(map(self.of, frozenset.__iter__(value))))
        if isinstance(value, partial):
            return ("partial", *map(self.of, (value.func, value.args, *value.keywords.items())))
        if isinstance(value, MethodType):
            bound = value.__self__
            function = self.of(value.__func__, bound if isinstance(bound, type) else type(bound))
            return ("method", function, self._first is not None and self.of(bound))
        if (inner := _function(value)) is not None:
            return (kind.__qualname__, self.of(inner))
        if self._first is None:
            return self._used(set(), {}, kind) if value is self._root else "state"
        return self._of_class(value) if issubclass(kind, type) else self._of_setting(value, kind)

    def _of_setting(self, value: Any, kind: type) -> Any:
        if isinstance(value, list):
            return ("list", *map(self.of, list.__iter__(value)))
        if isinstance(value, dict):
            return ("dict", *((self.of(key), self.of(it)) for key, it in dict.items(value)))
        if isinstance(value, set):
            return ("set", *sorted(map(self.of, set.__iter__(value))))
        if self._is_installed(kind.__module__) and value is not self._root:
            if _package(kind.__module__) in _PLAIN_PACKAGES:
                return repr(value)
            if hasattr(kind, "tobytes"):  # an array; the bytes of one of objects are addresses
                shape, of = getattr(value, "shape", ""), getattr(value, "dtype", "")
                is_of_objects = getattr(of, "hasobject", False)
                items = self.of(value.tolist()) if is_of_objects else _digest(value.tobytes())
                return (str(of), str(shape), items)
            if not is_dataclass(kind):
                return f"{kind.__module__}.{kind.__qualname__}"
        attributes = dict(getattr(value, "__dict__", {}))
        for slot in (it for cls in kind.__mro__ for it in vars(cls).values()):
            if isinstance(slot, MemberDescriptorType):
                with suppress(AttributeError):  # not filled yet
                    attributes[slot.__name__] = slot.__get__(value)
        if value is self._root:
            # Each has results of its own, with its fields beside them.
            attributes.pop("configurations", None)
        return (self.of(kind), *((name, self.of(attributes[name])) for name in sorted(attributes)))

    def _of_class(self, cls: type) -> Any:
        if self._is_installed(cls.__module__):
            return f"{cls.__module__}.{cls.__qualname__}"
        values = (*_CONSTANT, *_CONTAINER, type)
        members = []
        for name, member in sorted(vars(cls).items()):
            if (function := _function(member)) is not None:
                if not _is_generated(cls, name, function):
                    members.append((name, self.of(function)))
            elif not (name[0] == name[-1] == "_") and isinstance(member, values):
                members.append((name, self.of(member)))
        return (cls.__name__, members, [self.of(base) for base in cls.__bases__])

    def _of_function(self, function: FunctionType, owner: type | None) -> Any:
        code, contents = function.__code__, {}
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            with suppress(ValueError):  # not filled yet
                contents[name] = cell.cell_contents
        if self._is_installed(function.__globals__.get("__name__")):
            # A decorator's, perhaps.
            inner = [*contents.values(), function.__dict__.get("__wrapped__")]
            inner = [self.of(it) for it in inner if isinstance(it, FunctionType)]
            return (code.co_name, inner)
        tree = _tree_of(function)
        if tree is None:
            self.kind = (
                f"{sys.implementation.name}-{sys.version_info[0]}.{sys.version_info[1]}-code"
            )
        self.kind = self.kind or "source"
        assigned = _assigned(code, "STORE_DEREF")
        names = {name for one in _codes(code) for name in one.co_names}
        return (
            tree or _bytecode(code, function.__doc__),
            self.of(function.__defaults__),
            sorted((name, self.of(it)) for name, it in (function.__kwdefaults__ or {}).items()),
            sorted((name, self.of(it)) for name, it in contents.items() if name not in assigned),
            self._used(names, function.__globals__, owner),
        )

    def _used(self, names: set[str], variables: dict[str, Any], owner: type | None) -> list[Any]:
        """Describe what of the user's own some names may refer to."""
        code_only = self._first is None
        names = {it for it in names if not it.startswith("__")}
        scopes: dict[int, tuple[Any, type | None]] = {0: (variables, None)}
        if code_only and owner is not None:
            self._add_scopes(owner, scopes)
        if code_only:
            names |= _WITHOUT_NAME
        found = []
        for scope, cls in (queue := list(scopes.values())):
            assigned = _assigned_in(scope, "STORE_ATTR" if cls else "STORE_GLOBAL")
            for name in sorted(names & scope.keys()):
                value = _function(scope[name]) or scope[name]
                if code_only or isinstance(value, ModuleType):
                    known = len(scopes)
                    self._add_scopes(value, scopes)
                    queue.extend(list(scopes.values())[known:])
                if isinstance(value, FunctionType):
                    if cls is None or not _is_generated(cls, name, value):
                        found.append((name, self.of(value, cls)))
                elif name in assigned or (code_only and not isinstance(value, _CONSTANT)):
                    continue
                elif isinstance(value, _CONTAINER):
                    if id(value) not in _first_globals:
                        _first_globals[id(value)] = (value, self.of(value))
                    found.append((name, _first_globals[id(value)][1]))
                else:
                    is_setting = isinstance(value, (*_CONSTANT, type)) or is_dataclass(type(value))
                    found.append((name, self.of(value if is_setting else type(value))))
        return sorted(found)

    def _add_scopes(self, value: Any, scopes: dict[int, tuple[Any, type | None]]) -> None:
        """Add where the attributes of a module, class or object of the user's own are."""
        if isinstance(value, ModuleType):
            if not self._is_installed(value.__name__):
                scopes.setdefault(id(value), (vars(value), None))
            return
        cls = value if issubclass(type(value), type) else type(value)
        for one in cls.__mro__:
            if not self._is_installed(one.__module__):
                scopes.setdefault(id(one), (vars(one), cls))

    def _is_installed(self, module: str | None) -> bool:
        """Whether a module is Python's, ours, or installed, but not the root's."""
        package = _package(module or "")
        file = getattr(sys.modules.get(module or ""), "__file__", None)
        if package == "kolena_local" or not file:
            return package == "kolena_local" or package in sys.stdlib_module_names
        if "site-packages" in file or "dist-packages" in file:
            return bool(module != self._module)  # its whole package would take minutes
        return str(file).startswith(_STANDARD_LIBRARY)


def _digest(content: object) -> str:
    return blake2b(repr(content).encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()


def _package(module: str) -> str:
    return module.partition(".")[0]


def _function(member: Any) -> FunctionType | None:
    """Return the function of a variable or of a member of a class; None if it has none."""
    if isinstance(member, (staticmethod, classmethod)):
        member = member.__func__
    elif isinstance(member, property):
        member = member.fget
    elif type(member).__module__ == "functools" and not isinstance(member, partial):
        member = getattr(member, "__wrapped__", None) or getattr(member, "func", None)
    return member if isinstance(member, FunctionType) else None


def _is_generated(cls: type, name: str, function: FunctionType) -> bool:
    """Whether a method was made by Python, in each version another way."""
    if not name.startswith("__"):
        return False
    is_record = not {"__dataclass_fields__", "_fields", "_member_map_"}.isdisjoint(vars(cls))
    is_python = function.__code__.co_filename.startswith(_STANDARD_LIBRARY)
    return name.startswith("__annotate") or (
        is_record and (is_python or _tree_of(function) is None)
    )


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


@lru_cache(maxsize=1000)
def _assigned(code: CodeType, how: str) -> frozenset[str]:
    instructions = (it for one in _codes(code) for it in dis.get_instructions(one))
    return frozenset(it.argval for it in instructions if it.opname == how)


def _assigned_in(scope: Any, how: str) -> set[str]:
    """Return the variables, or the attributes, that some function in a scope assigns."""
    members = list(scope.values())
    members += [it for cls in members if issubclass(type(cls), type) for it in vars(cls).values()]
    functions = [it for it in map(_function, members) if it is not None]
    # What is imported assigns the variables of its own module.
    own = [it for it in functions if how == "STORE_ATTR" or it.__globals__ is scope]
    return {name for it in own for name in _assigned(it.__code__, how)}


def _tree_of(function: FunctionType) -> str | None:
    """Return the digest of the syntax tree of a function; None if there is no source."""
    code = function.__code__
    if code not in _trees:
        linecache.checkcache(code.co_filename)
        with suppress(SyntaxError, ValueError, OSError):
            _remember("".join(linecache.getlines(code.co_filename, function.__globals__)))
        _trees.setdefault(code, None)
    return _trees[code]


def _remember(source: str) -> None:
    """Compile source, which may not be what runs, to see which trees belong to which code."""
    tree = ast.parse(source)
    nodes, codes = defaultdict(list), defaultdict(list)
    for node in _functions_in(tree):
        lines = [it.lineno for it in (node, *getattr(node, "decorator_list", ()))]
        nodes[getattr(node, "name", "<lambda>"), min(lines)].append(node)
    for code in _codes(compile(tree, "<source>", "exec", dont_inherit=True)):
        codes[code.co_name, code.co_firstlineno].append(code)
    for place, found in nodes.items():
        # A line may have several lambdas, which are compiled in order.
        if len(found) == len(codes[place]):
            for node, code in zip(found, codes[place], strict=True):
                parts = [getattr(node, it, None) for it in ("args", "body", "decorator_list")]
                _trees[code] = _digest([type(node).__name__, *map(_tree, parts)])


def _functions_in(node: ast.AST) -> Iterator[Any]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _functions_in(child)


def _tree(node: Any) -> Any:
    if isinstance(node, list):
        return [_tree(it) for it in node if not _is_text(it)]
    if isinstance(node, ast.AST):
        # What is empty is left out, because later versions of Python have more of it.
        fields = [
            (name, _tree(value))
            for name, value in ast.iter_fields(node)
            if name not in ("kind", "annotation", "returns") and value is not None and value != []
        ]
        return (type(node).__name__, *fields)
    return repr(node)


def _is_text(node: Any) -> bool:
    """Whether a statement is a docstring."""
    return isinstance(node, ast.Expr) and isinstance(getattr(node.value, "value", None), str)


def _bytecode(code: CodeType, doc: str | None) -> Any:
    constants = [
        _bytecode(it, None)
        if isinstance(it, CodeType)
        # Sets have another order in each process.
        else sorted(map(repr, it))
        if isinstance(it, frozenset)
        else repr(it)
        for it in code.co_consts
        if it is None or it != doc
    ]
    return (code.co_code.hex(), constants, code.co_names)
