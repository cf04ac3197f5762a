"""Check the arguments of a test run."""

from __future__ import annotations

from typing import Any

from kolena_local.errors import InputValidationError, NameConflictError, WorkflowMismatchError
from kolena_local.warn import warn
from kolena_local.workflow.arguments import check_type
from kolena_local.workflow.entity import check_store
from kolena_local.workflow.evaluator import Evaluator, check_configurations, kept_name
from kolena_local.workflow.evaluator_function import takes_configuration
from kolena_local.workflow.model import Model
from kolena_local.workflow.test_suite import TestSuite


def check_arguments(model: Any, test_suite: Any, evaluator: Any, configurations: list[Any]) -> None:
    """Refuse arguments of a test run that do not fit together; warn of configurations not used.

    Raises:
        InputValidationError: one of them is invalid, or configurations are missing.
        WorkflowMismatchError: model and test suite belong to different workflows.
        IncorrectUsageError: they are in different stores.
    """
    check_type("model", model, Model)
    check_type("test_suite", test_suite, TestSuite)
    check_configurations(configurations)
    takes_configurations = False
    if isinstance(evaluator, Evaluator):
        # They were checked by the constructor, but may have changed since.
        check_configurations(getattr(evaluator, "configurations", None) or [])
    elif evaluator is not None:
        _check_function(evaluator)
        takes_configurations = takes_configuration(evaluator)
    if takes_configurations and not configurations:
        raise InputValidationError(
            f"The evaluator {display_name(evaluator)} takes a configuration;"
            " pass configurations=[…]."
        )
    if model.workflow != test_suite.workflow:
        raise WorkflowMismatchError(
            f"The model {model.name!r} belongs to the workflow {model.workflow.name!r}, the test"
            f" suite {test_suite.name!r} to {test_suite.workflow.name!r}, or their types differ;"
            " take both from one define_workflow()."
        )
    check_store(f"model {model.name!r}", model, test_suite._location)
    if configurations and not takes_configurations:
        warn(
            f"The configurations passed with the evaluator {display_name(evaluator)} are not used;"
            + (
                f" pass them to {type(evaluator).__name__}()."
                if isinstance(evaluator, Evaluator)
                else " only a function with a fifth parameter, annotated as an"
                " EvaluatorConfiguration, is called with them."
            )
        )


def _check_function(evaluator: Any) -> None:
    if isinstance(evaluator, type):
        raise InputValidationError(
            f"The evaluator {evaluator.__name__} is a class; pass an instance,"
            f" {evaluator.__name__}()."
        )
    if not callable(evaluator):
        raise InputValidationError(
            f"An evaluator must be an Evaluator or a function, not {evaluator!r:.80}."
        )


def check_version(test_suite: TestSuite, latest: int) -> None:
    """Refuse a test suite that was loaded as the latest version and no longer is.

    A version that was chosen by number, to repeat an old test, is accepted.

    Raises:
        NameConflictError: there is a newer version.
    """
    if latest != test_suite.version and not test_suite._version_was_chosen:
        raise NameConflictError(
            f"The test suite {test_suite.name!r} is now at version {latest}, not"
            f" {test_suite.version}; load it again, or load version={test_suite.version} to test on"
            " that version."
        )


def display_name(evaluator: Any) -> str | None:
    """Return the name under which an evaluator's results are stored, None if it has no name.

    Raises:
        InputValidationError: its display name is blank, or not text that can be stored.
    """
    if isinstance(evaluator, Evaluator):
        return kept_name(evaluator)
    return getattr(evaluator, "__name__", None)
