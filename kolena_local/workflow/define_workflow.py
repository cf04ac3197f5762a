"""``define_workflow``: make a workflow, and the classes that belong to it, from three types."""

from __future__ import annotations

from kolena_local.workflow.ground_truth import GroundTruth
from kolena_local.workflow.inference import Inference
from kolena_local.workflow.model import Model
from kolena_local.workflow.test_case import TestCase
from kolena_local.workflow.test_sample import TestSample
from kolena_local.workflow.test_suite import TestSuite
from kolena_local.workflow.workflow import Workflow


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
    test_case = type("TestCase", (TestCase,), {"workflow": workflow, "__module__": __name__})
    bound = {"workflow": workflow, "_test_case_type": test_case, "__module__": __name__}
    test_suite = type("TestSuite", (TestSuite,), bound)
    model = type("Model", (Model,), {"workflow": workflow, "__module__": __name__})
    return workflow, test_case, test_suite, model
