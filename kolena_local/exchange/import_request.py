"""What to import, and how its options are called by whoever gives them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, NamedTuple

ON_CONFLICT = ("error", "skip", "replace")


class Words(NamedTuple):
    """The names of the options in messages: those of Python's parameters, or of a command's.

    ``encoding`` and ``delimiter`` are empty if there is no such option.
    """

    on: str = "on"
    mapping: str = "mapping"
    mapped: str = "mapping={{'{}': '{}'}}"
    on_conflict: str = "on_conflict"
    encoding: str = "encoding"
    delimiter: str = "delimiter"
    dry_run: str = "dry_run=True"

    def without(self, columns: Sequence[str]) -> str:
        """Return how to leave columns out of an import."""
        if self.mapping == "mapping":
            return f"mapping={dict.fromkeys(columns)}"
        return " ".join(f"{self.mapping} {shlex.quote(f'{column}=')}" for column in columns)


PYTHON = Words()


@dataclass(frozen=True)
class ImportRequest:
    """A file of inferences to import.

    Attributes:
        name: the file's path, which messages name.
        format: csv, tsv, jsonl or parquet.
        on: the sample's fields by which it is found; none takes those that the file has.
        mapping: the field that a column is, if not the one of its name; "" ignores the column.
        on_conflict: what to do where the model has an inference: error, skip or replace.
        encoding: how the file's text is encoded.
        delimiter: the character between two cells; None finds out.
        stream: what to read in place of the file.
        words: what messages call these options.
    """

    name: str
    format: str
    on: Sequence[str] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    on_conflict: str = "error"
    encoding: str = "utf-8"
    delimiter: str | None = None
    stream: IO[bytes] | None = None
    words: Words = PYTHON
