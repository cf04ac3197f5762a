"""The pre-built evaluators of Kolena's client, which are not in this version."""

raise ImportError(
    "kolena_local does not have the pre-built evaluators and helpers of kolena._experimental yet;"
    " use the original client for it.",
    name=__name__,
)
