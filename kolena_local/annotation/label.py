"""Labels of a whole sample, and annotations of the user's own kind."""

from kolena_local.annotation.base import Annotation


class Label(Annotation):
    """A class that the whole sample, or a part of it, belongs to.

    Args:
        label: name of the class.
    """

    label: str

    _type_name = "ANNOTATION/LABEL"


class ScoredLabel(Label):
    """A label with a score.

    Args:
        label: name of the class.
        score: how sure the model is; any number.
    """

    score: float


class CustomAnnotation(Annotation):
    """Something of the user's own; what belongs to it is given as extras.

    Args:
        kind: what it is.
    """

    kind: str

    _type_name = "ANNOTATION/CUSTOM"


ClassificationLabel = Label
ScoredClassificationLabel = ScoredLabel
