"""A dataset and results to begin with."""

from __future__ import annotations

import pandas as pd
import pytest

from kolena_local.dataset import upload_dataset


@pytest.fixture
def images() -> pd.DataFrame:
    """Upload a dataset of five images, and return it."""
    frame = pd.DataFrame(
        {
            "locator": [f"s3://images/{number}.png" for number in range(5)],
            "weather": ["rain", "rain", "sun", None, "fog"],
            "box": [[number, number + 1] for number in range(5)],
        }
    ).astype(object)
    upload_dataset("images", frame, description="pictures")
    return frame
