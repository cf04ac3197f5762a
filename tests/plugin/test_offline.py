"""``--kolena-offline`` and ``compat.alias()``: code that imports ``kolena`` runs here unedited."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import long_only
from tests.plugin.conftest import Run

pytest_plugins = ["pytester"]

CODE = """
    import kolena
    from kolena.workflow import GroundTruth, Image, Inference, define_workflow
    from kolena.workflow.annotation import BoundingBox

    class Truth(GroundTruth):
        box: BoundingBox

    class Found(Inference):
        box: BoundingBox

    workflow, TestCase, TestSuite, Model = define_workflow("boxes", Image, Truth, Found)
"""


@long_only
def test_a_project_on_kolena_runs_unedited_with_the_option(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(
        code=CODE,
        test_code="""
        import tempfile
        import kolena_local.annotation
        import kolena_local.workflow
        import pytest
        from code_of_project import BoundingBox, Image, Model, kolena

        def test_models():
            kolena.initialize("token", verbose=False)
            assert Model.create("model").name == "model"
            assert [model.name for model in Model.load_all()] == ["model"]
            assert kolena_local.location.resolve().startswith(tempfile.gettempdir())

        def test_classes_are_the_same_under_both_names():
            assert Image is kolena_local.workflow.Image
            assert BoundingBox is kolena_local.annotation.BoundingBox
            assert kolena_local.workflow.__spec__.name == "kolena_local.workflow"

        def test_what_is_not_here():
            for statement, name in [
                ("import kolena.nothing", "kolena.nothing"),
                ("from kolena import nothing", "kolena.nothing"),
                ("from kolena._experimental.x import y", "kolena._experimental.x"),
            ]:
                with pytest.raises(ImportError, match=f"does not have {name};") as info:
                    exec(statement)
                assert info.value.name == name
        """,
    )
    (pytester.path / "code.py").rename(pytester.path / "code_of_project.py")
    pytester.makeconftest("from code_of_project import workflow")
    run("--kolena-offline", "-n1").assert_outcomes(passed=3)
    without = run()
    assert "No module named 'kolena'" in without.stdout.str() + without.stderr.str()


def script(code: str) -> str:
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True)
    return (done.stdout + done.stderr).decode()


def test_scripts_ask_for_the_alias_themselves() -> None:
    said = script(
        "from kolena_local import compat; compat.alias(); compat.alias()\n"
        "import kolena.workflow, kolena_local.workflow, sys\n"
        "assert kolena.workflow is kolena_local.workflow\n"
        "compat.unalias(); compat.unalias()\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'kolena']\n"
        "import kolena"
    )
    assert said.splitlines()[-1] == "ModuleNotFoundError: No module named 'kolena'"


def test_an_alias_that_comes_too_late_is_refused() -> None:
    said = script(
        "import sys, types; sys.modules['kolena'] = types.ModuleType('kolena')\n"
        "from kolena_local import compat; compat.alias()"
    )
    assert "IncorrectUsageError: kolena has already been imported; call" in said
