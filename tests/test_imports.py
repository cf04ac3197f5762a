"""Importing is light and does nothing: no database library, no folder, no file."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Set

import pytest

import kolena_local
from tests.conftest import long_only

HEAVY = {"sqlalchemy", "sqlmodel", "pandas", "numpy", "matplotlib", "flask", "jinja2"}

IMPORTS = {
    "package": ("import kolena_local", HEAVY | {"pydantic", "pydantic_core", "platformdirs"}),
    "help": (
        "import sys; sys.argv[1:] = ['--help']\n"
        "from kolena_local.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass",
        HEAVY | {"pydantic", "pydantic_core", "platformdirs"},
    ),
    "workflow": ("from kolena_local.workflow import Image, define_workflow, test", HEAVY),
    "dataset": ("from kolena_local.dataset import upload_dataset", HEAVY),
    "listing": (
        "from kolena_local.repository import open_store\n"
        "with open_store(':memory:').read() as unit: unit.models.list()",
        HEAVY | {"pydantic"},
    ),
    "page": (
        "import kolena_local.view.page.app, kolena_local.view.page.serve",
        HEAVY - {"flask", "jinja2"} | {"scipy"},
    ),
}


def modules_after(code: str) -> Set[str]:
    script = (
        f"{code}\nimport sys\nprint('loaded:', *{{name.split('.')[0] for name in sys.modules}})"
    )
    output = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True
    ).stdout
    return set(output.splitlines()[-1].split()[1:])


@pytest.mark.parametrize(("code", "absent"), IMPORTS.values(), ids=IMPORTS)
def test_import_leaves_out_what_it_does_not_need(code: str, absent: Set[str]) -> None:
    loaded = modules_after(code)
    assert "kolena_local" in loaded
    assert not loaded & absent


@long_only
def test_a_module_of_the_package_can_be_used_without_being_imported() -> None:
    script = """
import sys
names = "annotation asset comparison dataset evaluators io metrics workflow"
for name in names.split():
    for loaded in [loaded for loaded in sys.modules if loaded.startswith("kolena_local")]:
        del sys.modules[loaded]
    import kolena_local
    assert f"kolena_local.{name}" not in sys.modules and name in dir(kolena_local), name
    assert getattr(kolena_local, name) is sys.modules[f"kolena_local.{name}"], name
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


def test_what_the_package_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'kolena_local' has no attribute 'nothing'"):
        _ = kolena_local.nothing
    assert not hasattr(kolena_local, "conftest")


@long_only
def test_importing_every_module_makes_nothing_on_disk(own_home: Path, tmp_path: Path) -> None:
    names = [
        module.name
        for module in pkgutil.walk_packages(kolena_local.__path__, "kolena_local.")
        if not module.name.endswith("__main__")
    ]
    script = f"import importlib\nfor name in {names!r}: importlib.import_module(name)"
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, cwd=tmp_path)
    assert [*tmp_path.iterdir(), *own_home.iterdir()] == []


def test_what_a_module_names_as_public_exists() -> None:
    for module in pkgutil.walk_packages(kolena_local.__path__, "kolena_local."):
        if module.name.endswith("__main__"):
            continue
        imported = importlib.import_module(module.name)
        public = getattr(imported, "__all__", [])
        assert len(set(public)) == len(public), module.name
        assert [name for name in public if not hasattr(imported, name)] == [], module.name
