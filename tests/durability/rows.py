"""A dataset for stores that have everything else."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

import kolena_local
from kolena_local.dataset import upload_dataset, upload_dataset_embeddings, upload_results
from kolena_local.repository import close_stores

ROWS = pd.DataFrame({"id": [1, 2, 3, 4], "x": [0.5, math.nan, 1, 2], "word": list("abca")})


def add_rows(path: Path) -> None:
    """Add a dataset of two commits, with results and embeddings."""
    with kolena_local.session(db=path):
        upload_dataset("rows", ROWS.head(3), commit_tags=["first"])
        upload_results("rows", "scorer", ROWS[["id"]].head(3).assign(ok=[True, False, None]))
        upload_dataset("rows", ROWS)
        upload_dataset_embeddings("rows", "key", ROWS[["id"]].assign(embedding=[[1.0, 2.0]] * 4))
    close_stores()
