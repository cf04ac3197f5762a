"""Stored objects are read by classes that have changed, were defined again, or are missing."""

from __future__ import annotations

import dataclasses
import re
from functools import partial
from typing import Any, Callable, List

import pytest

from kolena_local.errors import InputValidationError
from kolena_local.workflow import (
    Evaluator,
    GroundTruth,
    Image,
    Inference,
    MetricsTestCase,
    MetricsTestSample,
    TestRun,
    define_workflow,
    no_op_evaluator,
    test,
)
from tests.workflow.restored import Loose, SizedStandard, Truth, store

NOTEBOOK = """
import dataclasses
from kolena_local.workflow import *

@dataclasses.dataclass(frozen=True)
class Truth(GroundTruth):
    label: str = "x"

class Guess(Inference):
    score: float
    def __init__(self, percentage):
        super().__init__(score=percentage / 100)

@dataclasses.dataclass(frozen=True)
class Detailed(Guess):
    reason: str = ""
    def __init__(self, percentage, reason):
        super().__init__(percentage)
        object.__setattr__(self, "reason", reason)

_, Case, Suite, Model = define_workflow("Notebook", Image, Truth, Guess)
"""


def run(program: str, module: str = "__main__") -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": module}
    code = compile(program, "<string>", "exec", dont_inherit=True)  # as python -c does
    exec(code, names)
    return names


def test_classes_of_a_notebook_that_is_run_twice() -> None:
    first = run(NOTEBOOK)
    case = first["Case"]("c", test_samples=[(Image("a"), first["Truth"]())])
    made = first["Detailed"](85.0, "because")
    test(first["Model"]("m", infer=lambda sample: made), first["Suite"]("s", test_cases=[case]))
    ((_, _, loaded),) = first["Model"]("m").load_inferences(case)
    assert loaded == made and type(loaded) is first["Detailed"]
    # Run again in another process, or imported from a file: the class is found by its name.
    for module in ("__main__", "notebook"):
        again = run(NOTEBOOK, module)
        ((_, _, loaded),) = again["Model"]("m").load_inferences(again["Case"]("c"))
        assert loaded == again["Detailed"](85.0, "because")


def test_a_workflow_of_a_notebook_whose_classes_were_defined_again_since() -> None:
    first = run(NOTEBOOK)
    case = first["Case"]("c", test_samples=[(Image("a"), first["Truth"]())])
    made = first["Detailed"](85.0, "because")
    model = first["Model"]("m", infer=lambda sample: made)
    test(model, first["Suite"]("s", test_cases=[case]))
    again = run(NOTEBOOK)
    ((_, _, loaded),) = model.load_inferences(case)
    assert loaded == made and type(loaded) is first["Detailed"]
    ((_, _, loaded),) = again["Model"]("m").load_inferences(again["Case"]("c"))
    assert type(loaded) is again["Detailed"]


def test_an_object_of_a_class_that_was_defined_again_is_refused() -> None:
    first = run(NOTEBOOK)
    case = first["Case"]("c", test_samples=[(Image("a"), first["Truth"]())])
    suite = first["Suite"]("s", test_cases=[case])
    made = first["Detailed"](85.0, "because")
    again = run(NOTEBOOK)
    with pytest.raises(InputValidationError, match="Detailed was redefined in __main__"):
        TestRun(first["Model"]("m"), suite).upload_inferences([(Image("a"), made)])
    assert again["Detailed"] is not first["Detailed"]


def test_a_sample_of_a_notebook_whose_cell_of_classes_ran_again_says_so() -> None:
    samples = [(Image("a"), run(NOTEBOOK)["Truth"]())]
    again = run(NOTEBOOK)
    with pytest.raises(TypeError, match=r"Truth was redefined in __main__ .* with the new class"):
        again["Case"]("c", test_samples=samples)
    with pytest.raises(TypeError, match=r"instance of Truth, not 3 \(int\)\.$"):
        again["Case"]("c", test_samples=[(Image("a"), 3)])


def test_a_class_that_is_not_there_is_named_with_its_module() -> None:
    _, case_type, suite_type, model_type = define_workflow("Any", Image, Truth, Loose)
    case = case_type("c", test_samples=[(Image("a"), Truth())])
    suite_type("s", test_cases=[case])
    store(model_type("m"), '{"text":"a","$class":["elsewhere","Detailed"]}')
    expected = r"an instance of Detailed, which is not defined here; import .* \(elsewhere\) first"
    with pytest.raises(InputValidationError, match=expected):
        model_type("m").load_inferences(case)


def test_what_was_imported_without_a_computed_field_gets_it() -> None:
    _, case_type, suite_type, model_type = define_workflow("Any", Image, Truth, Lengthy)
    case = case_type("c", test_samples=[(Image("a"), Truth())])
    suite_type("s", test_cases=[case])
    store(model_type("m"), '{"text":"abc"}')
    ((_, _, loaded),) = model_type("m").load_inferences(case)
    assert (loaded.text, loaded.length) == ("abc", 4)


@dataclasses.dataclass(frozen=True)
class Lengthy(Inference):
    text: str
    length: int = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", f"{self.text}!")
        object.__setattr__(self, "length", len(self.text))


@dataclasses.dataclass(frozen=True)
class Worded(Inference):
    v: str = "high"


@dataclasses.dataclass(frozen=True)
class Measured(Inference):
    v: float = 0.5


def test_a_type_that_has_changed_since_is_an_error_that_says_what_to_do() -> None:
    _, case_type, suite_type, model_type = define_workflow("Animals", Image, Truth, Worded)
    case = case_type("c", test_samples=[(Image("a"), Truth())])
    test(model_type("m", infer=lambda sample: Worded()), suite_type("s", test_cases=[case]))
    _, case_type, suite_type, model_type = define_workflow("Animals", Image, Truth, Measured)
    model, case, suite = model_type("m"), case_type("c"), suite_type("s")
    expected = (
        r"the model 'm' in the workflow 'Animals' cannot be read as Measured: 'high' \(str\) is not"
        r" a number, but float is declared at \$\.v; declare the type as it was"
    )
    for read in readers(model, case, suite):
        with pytest.raises(InputValidationError, match=expected) as raised:
            read()
        assert str(raised.value).endswith("was stored, or call test() with reset=True")


def readers(model: Any, case: Any, suite: Any) -> List[Callable[[], object]]:
    return [
        lambda: model.load_inferences(case),
        lambda: model.to_dataframe(case),
        lambda: model.to_dataframe(suite, objects=True),
        lambda: TestRun(model, suite, no_op_evaluator).evaluate(),
        lambda: TestRun(model, suite, CaseByCase()).evaluate(),
    ]


class CaseByCase(Evaluator):
    def compute_test_sample_metrics(self, test_case: Any, inferences: Any, _: Any = None) -> Any:
        return [(sample, MetricsTestSample()) for sample, *_ in inferences]

    def compute_test_case_metrics(self, *_: Any) -> Any:
        return MetricsTestCase()


@dataclasses.dataclass(frozen=True)
class WordedTruth(GroundTruth):
    v: str = "high"


@dataclasses.dataclass(frozen=True)
class MeasuredTruth(GroundTruth):
    v: float = 0.5


def test_a_ground_truth_type_that_has_changed_since_is_not_said_of_the_model() -> None:
    _, case_type, suite_type, model_type = define_workflow("Animals", Image, WordedTruth, Loose)
    case = case_type("c", test_samples=[(Image("a"), WordedTruth())])
    suite = suite_type("s", test_cases=[case])
    test(model_type("m", infer=lambda sample: Loose()), suite)
    _, case_type, suite_type, model_type = define_workflow("Animals", Image, MeasuredTruth, Loose)
    model = model_type("m", infer=lambda sample: Loose())
    suite = suite_type("s")
    anew = partial(test, model, suite, CaseByCase(), reset=True)
    for read in [*readers(model, case_type("c"), suite), anew]:
        with pytest.raises(InputValidationError) as raised:
            read()
        message = str(raised.value)
        (whose,) = {"the test case 'c'", "the test suite 's'"} & {
            *re.findall(r"the test \w+ '\w'", message)
        }
        assert message.startswith(f"A stored value of {whose} in the workflow 'Animals' cannot be")
        assert "read as MeasuredTruth: 'high' (str) is not a number" in message
        assert message.endswith("was stored, or store the test case again with reset=True")


def test_text_that_spells_a_number_does_not_become_one_when_a_type_has_changed() -> None:
    _, case_type, suite_type, model_type = define_workflow("Animals", Image, Truth, Worded)
    case = case_type("c", test_samples=[(Image("a"), Truth())])
    test(model_type("m", infer=lambda sample: Worded("2")), suite_type("s", test_cases=[case]))
    _, case_type, _, model_type = define_workflow("Animals", Image, Truth, Measured)
    with pytest.raises(InputValidationError, match=r"'2' \(str\) is not a number"):
        model_type("m").load_inferences(case_type("c"))


def test_a_sample_type_that_has_changed_since_names_the_test_case_or_suite() -> None:
    _, case_type, suite_type, _ = define_workflow("Animals", Image, Truth, Loose)
    suite_type("s", test_cases=[case_type("c", test_samples=[(Image("a"), Truth())])])
    _, case_type, suite_type, model_type = define_workflow("Animals", SizedStandard, Truth, Loose)
    expected = "the test case 'c' in the workflow 'Animals' cannot be read as SizedStandard: width"
    with pytest.raises(InputValidationError, match=expected):
        case_type("c").load_test_samples()
    with pytest.raises(InputValidationError, match="the test suite 's' in the workflow 'Animals'"):
        test(model_type("m", infer=lambda sample: Loose()), suite_type("s"))
