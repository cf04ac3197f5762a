"""The demo's result as lines of text: each model's accuracy by test case, and the difference."""

from __future__ import annotations

from collections.abc import Iterator

from kolena_local.demo.digits import Accuracy


def table(test_suite: str, results: dict[str, dict[str, Accuracy]]) -> Iterator[str]:
    """Yield the lines of the table.

    Args:
        test_suite: the name of the test suite.
        results: for each of the two models, its accuracy by test case.
    """
    (first, second) = results.values()
    header = ["test case", "images", *results, "difference"]
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
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    yield f"Accuracy on '{test_suite}' (the share of images read correctly):"
    yield ""
    for row in (header, ["-" * width for width in widths], *rows):
        texts = [row[0].ljust(widths[0])]
        texts += map(str.rjust, row[1:], widths[1:])
        yield "  ".join(texts)
