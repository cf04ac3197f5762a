"""A store as lines of text, and copies of them that are not as they were written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Optional

from tests.cli.conftest import Invoke


def export(invoke: Invoke, store: Path, file: Path) -> bytes:
    result = invoke("export", file, "--db", store)
    assert result.exit_code == 0, result.stderr
    return file.read_bytes()


def lines_of(file: Path) -> List[Dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def changed(
    file: Path, kind: str, key: Optional[str] = None, value: Any = None, times: int = 1
) -> Path:
    """Write a copy in which the last line of a kind has another value, is gone, or is twice."""
    content = lines_of(file)
    last = max(place for place, line in enumerate(content) if line["kind"] == kind)
    if key is not None:
        content[last] = {**content[last], key: value}
    content[last : last + 1] = [content[last]] * times
    copy = file.with_name("changed.jsonl")
    copy.write_text("".join(f"{json.dumps(line)}\n" for line in content), "utf-8")
    return copy
