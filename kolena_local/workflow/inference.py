"""The base of inferences: what a model predicts for a test sample."""

from kolena_local.serialization.data_object import DataObject


class Inference(DataObject):
    """The base of a workflow's inference; defining the workflow checks its fields."""
