"""In words: for how many samples a model lacks a result that is a number."""

from __future__ import annotations

from kolena_local.comparison.result import Comparison
from kolena_local.comparison.verdicts import Row
from kolena_local.plurals import agreeing, counted, enumerated


def lacking(row: Row, found: Comparison) -> str:
    """Return the beginning of a sentence about the samples that a row leaves out.

    Args:
        row: a row that leaves out samples.
        found: the comparison that it is of, which names the models.
    """
    counts = {
        found.base: row.only_candidate + row.untested + row.base_without_number,
        found.candidate: row.only_base + row.untested + row.candidate_without_number,
    }
    models = enumerated(f"{count} of '{model}'" for model, count in counts.items() if count)
    verb = agreeing(row.left_out, "lacks", "lack")
    return f"{counted(row.left_out, 'sample')} {verb} a result that is a number: {models}"
