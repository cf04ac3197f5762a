"""The inferences of a model: loaded as objects or DataFrames, and in files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from kolena_local.collector import collector_paused
from kolena_local.errors import InputValidationError
from kolena_local.execution.inferred import Inferred
from kolena_local.workflow.arguments import check_flag, check_type
from kolena_local.workflow.entity import NamedEntity, check_store, check_workflow
from kolena_local.workflow.ground_truth import GroundTruth
from kolena_local.workflow.inference import Inference
from kolena_local.workflow.test_case import TestCase
from kolena_local.workflow.test_sample import TestSample

if TYPE_CHECKING:
    import pandas as pd

    from kolena_local.exchange.import_file import ImportResult
    from kolena_local.repository.held import HeldStore
    from kolena_local.workflow.test_suite import TestSuite


class ModelInferences(NamedEntity):
    """The base of :class:`Model` that has what is done with its inferences."""

    def load_inferences(
        self, test_case: TestCase, *, waiting: bool | None = None
    ) -> list[tuple[TestSample, GroundTruth, Inference]]:
        """Load the model's inferences for a test case.

        Args:
            test_case: a test case of this workflow, at any version.
            waiting: True for only those inferences that are waiting to be inferred again, because
                a reset did not finish, False for only the others; None means all.

        Returns:
            Triples of test sample, ground truth and inference, in the order of the test case, for
            the samples that have an inference.

        Raises:
            NotFoundError: model or test case was deleted, or the store file replaced,
                since it was loaded.
            WorkflowMismatchError: the test case belongs to another workflow.
            IncorrectUsageError: the test case is in another store.
            InputValidationError: it is not a test case, or a stored value does not fit its type;
                the message has its path.
        """
        with collector_paused(for_good=True):
            return list(self.iter_inferences(test_case, waiting=waiting))

    def iter_inferences(
        self, test_case: TestCase, *, waiting: bool | None = None
    ) -> Iterator[tuple[TestSample, GroundTruth, Inference]]:
        """Iterate over what :meth:`load_inferences` returns, with one page in memory.

        Args:
            test_case: as for :meth:`load_inferences`.
            waiting: as for :meth:`load_inferences`.

        Raises:
            KolenaError: as for :meth:`load_inferences`.
        """
        check_type("test_case", test_case, TestCase)
        wanted = None if waiting is None else check_flag(waiting, "waiting")
        codec = self.workflow._codec
        inferred = Inferred(self._store_with(test_case), codec, self._id, self.name)
        pages = inferred.pages(test_case._id, test_case.version, test_case.name, wanted)
        return (triple for _, page in pages for triple in page)

    def to_dataframe(
        self, test_case_or_suite: TestCase | TestSuite, *, objects: bool = False
    ) -> pd.DataFrame:
        """Return the samples of a test case or test suite with the model's inferences.

        Args:
            test_case_or_suite: a test case or test suite of this workflow, at any version. In a
                test suite, each sample occurs once, with the ground truth of its first test case.
            objects: return objects in the columns ``sample``, ``ground_truth`` and ``inference``,
                instead of a column for each field.

        Returns:
            A DataFrame with a row for each sample, in order, including those without an inference.
            The columns have names such as ``sample.locator``, ``metadata.city``,
            ``ground_truth.label.label`` and ``inference.score``; a list is one cell. Missing values
            are NA. The last column, ``is_waiting``, says which inferences are waiting to be
            inferred again, because a reset did not finish.

        Raises:
            NotFoundError: model, test case or test suite was deleted, or the store file replaced,
                since it was loaded.
            WorkflowMismatchError: the test case or suite belongs to another workflow.
            IncorrectUsageError: it is in another store.
            InputValidationError: it is neither, ``objects`` is not a bool, or a stored value does
                not fit the workflow's types; the message has its path.
        """
        # Imported here: only this method needs pandas, and only this one knows test suites.
        from kolena_local.frames import store_frames
        from kolena_local.workflow.test_suite import TestSuite

        objects = check_flag(objects, "objects")
        given, of_suite = test_case_or_suite, isinstance(test_case_or_suite, TestSuite)
        if not isinstance(given, (TestCase, TestSuite)):
            raise InputValidationError(f"A test case or test suite is needed, not {given!r:.80}.")
        samples = store_frames.Samples(
            self._store_with(given), self._id, given._id, given.version, of_suite
        )
        kind = "test suite" if of_suite else "test case"
        with self.workflow._codec.reading(f"the {kind} {given.name!r}", self.name):
            make = store_frames.of_objects if objects else store_frames.of_values
            return make(samples, self.workflow._codec)

    def import_inferences(
        self,
        path: str | os.PathLike[str],
        *,
        on: str | Sequence[str] | None = None,
        mapping: Mapping[str, str | None] | None = None,
        on_conflict: str = "error",
        format: str | None = None,
        encoding: str = "utf-8",
        delimiter: str | None = None,
        dry_run: bool = False,
    ) -> ImportResult:
        """Store the predictions in a file as this model's inferences: all of them, or none.

        It does what ``kolena-local inferences import`` does, which describes the files.

        Args:
            path: a CSV, TSV, JSON Lines or Parquet file. Its columns are fields of the sample, by
                which it is found, and fields of the inference, such as ``prediction.label``.
            on: the sample's fields by which it is found; if not given, all in the file.
            mapping: the field that a column is, if not the one of its name; None ignores a column.
            on_conflict: what to do where the model has an inference: ``"error"``, ``"skip"`` or
                ``"replace"``.
            format: ``"csv"``, ``"tsv"``, ``"jsonl"`` or ``"parquet"``, if the file's suffix does
                not say.
            encoding: how the file's text is encoded.
            delimiter: the character between the cells of CSV; if not given, a comma, semicolon or
                tab, as the first line says.
            dry_run: store nothing, and return what would be stored and which lines cannot be.

        Returns:
            How many inferences were stored, and how many replaced another or were skipped.

        Raises:
            InputValidationError: an argument cannot be used, the file cannot be read, or one of its
                lines cannot be stored; nothing is stored.
            IncorrectUsageError: the file is a Parquet file, and pyarrow is not installed, or a
                delimiter is given for a file that is not CSV.
            NotFoundError: the model was deleted, or the store file replaced, since it was loaded.
        """
        from kolena_local.workflow import inference_files

        request = inference_files.request(
            path, on, mapping, on_conflict, format, encoding, delimiter
        )
        return inference_files.import_into(self, request, check_flag(dry_run, "dry_run"))

    def export_inferences(
        self,
        path: str | os.PathLike[str],
        *,
        test_case: TestCase | None = None,
        test_suite: TestSuite | None = None,
        format: str | None = None,
        waiting: bool | None = None,
    ) -> int:
        """Write this model's inferences, each with its sample and ground truth, into a file.

        The file is what ``kolena-local inferences export`` writes, and :meth:`import_inferences`
        reads it again. It appears when it is whole.

        Args:
            path: the file.
            test_case: only inferences of samples of this test case.
            test_suite: only inferences of samples of this test suite.
            format: ``"csv"``, ``"tsv"``, ``"jsonl"`` or ``"parquet"``; if not given, as the file's
                suffix says, else CSV.
            waiting: as for :meth:`load_inferences`.

        Returns:
            How many inferences were written.

        Raises:
            InputValidationError: an argument cannot be used, or the file cannot be written.
            IncorrectUsageError: both a test case and a test suite are given, one is in another
                store, or the format is Parquet, and pyarrow is not installed.
            NotFoundError: model, test case or test suite was deleted, or the store file replaced,
                since it was loaded.
            WorkflowMismatchError: the test case or suite belongs to another workflow.
        """
        from kolena_local.workflow import inference_files

        return inference_files.export_of(self, path, test_case, test_suite, format, waiting)

    def _store_with(self, samples: TestCase | TestSuite) -> HeldStore:
        """Return the store as it may be used for this model and a test case or suite of it."""
        kind, workflow = samples._noun, samples.workflow.name
        check_workflow(kind, samples.name, workflow, self.workflow)
        check_store(f"{kind} {samples.name!r}", samples, self._location)
        return self._store(samples)
