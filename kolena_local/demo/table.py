"""The demo's result as lines of text: test case by model, and what separates the two models."""

from __future__ import annotations

from collections.abc import Iterator

from kolena_local.demo.digits import Accuracy


def table(title: str, results: dict[str, dict[str, Accuracy]]) -> Iterator[str]:
    """Yield the lines of the table.

    Args:
        title: heads the column of the test cases.
        results: for each of two models, its accuracy by test case.
    """
    (first, second) = results.values()
    header = [title, "images", *results, "difference"]
    rows = [
        [
            test_case,
            str(left.n_images),
            f"{left.accuracy:.3f}",
            f"{second[test_case].accuracy:.3f}",
            f"{second[test_case].accuracy - left.accuracy:+.3f}",
        ]
        for test_case, left in first.items()
    ]
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    rule = ["-" * width for width in widths]
    for row in (header, rule, *rows):
        yield "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
