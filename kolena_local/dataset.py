"""The dataset API of Kolena's client, which is not in this version."""

raise ImportError(
    "kolena_local does not have the dataset API of kolena.dataset yet; use the original"
    " client for it.",
    name=__name__,
)
