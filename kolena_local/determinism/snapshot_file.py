"""The file of a snapshot: JSON Lines, one for each sample, that people review in version control.

The first line says what the file is. The others are sorted by the locators of their samples, so
that another sample adds a line and moves none.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from kolena_local.drafts import Destination, make_folder, remove_empty
from kolena_local.errors import InputValidationError
from kolena_local.payload import Json, canonical, digest, dumps, loads_foreign

_KIND: Final = "kolena-local snapshot of inferences"
_FORMAT: Final = 1
_LONGEST_HEADER: Final = 10_000


class Answer(NamedTuple):
    """A sample with its inference, and the line that it has in the file."""

    sample: Json
    inference: Json
    line: str

    @property
    def name(self) -> str:
        """The sample's locator, or its fields as JSON."""
        locator = self.sample.get("locator") if isinstance(self.sample, dict) else None
        return locator if isinstance(locator, str) else dumps(self.sample)


Answers = dict[bytes, Answer]
"""Answers by the digests of their samples, in the order of the file."""


def answer_of(line: str) -> tuple[bytes, Answer]:
    """Return what a line says, and the digest of its sample.

    Raises:
        ValueError: it is not a line of a snapshot.
    """
    content = loads_foreign(line, words=False)
    if not isinstance(content, dict) or content.keys() != {"sample", "inference"}:
        raise ValueError('it is not an object of "sample" and "inference"')
    return digest(content["sample"]), Answer(content["sample"], content["inference"], line)


def in_order(answers: Answers) -> Answers:
    """Return answers as they are sorted in a file."""
    names = {key: (one.name, canonical(one.sample)) for key, one in answers.items()}
    return {key: answers[key] for key in sorted(answers, key=names.__getitem__)}


class SnapshotFile:
    """A file that has a snapshot, or will have one.

    Args:
        path: the file.
        workflow: the workflow of the inferences.

    Raises:
        InputValidationError: the path is not one, or has a file that is not a snapshot, or one of
            another workflow.
    """

    def __init__(self, path: Any, workflow: str) -> None:
        name = os.fspath(path) if isinstance(path, os.PathLike) else path
        if not isinstance(name, str) or not name or "\0" in name:
            raise InputValidationError(f"path must be the path of a file, not {path!r:.80}.")
        self.name = name
        self._header = dumps({"kind": _KIND, "format": _FORMAT, "workflow": workflow})
        self._workflow = workflow
        try:
            self.exists = Path(name).exists()  # False for a dangling symlink
        except OSError as error:
            raise self._unreadable(error) from error
        if self.exists:
            self._check()

    def read(self) -> Answers:
        """Read the snapshot.

        Raises:
            InputValidationError: it cannot be read; the message has the number of the line.
        """
        try:
            lines = Path(self.name).read_bytes().split(b"\n")
        except OSError as error:
            raise self._unreadable(error) from error
        found: Answers = {}
        for number, line in enumerate(lines[1:], 2):
            if not line.strip():
                continue
            try:
                key, one = answer_of(line.decode().strip())
                if key in found:
                    raise ValueError(f"the sample {one.name!r:.80} occurs twice")
            except ValueError as error:
                raise InputValidationError(
                    f"Line {number} of the snapshot {self.name} cannot be read ({error}); restore"
                    " the file, or write it again by running pytest with --kolena-update."
                ) from None
            found[key] = one
        return found

    def write(self, answers: Iterable[Answer], store: str) -> bool:
        """Write a snapshot, and return whether the file has changed.

        Args:
            answers: in the order of the file.
            store: the path of the store.

        Raises:
            InputValidationError: the file cannot be written.
        """
        lines = [self._header, *(one.line for one in answers)]
        content = "".join(f"{line}\n" for line in lines).encode()
        path = Path(self.name)
        try:
            # Line ends may be those of Windows, where git was told so.
            if self.exists and path.read_bytes().replace(b"\r\n", b"\n") == content:
                return False
            made = make_folder(path.parent, parents=True)
        except OSError as error:
            raise self._unreadable(error) from error
        try:
            with Destination(self.name, store) as file:
                file.write(content)
        finally:
            remove_empty(made)
        return True

    def _check(self) -> None:
        try:
            # A pipe would be waited for.
            line = b""
            if Path(self.name).is_file():
                with Path(self.name).open("rb") as file:
                    line = file.readline(_LONGEST_HEADER)
        except OSError as error:
            raise self._unreadable(error) from error
        try:
            header = loads_foreign(line.decode("utf-8-sig"), words=False)
        except ValueError:
            header = None
        if not isinstance(header, dict) or header.get("kind") != _KIND:
            raise InputValidationError(
                f"{self.name} is not a snapshot of inferences, so it is neither compared with nor"
                " overwritten; give another path, or delete it."
            )
        if header.get("format") != _FORMAT:
            raise InputValidationError(
                f"The snapshot {self.name} has the format {header.get('format')!r:.80}, and this"
                f" kolena-local knows {_FORMAT}; run `pip install --upgrade kolena-local`."
            )
        if header.get("workflow") != self._workflow:
            raise InputValidationError(
                f"The snapshot {self.name} is of the workflow {header.get('workflow')!r:.80}, not"
                f" {self._workflow!r}; give another path, or delete it if the workflow was renamed."
            )

    def _unreadable(self, error: OSError) -> InputValidationError:
        return InputValidationError(
            f"The snapshot {self.name} cannot be read or written ({error.strerror or error}); give"
            " another path."
        )
