"""A dataset of ten columns, and results of a model on it, from DataFrames and back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd

from kolena_local.dataset import download_dataset, download_results, upload_dataset, upload_results
from tests.benchmarks.measure import Row, Turn, seconds_of
from tests.benchmarks.stores import use


def frames(rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return datapoints, and results for them."""
    random = np.random.default_rng(0)
    locators = [f"s3://bucket/images/{number:09d}.png" for number in range(rows)]
    datapoints = pd.DataFrame(
        {
            "locator": locators,
            "width": random.integers(100, 2000, rows),
            "height": random.integers(100, 2000, rows),
            "brightness": random.random(rows) * 255,
            "contrast": random.random(rows),
            "weather": random.choice(["sun", "rain", "snow"], rows),
            "city": random.choice([f"city {number}" for number in range(500)], rows),
            "is_night": random.random(rows) < 0.5,
            "note": [f"note {number % 977}" for number in range(rows)],
            "objects": random.integers(0, 20, rows),
        }
    )
    results = pd.DataFrame(
        {
            "locator": locators,
            "is_correct": random.random(rows) < 0.8,
            "iou": random.random(rows),
            "label": random.choice(["cat", "dog"], rows),
        }
    )
    return datapoints, results


def whole(folder: Path, rows: int) -> tuple[Turn, Turn]:
    """Upload and download both."""
    datapoints, results = frames(rows)

    def ours() -> float:
        path = folder / "ours.db"
        path.unlink(missing_ok=True)
        use(path)
        return sum(
            (
                seconds_of(upload_dataset, "table", datapoints),
                seconds_of(download_dataset, "table"),
                seconds_of(upload_results, "table", "model", results),
                seconds_of(download_results, "table", "model"),
            )
        )

    def theirs() -> float:
        path = folder / "theirs.db"
        path.unlink(missing_ok=True)
        # Not plain.connect: pandas needs a driver that begins transactions by itself.
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

        def write(frame: pd.DataFrame, table: str) -> None:
            frame.to_sql(table, connection, index=False)
            connection.commit()

        taken = seconds_of(write, datapoints, "datapoints")
        taken += seconds_of(pd.read_sql, "SELECT * FROM datapoints", connection)
        taken += seconds_of(write, results, "results")
        # A download of results has the datapoints, too.
        for table in ("datapoints", "results"):
            taken += seconds_of(pd.read_sql, f"SELECT * FROM {table}", connection)
        connection.close()
        return taken

    return ours, theirs


ROWS = (
    Row(
        "upload and download a dataset and results",
        "`to_sql` and `read_sql` of the same frames",
        3.0,
        whole,
        most_rows=100_000,
    ),
)
