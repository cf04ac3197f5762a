"""Labels of a whole sample, and annotations of the user's own kind."""

from kolena_local.annotation.base import Annotation
from kolena_local.serialization.data_object import data_object


@data_object
class Label(Annotation):
    """A class that the whole sample, or a part of it, belongs to.

    Args:
        label: name of the class.
    """

    label: str

    @classmethod
    def _data_type(cls) -> str:
        return "ANNOTATION/LABEL"


@data_object
class ScoredLabel(Label):
    """A label with a score.

    Args:
        label: name of the class.
        score: how sure the model is; any number.
    """

    score: float


@data_object
class CustomAnnotation(Annotation):
    """Something of the user's own; what belongs to it is given as extras.

    Args:
        kind: what it is.
    """

    kind: str

    @classmethod
    def _data_type(cls) -> str:
        return "ANNOTATION/CUSTOM"


ClassificationLabel = Label
ScoredClassificationLabel = ScoredLabel
