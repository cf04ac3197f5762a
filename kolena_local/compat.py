"""Make ``import kolena`` import this package, so that code for Kolena's client runs unchanged.

Nothing is aliased until you call :func:`alias`. Submodules are the same objects under both names,
so a class imported by one name is the class imported by the other.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final

from kolena_local.errors import IncorrectUsageError

_THEIRS: Final = "kolena"
_OURS: Final = "kolena_local"


def alias() -> None:
    """Make ``import kolena`` import ``kolena_local`` in this process; a second call does nothing.

    Importing a module that this package does not have then raises an ``ImportError``, even if the
    original client is installed.

    Raises:
        IncorrectUsageError: the original client has already been imported.
    """
    if any(isinstance(finder, _Alias) for finder in sys.meta_path):
        return
    if _THEIRS in sys.modules:
        raise IncorrectUsageError(
            "kolena has already been imported; call kolena_local.compat.alias() before its first"
            " import."
        )
    sys.meta_path.insert(0, _Alias())


def unalias() -> None:
    """Undo :func:`alias`; what was imported as ``kolena`` keeps working."""
    others = [finder for finder in sys.meta_path if not isinstance(finder, _Alias)]
    if len(others) < len(sys.meta_path):
        sys.meta_path[:] = others
        for name in [name for name in sys.modules if _is_theirs(name)]:
            del sys.modules[name]


class _Alias(MetaPathFinder, Loader):
    """Finds ``kolena`` and its modules, and loads those of ``kolena_local`` instead."""

    def __init__(self) -> None:
        self._specs: dict[str, ModuleSpec | None] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not _is_theirs(fullname):
            return None
        name = _our_name(fullname)
        found = find_spec(name)
        if found is None:
            # Not ModuleNotFoundError: `from kolena import it` would drop its message.
            raise ImportError(
                f"kolena_local, which replaces kolena here, does not have {fullname}; run this code"
                " with the original client, or remove the import.",
                name=fullname,
            )
        is_package = found.submodule_search_locations is not None
        return ModuleSpec(fullname, self, origin=found.origin, is_package=is_package)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(_our_name(spec.name))
        if spec.name == _THEIRS:
            return _top(spec.name, module)
        self._specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        if module.__name__ == _THEIRS:
            return
        # The import system has just replaced the module's own spec by the alias's.
        assert module.__spec__ is not None, "the import system has just set it"
        module.__spec__ = self._specs.pop(module.__spec__.name)


def _top(name: str, ours: ModuleType) -> ModuleType:
    """Return a module with our attributes, whose submodules are found by the alias."""
    module = ModuleType(name, ours.__doc__)
    module.__path__ = list(ours.__path__)

    def get(attribute: str) -> Any:
        try:
            return getattr(ours, attribute)
        except AttributeError:
            raise AttributeError(
                f"{_OURS}, which replaces {name} here, does not have {name}.{attribute}; use the"
                " original client for it."
            ) from None

    module.__getattr__ = get  # type: ignore[method-assign]  # PEP 562
    return module


def _is_theirs(name: str) -> bool:
    return name == _THEIRS or name.startswith(f"{_THEIRS}.")


def _our_name(name: str) -> str:
    return _OURS + name[len(_THEIRS) :]
