"""What a model passes on about its code and environment."""

from __future__ import annotations

from typing import Any

from kolena_local import provenance_setting
from kolena_local.errors import InputValidationError
from kolena_local.fingerprint import infer_fingerprint
from kolena_local.provenance import Provenance, capture
from kolena_local.repository.records import Facts


def check_provenance(given: Any) -> bool | Provenance | None:
    """Return the argument ``provenance`` of a model.

    Raises:
        InputValidationError: it is neither a bool nor what ``capture`` returns.
    """
    if given is None or isinstance(given, (bool, Provenance)):
        return given
    raise InputValidationError(
        "provenance must be True, False, or what kolena_local.provenance.capture() returns, not"
        f" {given!r:.80}."
    )


def captured(given: bool | Provenance | None, infer: Any) -> Facts | None:
    """Return what is stored of a model's code and environment now; None if nothing is.

    Args:
        given: the argument ``provenance`` of the model.
        infer: the function that the model uses.
    """
    if given is False or (given is None and not provenance_setting.is_on()):
        return None
    # Storing imports it anyway, and whether it was imported before should make no difference.
    import kolena_local.repository.tables  # noqa: F401

    facts = dict((given if isinstance(given, Provenance) else capture()).facts)
    fingerprint = None if infer is None else infer_fingerprint(infer)
    return facts if fingerprint is None else {**facts, "infer": fingerprint}
