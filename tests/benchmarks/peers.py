"""What others need for the same inferences: ``python -m tests.benchmarks.peers``.

Only peers that are installed are asked (``pip install '.[benchmark]'``), each in the way that its
documentation shows, without a server: D1 is stored and loaded again. Kolena's client uploads what
it stores; here it only does its own part of that, writing objects as JSON and reading them.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Optional

from kolena_local.repository import close_stores
from tests.benchmarks.data import D1, inferences
from tests.benchmarks.loading import load
from tests.benchmarks.measure import Turn, seconds_of
from tests.benchmarks.storing import upload

Work = tuple[Callable[[], Any], Callable[[], Any]]


def main() -> None:
    """Print how long each takes to store and to load."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.peers", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'':28}{'store':>10}{'load':>10}")
        for work in ("store", "load"):
            Path(folder, work).mkdir()
        turns = upload(D1, Path(folder, "store"), rows), load(D1, Path(folder, "load"), rows)
        for side, name in enumerate(("kolena_local", "sqlite3 by hand, undecoded")):
            _show(name, *(_best(turn[side]) for turn in turns))
        close_stores()
        for name, (module, prepare) in _PEERS.items():
            if find_spec(module) is not None:
                store, read = prepare(Path(folder), _table(rows))
                _show(name, seconds_of(store), seconds_of(read))


def _show(name: str, store: float, load: float) -> None:
    print(f"{name:28}{store:8.2f} s{load:8.2f} s")


def _best(turn: Turn) -> float:
    return min(turn() for _ in range(3))


def _table(rows: int) -> list[dict[str, Any]]:
    return [
        {
            "model": "model",
            "locator": f"s3://bucket/images/{number:08d}.jpg",
            "label": guess.prediction and guess.prediction.label,
            "score": guess.prediction and guess.prediction.score,
        }
        for number, guess in enumerate(inferences(D1, rows))
    ]


def _sqlite_utils(folder: Path, rows: list[dict[str, Any]]) -> Work:
    sqlite_utils = import_module("sqlite_utils")
    table = sqlite_utils.Database(folder / "sqlite-utils.db")["inference"]
    return lambda: table.insert_all(rows, pk=("model", "locator")), lambda: list(table.rows)


def _pandas(folder: Path, rows: list[dict[str, Any]]) -> Work:
    import pandas as pd

    frame = pd.DataFrame(rows)

    def store() -> None:
        with closing(sqlite3.connect(folder / "pandas.db")) as connection:
            frame.to_sql("inference", connection, index=False)

    def read() -> Any:
        with closing(sqlite3.connect(folder / "pandas.db")) as connection:
            return pd.read_sql("SELECT * FROM inference", connection)

    return store, read


def _mlflow(folder: Path, rows: list[dict[str, Any]]) -> Work:
    import pandas as pd

    mlflow = import_module("mlflow")
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    mlflow.set_experiment(
        experiment_id=mlflow.create_experiment("all", (folder / "artifacts").as_uri())
    )
    frame = pd.DataFrame(rows)

    def store() -> None:
        with mlflow.start_run():
            mlflow.log_table(frame, "inferences.json")

    return store, lambda: mlflow.load_table("inferences.json")


def _kolena(folder: Path, rows: list[dict[str, Any]]) -> Work:
    inference: type = import_module("kolena.workflow").Inference
    label: Any = import_module("kolena.workflow.annotation").ScoredClassificationLabel
    # Not written as a class: the client reads types that are objects, and here they would be text.
    field = ("prediction", Optional[label], None)
    made: Any = dataclasses.make_dataclass("Guess", [field], bases=(inference,), frozen=True)
    guesses = [made(row["label"] and label(row["label"], row["score"])) for row in rows]
    texts = [json.dumps(guess._to_dict()) for guess in guesses]
    return (
        lambda: [json.dumps(guess._to_dict()) for guess in guesses],
        lambda: [made._from_dict(json.loads(text)) for text in texts],
    )


_PEERS: dict[str, tuple[str, Callable[[Path, list[dict[str, Any]]], Work]]] = {
    "sqlite-utils": ("sqlite_utils", _sqlite_utils),
    "pandas, to_sql": ("pandas", _pandas),
    "MLflow, log_table": ("mlflow", _mlflow),
    "Kolena's client, own part": ("kolena", _kolena),
}


if __name__ == "__main__":
    main()
