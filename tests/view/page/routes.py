"""What to ask each route of the page for, so that tests can walk all of them.

A test fails for a route that is not here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List

from tests.view.hostile import NAME


@dataclass(frozen=True)
class Example:
    """A request that a route answers about the hostile store.

    Attributes:
        values: the parameters of its address.
        form: what it is sent, if it takes a form.
        status: the status of the answer to GET.
    """

    values: Dict[str, Any] = field(default_factory=dict)
    form: Dict[str, Any] = field(default_factory=dict)
    status: int = 200


_OTHER = f"{NAME} 2"
_NAMED = Example({"name": NAME})
_BOTH = {"suite": NAME, "model": NAME, "base": _OTHER}
_OF_MODEL = {"suite": NAME, "model": NAME}
_PAIR = {"suite": NAME, "base": NAME, "candidate": _OTHER}
_CHANGED = Example(form={"name": NAME, "uid": "1", "seen": "x", "new_name": NAME, "typed": NAME})
EXAMPLES: Dict[str, List[Example]] = {
    "start.index": [Example(status=303)],
    "start.style": [Example()],
    "start.icon": [Example(status=204)],
    "models.index": [
        Example(),
        Example({"q": NAME, "tag": NAME, "key": NAME}),
        Example({"where": "metadata.link = 1", "columns": "chosen", "key": "link"}),
    ],
    "models.show": [_NAMED],
    "models.edit": [_NAMED, Example({"name": NAME, "whole": 1})],
    "models.save": [_CHANGED],
    "models.new_name": [_NAMED],
    "models.rename": [_CHANGED],
    "models.confirm": [_NAMED],
    "models.delete": [_CHANGED],
    "models.create": [Example(form={"new_name": NAME, "workflow": NAME})],
    "test_suites.index": [Example(), Example({"search": NAME, "workflow": NAME, "tag": NAME})],
    "test_suites.show": [_NAMED, Example({"name": NAME, "version": 1, "model": NAME})],
    "test_suites.edit": [_NAMED],
    "test_suites.describe": [_CHANGED],
    "test_suites.rename": [_CHANGED],
    "test_suites.delete": [_CHANGED],
    "test_cases.index": [Example(), Example({"search": NAME, "workflow": NAME})],
    "test_cases.show": [_NAMED, Example({"name": NAME, "version": 1})],
    "test_cases.edit": [_NAMED],
    "test_cases.rename": [_CHANGED],
    "test_cases.delete": [_CHANGED],
    "results.show": [Example(_OF_MODEL), Example({**_OF_MODEL, "test_case": NAME})],
    "runs.show": [Example({"id": 1}), Example({"id": 1, "test_case": NAME})],
    "plots.image": [
        Example({"run": 1, "test_case": NAME, "position": place}) for place in range(4)
    ],
    "compare.index": [Example(), Example({"suite": NAME})],
    "compare.show": [Example(_PAIR)],
    "samples.index": [
        Example(),
        Example(_BOTH),
        Example({"test_case": NAME, "model": NAME, "where": 'sample.locator != "a"'}),
    ],
    "samples.show": [Example({**_BOTH, "place": place}) for place in range(7)],
    "samples.save": [Example(form={**_BOTH, "where": "metadata.x > 1", "name": NAME})],
    "images.show": [Example({"sample": 1}, status=404)],
}
