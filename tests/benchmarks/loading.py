"""Reading: typed objects, a data frame, what is still pending."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kolena_local.workflow import TestRun
from tests.benchmarks import plain
from tests.benchmarks.data import D1, D2, DataSet
from tests.benchmarks.measure import Row, Turn, seconds_of
from tests.benchmarks.stores import CASE, MODEL, SUITE, fill, use

TRIPLES = """
    FROM test_case_member AS member
    JOIN inference ON inference.model_id = 1 AND inference.test_sample_id = member.test_sample_id
    JOIN test_sample AS sample ON sample.id = member.test_sample_id
    JOIN ground_truth AS truth ON truth.id = member.ground_truth_id
    WHERE member.test_case_id = 1 AND member.removed IS NULL
    ORDER BY member.position
"""
_PENDING = """
    SELECT member.test_sample_id FROM test_suite_member AS pinned
    JOIN test_case_member AS member
        ON member.test_case_id = pinned.test_case_id AND member.removed IS NULL
    WHERE pinned.test_suite_id = 1 AND pinned.version = 1 AND NOT EXISTS (
        SELECT 1 FROM inference WHERE model_id = 1 AND stale = 0
        AND inference.test_sample_id = member.test_sample_id)
"""


def load(data: DataSet, folder: Path, rows: int) -> tuple[Turn, Turn]:
    """Load samples, ground truths and inferences as objects."""
    path = fill(data, folder, rows, inferred=True).path
    use(path)
    model, test_case = data.Model.load(MODEL), data.TestCase.load(CASE)
    connection = plain.connect(path)
    query = f"SELECT sample.payload, sample.metadata, truth.payload, inference.payload {TRIPLES}"

    def ours() -> float:
        return seconds_of(model.load_inferences, test_case)

    def theirs() -> float:
        return seconds_of(lambda: connection.execute(query).fetchall())

    plain.close_after(theirs, connection)
    return ours, theirs


def load_frame(folder: Path, rows: int) -> tuple[Turn, Turn]:
    """Load the same into a data frame, one column for each field."""
    import pandas as pd

    path = fill(D1, folder, rows, inferred=True).path
    use(path)
    model, test_case = D1.Model.load(MODEL), D1.TestCase.load(CASE)
    connection = plain.connect(path)
    columns = {
        "locator": "sample.payload, '$.locator'",
        **{
            name: f"sample.metadata, '$.{name}'"
            for name in ("split", "brightness", "width", "night", "source")
        },
        "truth": "truth.payload, '$.label.label'",
        "label": "inference.payload, '$.prediction.label'",
        "score": "inference.payload, '$.prediction.score'",
    }
    selected = ", ".join(f"json_extract({place}) AS {name}" for name, place in columns.items())
    selected += ", inference.stale"

    def ours() -> float:
        return seconds_of(model.to_dataframe, test_case)

    def theirs() -> float:
        return seconds_of(pd.read_sql, f"SELECT {selected} {TRIPLES}", connection)

    plain.close_after(theirs, connection)
    return ours, theirs


def find_pending(folder: Path, rows: int) -> tuple[Turn, Turn]:
    """Ask a finished run what is still to be inferred."""
    path = fill(D1, folder, rows, inferred=True).path
    use(path)
    run: Any = TestRun(D1.Model.load(MODEL), D1.TestSuite.load(SUITE))
    connection = plain.connect(path)

    def ours() -> float:
        return seconds_of(run.load_test_samples)

    def theirs() -> float:
        return seconds_of(lambda: connection.execute(_PENDING).fetchall())

    plain.close_after(theirs, connection)
    return ours, theirs


ROWS = [
    Row(
        "load_inferences(), D1",
        "the rows fetched",
        5,
        lambda folder, rows: load(D1, folder, rows),
    ),
    Row(
        "load_inferences(), D2",
        "the rows fetched",
        8,
        lambda folder, rows: load(D2, folder, rows),
        most_rows=100_000,
    ),
    Row("pending samples, all done", "the anti-join", 2, find_pending),
]
if hasattr(D1.Model, "to_dataframe"):
    ROWS.append(Row("to_dataframe(), D1", "json_extract, read_sql", 1.2, load_frame))
