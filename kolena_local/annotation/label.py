"""Labels, and custom annotations."""

from kolena_local.annotation.base import Annotation


class Label(Annotation):
    """A class that the whole sample, or a part of it, belongs to.

    Args:
        label: the name of the class.
    """

    label: str

    _type_name = "ANNOTATION/LABEL"


class ScoredLabel(Label):
    """A label with a score.

    Args:
        label: the name of the class.
        score: the confidence of the model, any number.
    """

    score: float


class CustomAnnotation(Annotation):
    """An annotation of a kind of your own; its content is given as extras.

    Args:
        kind: the name of the kind.
    """

    kind: str

    _type_name = "ANNOTATION/CUSTOM"


ClassificationLabel = Label
ScoredClassificationLabel = ScoredLabel
