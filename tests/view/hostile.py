"""A store in which every text attacks whoever shows it, and a check of pages that show it."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import List, Optional, Tuple
from urllib.parse import urlsplit

import kolena_local
from kolena_local.plurals import printable
from kolena_local.workflow import (
    BarPlot,
    ConfusionMatrix,
    Curve,
    CurvePlot,
    Evaluator,
    GroundTruth,
    Histogram,
    Image,
    Inference,
    MetricsTestCase,
    MetricsTestSample,
    MetricsTestSuite,
    Plot,
    define_workflow,
    test,
)
from kolena_local.workflow.annotation import LabeledBoundingBox

MARKUP = "<script>alert(1)</script>"
NAME = f"{MARKUP}\"><img src=x onerror=alert(1)>'</title></textarea>{{{{ 7 * 7 }}}}\u202e"
LINK = "javascript:alert(1)"
LONG = "x" * 10_000
TEXTS = [NAME, LINK, LONG, "a\x00b", "data:text/html,<b>", f"http://a.example/{MARKUP}", "=1+1"]


@dataclass(frozen=True)
class Truth(GroundTruth):
    label: str
    box: LabeledBoundingBox


@dataclass(frozen=True)
class Answer(Inference):
    label: str
    box: LabeledBoundingBox


@dataclass(frozen=True)
class SampleScore(MetricsTestSample):
    correct: bool
    note: str


@dataclass(frozen=True)
class CaseScore(MetricsTestCase):
    accuracy: float
    note: str


@dataclass(frozen=True)
class SuiteScore(MetricsTestSuite):
    note: str


class Score(Evaluator):
    def compute_test_sample_metrics(self, test_case, inferences, configuration=None):  # type: ignore[no-untyped-def]
        return [
            (sample, SampleScore(truth.label == answer.label, NAME))
            for sample, truth, answer in inferences
        ]

    def compute_test_case_metrics(self, test_case, inferences, metrics, configuration=None):  # type: ignore[no-untyped-def]
        share = sum(metric.correct for metric in metrics) / len(metrics)
        return CaseScore(share, NAME)

    def compute_test_case_plots(
        self, test_case, inferences, metrics, configuration=None
    ) -> Optional[List[Plot]]:  # type: ignore[no-untyped-def]
        return [
            CurvePlot(NAME, NAME, NAME, [Curve([0, 1], [0, 1], NAME)]),
            Histogram(f"{NAME} 2", NAME, NAME, [0, 1, 2], [3, 4]),
            BarPlot(f"{NAME} 3", NAME, NAME, [NAME, LINK], [1, 2]),
            ConfusionMatrix(f"{NAME} 4", [NAME, LINK], [[1, 2], [3, 4]]),
        ]

    def compute_test_suite_metrics(self, test_suite, metrics, configuration=None):  # type: ignore[no-untyped-def]
        return SuiteScore(NAME)


def make_hostile(path: Path) -> None:
    """Make a store with two models that were tested on a test suite of two test cases."""
    box = LabeledBoundingBox((1, 1), (5, 5), NAME)
    with kolena_local.session(db=path):
        _, TestCase, TestSuite, Model = define_workflow(NAME, Image, Truth, Answer)
        pairs = [
            (Image(f"{number}{text}", metadata={NAME: text}), Truth(text, box))
            for number, text in enumerate([*TEXTS, *TEXTS])
        ]
        suite = TestSuite(
            NAME,
            description=NAME,
            tags={NAME},
            test_cases=[
                TestCase(NAME, description=NAME, test_samples=pairs[:7]),
                TestCase(f"{NAME} 2", description=LONG, test_samples=pairs[7:]),
            ],
        )
        for name, answers in ((NAME, TEXTS), (f"{NAME} 2", TEXTS[::-1])):
            by_locator = {
                sample.locator: Answer(answers[number % 7], box)
                for number, (sample, _) in enumerate(pairs)
            }
            metadata = {NAME: NAME, "link": LINK, "long": LONG, "nul": "a\x00b", "list": TEXTS}
            model = Model(
                name,
                infer=lambda sample, known=by_locator: known[sample.locator],
                metadata=metadata,
                tags={NAME, LINK},
            )
            test(model, suite, Score())


def check_harmless(text: str) -> None:
    """Fail if there is anything in a page that runs, leads elsewhere or hides."""
    assert printable(text.replace("\n", "")) == text.replace("\n", "")
    parser = _Elements()
    parser.feed(text)
    parser.close()


class _Elements(HTMLParser):
    def handle_starttag(self, tag: str, attributes: List[Tuple[str, Optional[str]]]) -> None:
        assert tag not in ("script", "iframe", "object", "embed", "base", "link", "style") or (
            tag == "link" and attributes == [("rel", "stylesheet"), ("href", "/style.css")]
        ), (tag, attributes)
        for name, value in attributes:
            assert not name.startswith("on") and name not in ("style", "srcdoc"), (tag, name)
            if name in ("href", "src", "action", "formaction", "xlink:href", "data", "poster"):
                assert urlsplit(value or "").scheme in ("", "http", "https"), (tag, name, value)
            if name == "src":
                assert (value or "").startswith("/") and not (value or "").startswith("//")
            if name == "http-equiv":
                raise AssertionError((tag, attributes))
