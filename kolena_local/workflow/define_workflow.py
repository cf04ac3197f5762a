"""``define_workflow``: make a workflow, and the classes that belong to it, from three types."""

from __future__ import annotations

from typing import Final
from weakref import WeakValueDictionary

from kolena_local.workflow.entity import Entity
from kolena_local.workflow.ground_truth import GroundTruth
from kolena_local.workflow.inference import Inference
from kolena_local.workflow.model import Model
from kolena_local.workflow.test_case import TestCase
from kolena_local.workflow.test_sample import TestSample
from kolena_local.workflow.test_suite import TestSuite
from kolena_local.workflow.workflow import Workflow

#: The latest classes of each workflow, as long as they are used.
_made: Final[WeakValueDictionary[tuple[Workflow, str], type[Entity]]] = WeakValueDictionary()


def define_workflow(
    name: str,
    test_sample_type: type[TestSample],
    ground_truth_type: type[GroundTruth],
    inference_type: type[Inference],
) -> tuple[Workflow, type[TestCase], type[TestSuite], type[Model]]:
    """Define a workflow. No store is opened and nothing is written.

    Args:
        name: the workflow's name.
        test_sample_type: the class of its test samples.
        ground_truth_type: the class of its ground truths.
        inference_type: the class of its inferences.

    Returns:
        The workflow, and its ``TestCase``, ``TestSuite`` and ``Model`` classes.

    Raises:
        InputValidationError: the name is blank or reserved, or a type has a field that cannot be
            stored; the message names the class and the field.
    """
    workflow = Workflow(name, test_sample_type, ground_truth_type, inference_type)
    bound = {"workflow": workflow, "_is_made": True, "__module__": __name__}
    test_case = type("TestCase", (TestCase,), bound)
    test_suite = type("TestSuite", (TestSuite,), {**bound, "_test_case_type": test_case})
    model = type("Model", (Model,), bound)
    for made in (test_case, test_suite, model):
        _made[workflow, made.__name__] = made
    return workflow, test_case, test_suite, model


def class_of(workflow: Workflow, name: str) -> type[Entity]:
    """Return the class of a workflow that an object was pickled from.

    Args:
        workflow: the workflow, which may have been pickled too.
        name: the name of the class, such as ``Model``.
    """
    found = _made.get((workflow, name))
    if found is None:
        types = workflow.test_sample_type, workflow.ground_truth_type, workflow.inference_type
        _, *classes = define_workflow(workflow.name, *types)
        (found,) = (made for made in classes if made.__name__ == name)
    return found


def latest_classes(name: str) -> tuple[type[TestSuite], type[Model]] | None:
    """Return the test suite and model classes of a workflow, None if this process defined none."""
    for (workflow, kind), made in reversed([*_made.items()]):
        if workflow.name == name and kind == "Model" and issubclass(made, Model):
            suite = class_of(workflow, "TestSuite")
            assert issubclass(suite, TestSuite), "it was made under this name"
            return suite, made
    return None
