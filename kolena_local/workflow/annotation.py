"""Annotations under the import path of workflow scripts; see :mod:`kolena_local.annotation`.

The original's client does not offer its newest kinds here.
"""

from kolena_local import annotation
from kolena_local.annotation import *  # noqa: F403

_NEWEST = {
    "CustomAnnotation",
    "Keypoints3D",
    "LabeledTextSegment",
    "Polyline3D",
    "ScoredLabeledTextSegment",
    "ScoredTextSegment",
    "TextSegment",
}

__all__ = [name for name in annotation.__all__ if name not in _NEWEST]
