"""The names and signatures of the original's client are here: ``api.json`` lists them."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest

API = json.loads(Path(__file__).with_name("api.json").read_text())
MODULES = API["modules"]
#: Names that the original has not.
ADDED = {
    "kolena_local.dataset": {"download_quality_standard", "upload_quality_standard"},
    "kolena_local.workflow": {"HigherIsBetter", "LowerIsBetter"},
}
VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def names() -> Iterator[Tuple[str, str]]:
    for module, entry in MODULES.items():
        for name in entry["names"]:
            yield module, name


def signatures() -> Iterator[Tuple[str, str, str]]:
    for module, name in names():
        expected = MODULES[module]["names"][name]
        if isinstance(expected, str):
            yield module, name, expected
        for member, signature in expected.items() if isinstance(expected, dict) else ():
            if signature is not None:
                yield module, f"{name}.{member}", signature


def find(module: str, path: str) -> Any:
    found = importlib.import_module(module)
    for step in path.split("."):
        found = found if step == "()" else getattr(found, step)
    return found


def parameters(signature: inspect.Signature, ignored: List[str]) -> List[Tuple[Any, ...]]:
    """Return names, kinds and defaults; what ``*args`` and ``**kwargs`` are called is no matter."""
    return [
        ("" if it.kind in VARIADIC else it.name, it.kind)
        for it in signature.parameters.values()
        if it.name not in ignored
    ]


def default(found: Any, parameter: inspect.Parameter) -> Any:
    if dataclasses.is_dataclass(found):
        for field in dataclasses.fields(found):
            if field.name == parameter.name and field.default_factory is not dataclasses.MISSING:
                return field.default_factory()
    return parameter.default


def alike(one: Any, other: Any) -> bool:
    same_content = one == other or getattr(one, "__dict__", one) == getattr(other, "__dict__", 0)
    return type(one) is type(other) and same_content


@pytest.mark.parametrize("module", MODULES)
def test_a_module_can_be_imported_and_exports_its_names(module: str) -> None:
    imported = importlib.import_module(module)
    if MODULES[module].get("all"):
        added = ADDED.get(module, set())
        assert set(imported.__all__) == set(MODULES[module]["names"]) | added


@pytest.mark.parametrize("module", MODULES)
def test_every_name_is_there(module: str) -> None:
    original = MODULES[module].get("same_as")
    for name in [name for place, name in names() if place == module]:
        found = find(module, name)
        if original is not None:
            assert found is find(original, name), name


@pytest.mark.parametrize("module", sorted({module for module, _, _ in signatures()}))
def test_every_signature_is_the_same(module: str) -> None:
    for place, path, expected in signatures():
        if place == module:
            check_signature(module, path, expected)


def check_signature(module: str, path: str, expected: str) -> None:
    found = find(module, path)
    theirs = inspect.signature(
        eval(f"lambda {expected[1:-1]}: 0", vars(importlib.import_module(module)))
    )
    ours = inspect.signature(found)
    additions = API["additions"].get(f"{module}.{path}", [])
    assert parameters(ours, additions) == parameters(theirs, []), f"{path}{ours}"
    for addition in set(additions) & set(ours.parameters):
        assert ours.parameters[addition].kind is inspect.Parameter.KEYWORD_ONLY, path
        assert ours.parameters[addition].default is None, path
    for parameter in theirs.parameters.values():
        if parameter.kind not in VARIADIC:
            given = default(found, ours.parameters[parameter.name])
            assert alike(given, parameter.default), (path, parameter.name)


def test_what_is_defined_in_one_module_and_offered_by_another_is_one_object() -> None:
    seen: Dict[str, Tuple[str, Optional[object]]] = {}
    for module, name in names():
        if module.startswith("kolena_local.workflow") and not name.startswith("_"):
            found = find(module, name)
            assert seen.setdefault(name, (module, found))[1] is found, (module, seen[name][0])


def test_the_name_define_workflow_is_the_function_and_the_module() -> None:
    import kolena_local.workflow
    import kolena_local.workflow.define_workflow
    from kolena_local.workflow.define_workflow import define_workflow

    assert kolena_local.workflow.define_workflow is define_workflow
    assert inspect.isfunction(kolena_local.workflow.test)
    assert inspect.ismodule(kolena_local.workflow.workflow)


def test_importing_the_package_offers_the_errors() -> None:
    import kolena_local

    assert inspect.ismodule(kolena_local.errors)
    assert kolena_local.__name__ == "kolena_local"
