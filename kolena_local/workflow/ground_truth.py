"""The base of ground truths: what is known to be true about a test sample."""

from kolena_local.serialization.data_object import DataObject


class GroundTruth(DataObject):
    """The base of a workflow's ground truth; defining the workflow checks its fields."""
