"""The findings of a check of a store."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """Something that is wrong with a store, or could go wrong.

    Args:
        severity: ``error`` for what is wrong, ``warning`` for what endangers the store.
        rule: a short name of what was looked at, such as ``foreign keys``.
        text: what is wrong with which object, and what to do.
        fixable: whether it can be repaired without losing anything.
    """

    severity: str
    rule: str
    text: str
    fixable: bool = False


def error(rule: str, text: str, *, fixable: bool = False) -> Finding:
    """Return a finding of something that is wrong."""
    return Finding("error", rule, text, fixable)


def warning(rule: str, text: str, *, fixable: bool = False) -> Finding:
    """Return a finding of something that endangers the store."""
    return Finding("warning", rule, text, fixable)
