"""What was captured of code and environments, in the few facts that people look for first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from kolena_local.payload import Json, digest
from kolena_local.repository import Unit
from kolena_local.repository.records import Facts, ModelRecord, TestSuiteRecord

_COMMIT: Final = 12


class Captured(NamedTuple):
    """What was captured once.

    Attributes:
        number: how many inferences were made so; None for the model itself.
        facts: the facts that people look for first; None if nothing was captured.
        packages: the versions of imported packages.
    """

    number: int | None
    facts: dict[str, Json] | None
    packages: dict[str, Json]


def captured(unit: Unit, model: ModelRecord) -> list[Captured]:
    """Return what was captured for a model and for its inferences; nothing if nothing was."""
    if not unit.provenances.are_known():
        return []
    found: list[tuple[int | None, Facts | None]] = [(None, unit.provenances.of_model(model.id))]
    found += [(made.number, made.provenance) for made in unit.provenances.of_inferences(model.id)]
    if all(facts is None for _, facts in found):
        return []
    return [
        Captured(number, facts and in_short(facts), _object(facts or {}, "packages"))
        for number, facts in found
    ]


def of_inferences(unit: Unit, model: ModelRecord, suite: TestSuiteRecord) -> dict[str, str]:
    """Return the facts on the inferences for a suite; each fact names all that it was."""
    values: dict[str, set[str]] = {}
    inferences = unit.provenances.of_inferences(model.id, (suite.id, suite.version))
    if all(made.provenance is None for made in inferences):
        return {}
    for made in inferences:
        facts = {"code": "unknown"} if made.provenance is None else in_short(made.provenance)
        if "packages" in facts:
            # As many packages may be of other versions.
            packages = digest(_object(made.provenance or {}, "packages"))
            facts["packages"] = f"{facts['packages']} (hash {packages[1:5].hex()})"
        for name in ("code", "Python", "packages"):
            if name in facts:
                values.setdefault(name, set()).add(str(facts[name]))
    return {name: ", ".join(sorted(found)) for name, found in values.items()}


def in_short(facts: Facts) -> dict[str, Json]:
    """Return the facts that people look for first, as far as they were captured."""
    git, system = _object(facts, "git"), _object(facts, "system")
    found: dict[str, Json] = {
        "code": _code(git),
        "Python": _object(facts, "python").get("version"),
        "system": _words(system.get(name) for name in ("os", "release", "machine")),
        "seeds": _object(facts, "seeds") or None,
        "packages": len(_object(facts, "packages")) or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _code(git: Mapping[str, Any]) -> str | None:
    commit = git.get("commit")
    if isinstance(commit, str):
        return commit[:_COMMIT] + (" with uncommitted changes" if git.get("is_dirty") else "")
    return f"unknown: {git['missing']}" if "missing" in git else None


def _words(values: Iterable[Any]) -> str | None:
    return " ".join(str(value) for value in values if value) or None


def _object(facts: Facts, name: str) -> dict[str, Json]:
    # A file that was imported may say anything here.
    value = facts.get(name)
    return value if isinstance(value, dict) else {}
