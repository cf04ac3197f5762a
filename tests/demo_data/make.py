"""Make the demo's data anew: train two models on handwritten digits and write what they predict.

Run it as ``python tests/demo_data/make.py`` with scikit-learn installed (the extra ``demo-data``).
With ``--check`` it writes nothing and says whether the committed files are what it would write. It
is not part of the package, and neither are the models: only their predictions are.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Dict, List, Sequence

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

DATA = Path(__file__).resolve().parents[2] / "kolena_local" / "demo" / "data"
SEED = 7
TRAINING_SHARE = 0.4
TONES = 16.0  # a pixel of this data set is a whole number from 0 to 16
THIN, BOLD = 0.28, 0.33  # about a quarter of the images lie on either side
SCORE_TOLERANCE = 0.01  # linear algebra differs a little from machine to machine

Row = Dict[str, Any]

MODELS = {
    "logistic-regression": make_pipeline(
        StandardScaler(), LogisticRegression(C=0.01, max_iter=1_000, random_state=SEED)
    ),
    "svm-rbf": CalibratedClassifierCV(SVC(C=10, gamma="scale"), ensemble=False, cv=5),
}


def describe(image: np.ndarray) -> Row:
    """Compute a sample's metadata from its 8x8 pixels, and from nothing else."""
    ink = image / TONES
    (columns,) = np.nonzero((ink > 0.25).any(axis=0))
    y, x = np.mgrid[0:8, 0:8]
    mass = ink.sum()
    dx, dy = x - (ink * x).sum() / mass, y - (ink * y).sum() / mass
    # How far the stroke moves to the right for each pixel it climbs; upright is 0.
    slant = -(ink * dx * dy).sum() / (ink * dy * dy).sum()
    mean = float(ink.mean())
    return {
        "ink": round(mean, 4),
        "stroke": "thin" if mean < THIN else "bold" if mean > BOLD else "medium",
        "contrast": round(float(ink.std()), 4),
        "width": int(columns.max() - columns.min() + 1),
        "slant_degrees": round(math.degrees(math.atan(slant)), 1),
    }


def make() -> Dict[str, List[Row]]:
    """Return the rows of every file, by its path below the data folder."""
    digits = load_digits()
    train, test = train_test_split(
        np.arange(len(digits.target)),
        train_size=TRAINING_SHARE,
        stratify=digits.target,
        random_state=SEED,
    )
    test = np.sort(test)
    locators = [f"digits/{index:04d}.png" for index in test]
    files = {
        "samples.csv": [
            {"locator": locator, "label": str(digits.target[i]), **describe(digits.images[i])}
            for locator, i in zip(locators, test, strict=True)
        ]
    }
    for name, model in MODELS.items():
        model.fit(digits.data[train], digits.target[train])
        probabilities = model.predict_proba(digits.data[test])
        best = probabilities.argmax(axis=1)
        files[f"models/{name}/inferences.csv"] = [
            {"locator": locator, "label": str(model.classes_[k]), "score": round(float(row[k]), 4)}
            for locator, k, row in zip(locators, best, probabilities, strict=True)
        ]
    return files


def write(path: Path, rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def differences(path: Path, rows: Sequence[Row]) -> Iterable[str]:
    """Yield what the committed file says otherwise; scores may differ by a hair."""
    with path.open(newline="", encoding="utf-8") as file:
        committed = list(csv.DictReader(file))
    if len(committed) != len(rows):
        yield f"{path}: {len(committed)} rows, not {len(rows)}"
        return
    for number, (old, new) in enumerate(zip(committed, rows, strict=True), start=2):
        for column, value in new.items():
            same = (
                abs(float(old[column]) - value) <= SCORE_TOLERANCE
                if column == "score"
                else old[column] == str(value)
            )
            if not same:
                yield f"{path}:{number}: {column} is {old[column]}, not {value}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    check = parser.parse_args().check
    files = make()
    if not check:
        for name, rows in files.items():
            write(DATA / name, rows)
            print(f"{len(rows)} rows written to {DATA / name}")
        return 0
    wrong = [line for name, rows in files.items() for line in differences(DATA / name, rows)]
    print("\n".join(wrong) or f"The {len(files)} files are as this script makes them.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
