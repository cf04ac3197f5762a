"""The texts that the store keeps of a workflow's samples, ground truths and inferences.

One codec belongs to one workflow's three types. It knows no SQL: what it makes are digests and JSON
texts.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from kolena_local.errors import InputValidationError
from kolena_local.payload import Json, digest_of, dumps
from kolena_local.serialization.decode import decode
from kolena_local.serialization.encode import encode
from kolena_local.serialization.identity import canonical_text, probable_payloads
from kolena_local.serialization.layout import Structured
from kolena_local.serialization.reading import read_all, read_samples
from kolena_local.serialization.schema import schema_of
from kolena_local.serialization.writing import write_all, write_each

_DIGESTS_KEPT = 1000


class Codec:
    """Writes and reads the objects of one workflow.

    Args:
        test_sample_type: the workflow's test sample class.
        ground_truth_type: its ground truth class.
        inference_type: its inference class.
        any_inference: the base of all inference classes.
    """

    def __init__(
        self,
        test_sample_type: type[Structured],
        ground_truth_type: type[Structured],
        inference_type: type[Structured],
        any_inference: type,
    ) -> None:
        self.test_sample_type = test_sample_type
        self.ground_truth_type = ground_truth_type
        self.inference_type = inference_type
        self._any_inference = any_inference
        # Ground truths are often one of a few labels.
        self._recent_digests: dict[str, bytes] = {}

    @cached_property
    def schemas(self) -> tuple[str, str, str]:
        """The JSON schemas of what is stored of samples, ground truths and inferences."""
        types = (self.test_sample_type, self.ground_truth_type, self.inference_type)
        sample, ground_truth, inference = (dumps(schema_of(cls)) for cls in types)
        return sample, ground_truth, inference

    def probable_payloads(self, samples: Sequence[Structured]) -> list[str]:
        """Return the texts under which samples are probably stored, to find them by.

        Raises:
            InputValidationError: a value cannot be stored; the message has its path.
        """
        if {self.test_sample_type}.issuperset(map(type, samples)):
            probable = probable_payloads(self.test_sample_type, samples)
            if probable is not None:
                return probable
        return write_each(samples)

    def write_samples(self, samples: Sequence[Any]) -> list[tuple[bytes, str, dict[str, Json]]]:
        """Return for each sample its digest, its payload without metadata, and its metadata.

        Raises:
            InputValidationError: a value cannot be stored; the message has its path.
        """
        payloads = write_each(samples)
        metadata = [sample._to_metadata_dict() for sample in samples]
        return list(zip(map(self.identify, samples), payloads, metadata, strict=True))

    def identify(self, data_object: Structured) -> bytes:
        """Return the digest by which the store knows a sample or a ground truth."""
        return digest_of(canonical_text(data_object))

    def read_samples(self, payloads: Sequence[str], metadata: Sequence[str]) -> list[Any]:
        """Return samples with their metadata, made of the stored texts."""
        return read_samples(self.test_sample_type, payloads, metadata)

    def write_ground_truths(self, ground_truths: Sequence[Structured]) -> list[tuple[bytes, str]]:
        """Return for each ground truth its digest and payload.

        Raises:
            InputValidationError: a value cannot be stored; the message has its path.
        """
        written = []
        payloads = write_each(ground_truths)
        for ground_truth, payload in zip(ground_truths, payloads, strict=True):
            digest = self._recent_digests.get(payload)
            if digest is None:
                if len(self._recent_digests) >= _DIGESTS_KEPT:
                    self._recent_digests.clear()
                digest = self._recent_digests[payload] = self.identify(ground_truth)
            written.append((digest, payload))
        return written

    def read_ground_truths(self, payloads: Sequence[str]) -> list[Any]:
        """Return ground truths made of their stored texts."""
        return read_all(self.ground_truth_type, payloads)

    def write_inference(self, inference: Structured) -> str:
        """Return an inference's payload.

        Raises:
            InputValidationError: it is no inference, or a value cannot be stored, or it is of
                another class and cannot be read as the workflow's.
        """
        if isinstance(inference, self.inference_type):
            return dumps(encode(inference))
        if not isinstance(inference, self._any_inference):
            raise InputValidationError(
                f"an inference must be a {self.inference_type.__name__}, not {inference!r:.80}"
                f" ({type(inference).__name__})"
            )
        # An inference of another class will do if it can be read back as one of the workflow's.
        content = encode(inference)
        decode(self.inference_type, content)
        return dumps(content)

    def write_inferences(self, inferences: Sequence[Structured]) -> list[str]:
        """Return the payloads of inferences.

        Raises:
            InputValidationError: as :meth:`write_inference`, for the first that cannot be written.
        """
        if {self.inference_type}.issuperset(map(type, inferences)):
            return write_all(self.inference_type, inferences)
        return [self.write_inference(inference) for inference in inferences]

    def read_inferences(self, payloads: Sequence[str]) -> list[Any]:
        """Return inferences made of their stored texts."""
        return read_all(self.inference_type, payloads)

    def read_triples(
        self,
        payloads: Sequence[str],
        metadata: Sequence[str],
        ground_truths: Sequence[str],
        inferences: Sequence[str],
    ) -> list[tuple[Any, Any, Any]]:
        """Return samples with their ground truths and inferences, made of the stored texts."""
        samples = self.read_samples(payloads, metadata)
        truths = self.read_ground_truths(ground_truths)
        return list(zip(samples, truths, self.read_inferences(inferences), strict=True))


@contextmanager
def collector_paused(*, for_good: bool = False) -> Iterator[None]:
    """Keep the cyclic garbage collector from walking objects that are just being made.

    They hold no cycles, and walking them again and again costs more than making them. Meant for one
    page, or for one call whose result holds all of them anyway, and never around a user's function:
    what others leave behind must be collected soon.

    Args:
        for_good: the objects are a large result that stays, and are not walked afterwards either,
            until the collector walks everything.
    """
    was_on = gc.isenabled()
    if for_good and was_on:
        # What was left behind until now must not be taken for part of the result.
        gc.collect(1)
    gc.disable()
    try:
        yield
    finally:
        if for_good and not gc.get_freeze_count():
            # Moves everything to the oldest generation, at no cost.
            gc.freeze()
            gc.unfreeze()
        if was_on:
            gc.enable()
