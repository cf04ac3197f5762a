"""Propose a gate: a file with comments, from the results of two models."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kolena_local.comparison.compare import compare
from kolena_local.comparison.gate.gate import Gate
from kolena_local.comparison.gate.judgment import check_models
from kolena_local.comparison.gate.lacking import lacking
from kolena_local.comparison.gate.toml_text import toml_key, toml_string
from kolena_local.errors import InputValidationError
from kolena_local.plurals import counted, printable
from kolena_local.repository.dataset_records import EVALUATOR

if TYPE_CHECKING:
    from kolena_local.comparison.result import Comparison
    from kolena_local.comparison.verdicts import Row
    from kolena_local.directions import Direction

_SHARE = 0.01


def propose(
    baseline: str,
    candidate: str,
    test_suite: str,
    evaluator: str | None = None,
    configuration: str | None = None,
) -> str:
    """Return the text of a file that :meth:`Gate.read` reads, with comments.

    Args:
        baseline: the name of the current model.
        candidate: the name of the model that may replace it.
        test_suite: the name of the test suite, as for :func:`compare`; its version is pinned,
            unless the results were uploaded, because these follow the newest commit.
        evaluator: the name of the evaluator, as for :func:`compare`.
        configuration: the display name of the configuration, likewise.

    Raises:
        NotFoundError: a model or the test suite is not in the store, or has no results.
        IncorrectUsageError: the models' results cannot be compared.
        InputValidationError: the models are the same, there is no metric to judge, several
            evaluators or configurations, or a name that TOML cannot hold.
    """
    found = compare(baseline, candidate, test_suite, None, evaluator, configuration, stale_ok=True)
    check_models(found)
    metrics = [
        _metric(row, found.directions[row.metric]) for row in found.rows if row.test_case is None
    ]
    text = "\n".join([_gate(found, evaluator, configuration), *metrics])
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputValidationError(
            f"A name has an unpaired surrogate, which no TOML file can hold: {error.object!r:.80}."
        ) from error
    return text


def _gate(found: Comparison, evaluator: str | None, configuration: str | None) -> str:
    version = found.test_suite_version
    suite = f"{found.test_suite}@{version}"
    why = f"Without @{version}, the latest version that both models have results for."
    if found.evaluator == EVALUATOR:
        suite = found.test_suite
        why = "Without a version, because uploaded results follow the newest commit of a dataset."
    # Empty strings choose the results without a name, of which nothing else is known.
    chosen = {
        "evaluator": found.evaluator if evaluator is None else evaluator,
        "configuration": found.configuration if configuration is None else configuration,
    }
    lines = [f"{key} = {toml_string(name)}" for key, name in chosen.items() if name is not None]
    return "\n".join(
        [
            f"""\
# May the candidate replace the baseline? `kolena-local gate FILE` exits with 0 if every row passes,
# with 3 if a row fails, and with 4 if none fails and one is undecided.

[gate]
# {why}
suite = {toml_string(suite)}
baseline = {toml_string(found.base)}
# --candidate NAME takes precedence.
candidate = {toml_string(found.candidate)}""",
            *lines,
            f"""\
confidence = {found.confidence}
# "test case" judges each test case and the whole suite, "suite" the whole suite only.
per = {toml_string(Gate.per)}
# A row with fewer samples is undecided.
min_samples = {Gate.min_samples}
# What a row is if samples lack a result or have NaN: "fail", "undecided", or "ignore" such samples.
{_missing(found)}missing = {toml_string(Gate.missing)}
# What every row is if results are out of date, likewise.
stale = {toml_string(Gate.stale)}
# A metadata field; samples with the same value belong together, such as the images of one patient.
# cluster = "patient"
""",
        ]
    )


def _missing(found: Comparison) -> str:
    """Return comments on the samples that lack results now, each on a line; '' if none do."""
    lines = [
        f"# Now {printable(lacking(row, found))}, in {toml_key(row.metric)}.\n"
        for row in found.rows
        if row.test_case is None and row.left_out
    ]
    if lines:
        lines.append(
            '# So "fail" fails for sure until they are stored; "ignore" leaves them out.\n'
        )
    return "".join(lines)


def _metric(row: Row, direction: Direction) -> str:
    higher, width = direction.higher_is_better, row.ci_high - row.ci_low
    lines = [f"# The means of {counted(row.n, 'sample')}: {row.base:.4g} and {row.candidate:.4g}."]
    if width > 0:
        lines += [
            f"# The interval of the difference is {width:.2g} wide; with a margin below half of",
            "# that, even an equally good model is likely to be undecided.",
        ]
    hidden = ""
    if higher is None or not row.n:
        hidden = "# "
        lines.append(
            '# Choose "higher" or "lower", whichever is better, and remove the # of these lines.'
            if row.n
            else "# No sample has a number of both models."
        )
    table = [
        f"[metrics.{toml_key(row.metric)}]",
        f'direction = "{"lower" if higher is False else "higher"}"',
        f"margin = {_margin(row)}",
    ]
    return "\n".join([*lines, *(f"{hidden}{line}" for line in table), ""])


def _margin(row: Row) -> float:
    """Return one percent: of the samples for a bool, else of the baseline's mean."""
    size = abs(row.base) if row.right_to_wrong is None else 1.0
    margin = float(f"{_SHARE * size:.1g}") if math.isfinite(size) else 0.0
    return margin or _SHARE
