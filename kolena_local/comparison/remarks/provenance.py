"""Remarks on code and environments that made what is compared, as far as they were captured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kolena_local.comparison.run_selection import ScoredRun, SelectedRuns
from kolena_local.plurals import counted, enumerated
from kolena_local.provenance.difference import leaves

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.provenances import InferencesMade
    from kolena_local.repository.records import Facts

_ENVIRONMENT: Final = {
    "python.version": "Python",
    "system.os": "operating system",
    "system.machine": "machine",
}
_PREFIXES: Final = ("frameworks.", "packages.")
_NAMED: Final = 4


class _Side(NamedTuple):
    """What was captured for one model: of its inferences for the suite, and of its results."""

    model: str
    inferences: list[InferencesMade]
    results: Facts | None

    def facts(self) -> list[Facts]:
        found = [*(one.provenance for one in self.inferences), self.results]
        return [one for one in found if one is not None]


def provenance_remarks(unit: Unit, chosen: SelectedRuns) -> list[str]:
    """Return sentences about what should be the same on one side, or on both, and is not.

    Args:
        unit: a read in progress.
        chosen: the results that are compared.
    """
    if not unit.provenances.are_known():
        return []
    suite = (chosen.test_suite.id, chosen.test_suite.version)

    def side(one: ScoredRun) -> _Side:
        model = unit.models.get(one.run.model)
        made = unit.provenances.of_inferences(model.id, suite)
        return _Side(model.name, made, unit.provenances.of_configuration(one.configuration.id))

    base, candidate = side(chosen.base), side(chosen.candidate)
    found = [*_of_side(base), *_of_side(candidate), *_of_both(base, candidate)]
    return [*dict.fromkeys(found)]


def _of_side(side: _Side) -> Iterator[str]:
    states: Counter[_State] = Counter()
    for made in side.inferences:
        state = _state(made.provenance)
        if state is not None:
            states[state] += made.number
    if len(states) > 1:
        changed = any(one.is_dirty for one in states)
        what = "states of the code" if changed else "commits"
        each = (f"{one.label} ({counted(n, 'sample')})" for one, n in states.most_common())
        come = f"come from {len(states)} {what}: {enumerated(each)}"
        yield f"The inferences of '{side.model}' {come}."
    elif any(one.is_dirty for one in states):
        yield (
            f"The inferences of '{side.model}' were made with uncommitted changes to the code"
            f" ({next(iter(states)).label})."
        )
    state = _state(side.results)
    if state is not None and state.is_dirty and state not in states:
        yield (
            f"The results of '{side.model}' were computed with uncommitted changes to the code"
            f" ({state.label})."
        )
    mixed = _environment(one.provenance for one in side.inferences if one.provenance is not None)
    different = {name: sorted(values) for name, values in mixed.items() if len(values) > 1}
    if different:
        yield (
            f"The inferences of '{side.model}' were made in different environments:"
            f" {_listed({name: ' and '.join(them) for name, them in different.items()})}."
        )


def _of_both(base: _Side, candidate: _Side) -> Iterator[str]:
    left, right = _environment(base.facts()), _environment(candidate.facts())
    different = {
        name: f"{'/'.join(sorted(left[name]))} and {'/'.join(sorted(right[name]))}"
        for name in left
        if name in right and left[name] != right[name]
    }
    if different:
        yield (
            f"The environments of base and candidate differ: {_listed(different)}; a difference in"
            " the results may be due to that."
        )


class _State(NamedTuple):
    """The state of the code: a commit, and the hash of the changes to it."""

    commit: str | None
    changes: str | None
    is_dirty: bool

    @property
    def label(self) -> str:
        commit = "no commit" if self.commit is None else self.commit[:10]
        return f"{commit} with changes" if self.is_dirty else commit


def _state(facts: Facts | None) -> _State | None:
    """Return the state of the code; None if it is not known."""
    git: Any = (facts or {}).get("git")
    # A file that was imported may say anything here.
    if not isinstance(git, dict) or "commit" not in git:
        return None
    commit, changes = (
        one if isinstance(one, str) else None for one in (git["commit"], git.get("diff"))
    )
    return _State(commit, changes, bool(git.get("is_dirty")))


def _environment(found: Iterable[Facts]) -> dict[str, set[str]]:
    """Return all values of what belongs to the environment, by its name in words."""
    values: dict[str, set[str]] = {}
    for facts in found:
        for field, value in leaves(facts).items():
            name = _ENVIRONMENT.get(field)
            if field.startswith(_PREFIXES):
                name = field.partition(".")[2]
            if name is not None:
                values.setdefault(name, set()).add(str(value))
    return values


def _listed(different: dict[str, str]) -> str:
    items = [f"{name} {values}" for name, values in different.items()]
    more = len(items) - _NAMED
    return "; ".join(items[:_NAMED]) + (f"; and {more} more" if more > 0 else "")
