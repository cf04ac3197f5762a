"""What is not the file of a gate is refused in a sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Optional

import pytest

from kolena_local.comparison import Gate
from kolena_local.errors import InputValidationError
from tests.cli.conftest import Invoke
from tests.cli.test_gate import FILE


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("baseline =", "basline =", "'basline' in [gate] is not known; did you mean 'baseline'?"),
        ("margin = 1", "margins = 1", "'margins' in [metrics.error] is not known; did you mean"),
        ("[metrics.close]", "[metric.close]", "'metric' in the file is not known; did you mean"),
        ("[gate]", "", "'suite' belongs below the line [gate]."),
        ("metrics.close", "metrics.a.close", 'with a dot in its name in quotes: [metrics."a.b"].'),
        ('"base"', '["a", "b"]', "'baseline' in [gate] must be the name of one model, not ['a',"),
        ('"base"', '"a"\nbaseline = "b"', "is not TOML: Cannot overwrite a value (at line 5, col"),
        ('"base"', "base", 'not TOML: Invalid value (at line 4, column 12): baseline = base\n'),
        ('baseline = "base"', "", "'baseline' is missing in [gate]; it is the name of one model."),
        ("margin = 1", "", "'margin' is missing in [metrics.error]; it is a number of at least 0"),
        ("margin = 1", "margin = -1", "must be a number of at least 0, such as 0.01, not -1."),
        ("margin = 1", "margin = nan", "must be a number of at least 0, such as 0.01, not nan."),
        ("margin = 1", "margin = inf", "must be a number of at least 0, such as 0.01, not inf."),
        ("margin = 1", "margin = true", "must be a number of at least 0, such as 0.01, not True"),
        ('"lower"', '"up"', """must be "higher" or "lower", not 'up'."""),
        ("= 20", "= 0.5", "'min_samples' in [gate] must be an integer of at least 1, such as"),
        ("[gate]", "[gate]\nconfidence = 95", "must be a number from 0.5 to below 1, such as 0.95"),
        ("[gate]", '[gate]\nstale = "ok"', """'stale' in [gate] must be "fail" or "undecided"""),
        ('[metrics.error]\ndirection = "lower"\nmargin', "[metrics]\nerror", "must be a table"),
    ],
)  # fmt: skip
def test_file_that_is_not_a_gate_is_refused_in_a_sentence_and_nothing_is_written(
    invoke: Invoke,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    old: str,
    new: str,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert FILE.count(old) == 1
    Path("gate.toml").write_text(FILE.replace(old, new), encoding="utf-8")
    result = invoke("gate", "--junit", "tests.xml", "-o", "table.md", "gate.toml")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: gate.toml: ")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["gate.toml"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "The file cannot be read (No such file or directory); `kolena-local gate init`"),
        (b"\xff\xfe", "The file is not text in UTF-8"),
        (b"a = " + b"[" * 10_000, "is not TOML"),
        (b"", "'gate' is missing in the file; it is a table, which begins with [gate]."),
        (b"[gate]\nsuite='a'\nbaseline='b'", "'metrics' is missing in the file; it is one or more"),
        (b"[gate]\nsuite='a'\nbaseline='b'\n[metrics]", "in the file must be one or more"),
    ],
)  # fmt: skip
def test_file_that_cannot_be_read_says_why(
    tmp_path: Path, content: Optional[bytes], sentence: str
) -> None:
    if content is not None:
        (tmp_path / "gate.toml").write_bytes(content)
    with pytest.raises(InputValidationError, match=re.escape(sentence)):
        Gate.read(tmp_path / "gate.toml")
