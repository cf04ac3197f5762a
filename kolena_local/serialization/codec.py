"""Conversion between the objects of a workflow and the JSON texts and digests that are stored."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kolena_local.errors import InputValidationError
from kolena_local.payload import Json, digests_of, dumps, with_item
from kolena_local.serialization.classes import Structured
from kolena_local.serialization.conversion import shown
from kolena_local.serialization.fields import fields_of
from kolena_local.serialization.restore import UnreadableError
from kolena_local.serialization.restore_many import restore_many
from kolena_local.serialization.schema import schema_of
from kolena_local.serialization.type_shapes import Maybe
from kolena_local.serialization.write import is_of_kind
from kolena_local.serialization.write_many import write_many


@dataclass(frozen=True)
class Codec:
    """Writes and reads the test samples, ground truths and inferences of one workflow.

    Args:
        workflow: the workflow's name.
        test_sample_type: the workflow's test sample class.
        ground_truth_type: its ground truth class.
        inference_type: its inference class.
    """

    workflow: str
    test_sample_type: type[Structured]
    ground_truth_type: type[Structured]
    inference_type: type[Structured]

    @cached_property
    def schemas(self) -> tuple[str, str, str]:
        """The JSON schemas of stored test samples, ground truths and inferences."""
        types = (self.test_sample_type, self.ground_truth_type, self.inference_type)
        sample, ground_truth, inference = (dumps(schema_of(cls)) for cls in types)
        return sample, ground_truth, inference

    @contextmanager
    def reading(self, test_data: str, model: str | None = None) -> Iterator[None]:
        """Add to errors of the block whose values cannot be read, and what to do.

        Args:
            test_data: the test case or test suite whose samples and ground truths are read, as a
                message names it.
            model: the name of the model whose inferences are read.

        Raises:
            InputValidationError: in place of an ``UnreadableError`` of the block.
        """
        try:
            yield
        except UnreadableError as error:
            owner, again = test_data, "store the test case again with reset=True"
            if model is not None and error.cls is self.inference_type:
                owner, again = f"the model {model!r}", "call test() with reset=True"
            raise InputValidationError(
                f"A stored value of {owner} in the workflow {self.workflow!r} {error}; declare the"
                f" type as it was when the value was stored, or {again}"
            ) from None

    def write_samples(self, samples: Sequence[Any]) -> list[str]:
        """Return the payloads of test samples, without metadata.

        Raises:
            InputValidationError: a value cannot be stored; the message has its path.
        """
        return write_many(samples, self.test_sample_type)

    def write_new_samples(self, samples: Sequence[Any]) -> list[tuple[bytes, str, dict[str, Json]]]:
        """Return the digest, the payload without metadata, and the metadata of each sample.

        Raises:
            InputValidationError: a value cannot be stored; the message has its path.
        """
        payloads = self.write_samples(samples)
        metadata = [sample._to_metadata_dict() for sample in samples]
        return list(zip(digests_of(payloads), payloads, metadata, strict=True))

    def read_samples(self, payloads: Sequence[str], metadata: Sequence[str]) -> list[Any]:
        """Restore test samples with their metadata."""
        fields = fields_of(self.test_sample_type).stored
        shapes = [field.shape for field in fields if field.name == "metadata"]
        # Nothing is given in its place to a class without metadata, or with None as the default.
        nothing = "" if shapes and not isinstance(shapes[0], Maybe) else "{}"
        texts = [
            payload if kept == nothing else with_item(payload, "metadata", kept)
            for payload, kept in zip(payloads, metadata, strict=True)
        ]
        return restore_many(self.test_sample_type, texts)

    def write_ground_truths(self, ground_truths: Sequence[Structured]) -> list[tuple[bytes, str]]:
        """Return the digest and the payload of each ground truth.

        Raises:
            InputValidationError: a value cannot be stored; the message has its path.
        """
        payloads = write_many(ground_truths, self.ground_truth_type)
        return list(zip(digests_of(payloads), payloads, strict=True))

    def read_ground_truths(self, payloads: Sequence[str]) -> list[Any]:
        """Restore ground truths."""
        return restore_many(self.ground_truth_type, payloads)

    def write_inferences(self, inferences: Sequence[Structured]) -> list[str]:
        """Return the payloads of inferences.

        Raises:
            InputValidationError: one is not an inference, or a value cannot be stored.
        """
        try:
            return write_many(inferences, self.inference_type)
        except InputValidationError:
            wrong = [it for it in inferences if not is_of_kind(it, self.inference_type)]
            if not wrong:
                raise
            name = self.inference_type.__name__
            raise InputValidationError(
                f"an inference must be an instance of {name}, not {shown(wrong[0])}"
            ) from None

    def read_inferences(self, payloads: Sequence[str]) -> list[Any]:
        """Restore inferences."""
        return restore_many(self.inference_type, payloads)
