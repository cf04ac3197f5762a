"""Compare two models: is the candidate better, worse, or are there too few samples to decide?

:func:`compare` reads stored per-sample metrics and pairs the two models by sample. No model and no
evaluator runs. :class:`Gate` decides by a file whether the candidate passes. :func:`find_slices`
searches the same metrics for slices on which a model is worse, :func:`rank` sorts any number of
models, and :func:`difficulty` sorts the samples. :func:`power` tells what differences a test suite
can show.

``arguments`` and ``run_selection`` find the results that were asked for, ``scores`` reads their
metrics, and ``candidates`` those of several models. ``verdicts`` makes rows of them with the pure
functions on arrays in ``statistics``; ``margins`` and ``report`` say what the rows mean, with
``kolena_local.directions``, and do not know the store either. ``gate``, ``ranking``, ``slices`` and
``remarks`` have packages of their own.
"""

from kolena_local.comparison.compare import compare
from kolena_local.comparison.gate.gate import Gate, Margin
from kolena_local.comparison.gate.judgment import JudgedRow, Judgment
from kolena_local.comparison.power import PowerAnalysis, PowerRow, power
from kolena_local.comparison.ranking.difficulty import Difficulty, difficulty
from kolena_local.comparison.ranking.leaderboard import Leaderboard, RankedModel
from kolena_local.comparison.ranking.rank import rank
from kolena_local.comparison.result import ChangedSample, Comparison
from kolena_local.comparison.slices.find_slices import find_slices
from kolena_local.comparison.slices.found_slices import FoundSlice, FoundSlices
from kolena_local.comparison.verdicts import Row
from kolena_local.directions import Direction

__all__ = [
    "ChangedSample",
    "Comparison",
    "Difficulty",
    "Direction",
    "FoundSlice",
    "FoundSlices",
    "Gate",
    "JudgedRow",
    "Judgment",
    "Leaderboard",
    "Margin",
    "PowerAnalysis",
    "PowerRow",
    "RankedModel",
    "Row",
    "compare",
    "difficulty",
    "find_slices",
    "power",
    "rank",
]
