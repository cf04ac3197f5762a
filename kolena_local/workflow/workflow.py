"""A workflow: a name, and the three types of its test samples, ground truths and inferences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NoReturn

from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.serialization.codec import Codec
from kolena_local.workflow.arguments import check_name
from kolena_local.workflow.ground_truth import GroundTruth
from kolena_local.workflow.inference import Inference
from kolena_local.workflow.test_sample import TestSample
from kolena_local.workflow.type_rules import (
    check_ground_truth_type,
    check_inference_type,
    check_test_sample_type,
)

__all__ = [
    "EvaluatorRoleConfig",
    "RemoteEvaluator",
    "Workflow",
    "get_evaluator",
    "list_evaluators",
    "register_evaluator",
]

_RESERVED_NAMES = frozenset({"fr", "classification", "detection", "keypoints"})


@dataclass(frozen=True)
class Workflow:
    """The name and the types of one kind of test.

    Args:
        name: the name; spaces at its ends are removed.
        test_sample_type: a subclass of :class:`TestSample`.
        ground_truth_type: a subclass of :class:`GroundTruth`.
        inference_type: a subclass of :class:`Inference`.

    Raises:
        InputValidationError: the name is blank or reserved, or a type has a field that cannot be
            stored; the message names the class and the field.
    """

    name: str
    test_sample_type: type[TestSample]
    ground_truth_type: type[GroundTruth]
    inference_type: type[Inference]
    _codec: Codec = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _checked_name(self.name))
        for base, given in (
            (TestSample, self.test_sample_type),
            (GroundTruth, self.ground_truth_type),
            (Inference, self.inference_type),
        ):
            if not (isinstance(given, type) and issubclass(given, base)):
                raise InputValidationError(
                    f"The workflow {self.name!r} needs a subclass of {base.__name__}, not"
                    f" {given!r}."
                )
        check_test_sample_type(self.test_sample_type)
        check_ground_truth_type(self.ground_truth_type, self.test_sample_type)
        check_inference_type(self.inference_type, self.test_sample_type)
        types = self.test_sample_type, self.ground_truth_type, self.inference_type
        codec = Codec(self.name, *types)
        object.__setattr__(self, "_codec", codec)

    def __reduce__(self) -> tuple[Any, ...]:
        types = self.test_sample_type, self.ground_truth_type, self.inference_type
        return type(self), (self.name, *types)

    def register_evaluator(
        self,
        evaluator_name: str,
        image: str,
        secret: str | None = None,
        aws_assume_role: str | None = None,
    ) -> NoReturn:
        """Raise ``IncorrectUsageError``: evaluators run locally, as arguments of ``test``."""
        _refuse_remote_evaluators()

    def get_evaluator(self, evaluator_name: str, include_secret: bool = False) -> NoReturn:
        """Raise ``IncorrectUsageError``: evaluators run locally, as arguments of ``test``."""
        _refuse_remote_evaluators()


def _checked_name(name: Any) -> str:
    stripped = check_name(name, "workflow").strip()
    if stripped.lower() in _RESERVED_NAMES:
        raise InputValidationError(
            f"The workflow name {stripped!r} is reserved; choose another one."
        )
    return stripped


@dataclass(frozen=True)
class EvaluatorRoleConfig:
    """The AWS role of a hosted evaluator; only for scripts that import the name."""

    job_role_arn: str
    external_id: str
    assume_role_arn: str


@dataclass(frozen=True)
class RemoteEvaluator:
    """An evaluator that a server runs; only for scripts that import the name."""

    workflow: str
    name: str
    image: str | None = None
    created: str | None = None
    secret: str | None = None
    aws_role_config: EvaluatorRoleConfig | None = None


def register_evaluator(
    workflow: str,
    evaluator_name: str,
    image: str,
    secret: str | None = None,
    aws_assume_role: str | None = None,
) -> RemoteEvaluator:
    """Raise ``IncorrectUsageError``: there is no server that could run a container."""
    _refuse_remote_evaluators()


def list_evaluators(workflow: str) -> list[RemoteEvaluator]:
    """Raise ``IncorrectUsageError``: there is no server that could run a container."""
    _refuse_remote_evaluators()


def get_evaluator(
    workflow: str, evaluator_name: str, include_secret: bool = False
) -> RemoteEvaluator:
    """Raise ``IncorrectUsageError``: there is no server that could run a container."""
    _refuse_remote_evaluators()


def _refuse_remote_evaluators() -> NoReturn:
    raise IncorrectUsageError(
        "Evaluators in containers are not offered here; pass an evaluator to test() instead."
    )
