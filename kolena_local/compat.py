"""The name ``kolena`` for this package, so that code which imports it runs here unedited.

Nothing is aliased before somebody asks. Modules below ``kolena`` are the same objects under both
names, so that a class imported by one name is the class imported by the other.
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
    """Let ``import kolena`` mean ``import kolena_local``, for this process; twice is once.

    Importing a module that is not here, such as ``kolena.dataset``, then raises an ``ImportError``
    that says so, also if the original is installed.

    Raises:
        IncorrectUsageError: the original has been imported already.
    """
    if any(isinstance(finder, _Alias) for finder in sys.meta_path):
        return
    if _THEIRS in sys.modules:
        raise IncorrectUsageError(
            "kolena has been imported already; call kolena_local.compat.alias() before its first"
            " import."
        )
    sys.meta_path.insert(0, _Alias())


def unalias() -> None:
    """Take :func:`alias` back; what was imported under the other name keeps working."""
    others = [finder for finder in sys.meta_path if not isinstance(finder, _Alias)]
    if len(others) < len(sys.meta_path):
        sys.meta_path[:] = others
        for name in [name for name in sys.modules if _is_theirs(name)]:
            del sys.modules[name]


class _Alias(MetaPathFinder, Loader):
    """Finds ``kolena`` and its modules, and loads ours in their place."""

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
            # No ModuleNotFoundError: `from kolena import dataset` would swallow its sentence.
            raise ImportError(
                f"{fullname} is not offered by kolena_local, which stands in for kolena here; run"
                " this with the original client, or leave the import out.",
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
        # The import system has just written the alias's into a module that has its own.
        assert module.__spec__ is not None, "it was set a moment ago"
        module.__spec__ = self._specs.pop(module.__spec__.name)


def _top(name: str, ours: ModuleType) -> ModuleType:
    """Return a module that has what ours has, but whose missing modules are asked of the alias."""
    module = ModuleType(name, ours.__doc__)
    module.__path__ = list(ours.__path__)

    def get(attribute: str) -> Any:
        try:
            return getattr(ours, attribute)
        except AttributeError:
            raise AttributeError(
                f"{name}.{attribute} is not offered by {_OURS}, which stands in for {name} here."
            ) from None

    module.__getattr__ = get  # type: ignore[method-assign]  # as PEP 562 has it
    return module


def _is_theirs(name: str) -> bool:
    return name == _THEIRS or name.startswith(f"{_THEIRS}.")


def _our_name(name: str) -> str:
    return _OURS + name[len(_THEIRS) :]
