"""Two models' results compared honestly: is the candidate better, worse, or can nobody tell yet?

:func:`compare` reads what an evaluator found out about single samples and pairs the two models by
sample. Nothing is computed anew: no model and no evaluator runs. The statistics are pure functions
on arrays (``boolean``, ``scaling``, ``resampling``, ``correction``, ``pairs``, ``estimate``,
``verdicts``); only ``compare``, ``run_selection`` and ``scores`` know the store.
"""

from kolena_local.comparison.compare import compare
from kolena_local.comparison.direction import Direction
from kolena_local.comparison.result import Comparison, WorseSample
from kolena_local.comparison.verdicts import Row

__all__ = ["Comparison", "Direction", "Row", "WorseSample", "compare"]
