"""Annotations under the import path of workflow scripts; see :mod:`kolena_local.annotation`.

As in Kolena's client, the annotations in ``_NEWEST`` are not available under this path.
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
