"""Every class of error that can happen here, made to happen the way a user would."""

from __future__ import annotations

import io
import math
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple, Type

import pytest

import kolena_local
from kolena_local import errors, location
from kolena_local.repository.store import close_stores
from kolena_local.workflow import (
    GroundTruth,
    Image,
    Inference,
    Metadata,
    TestRun,
    define_workflow,
    test,
)
from tests.workflow.types import (
    Animal,
    Guess,
    Model,
    OtherModel,
    Photo,
    TestCase,
    TestSuite,
    cat,
    pairs,
    photo,
)


def set_a_name() -> None:
    Model("m").name = "n"


def take_a_name_twice() -> None:
    TestCase.create("c")
    TestCase.create("c")


def upload_twice() -> None:
    suite = TestSuite("s", test_cases=[TestCase("c", test_samples=pairs("a"))])
    for _ in range(2):
        TestRun(Model("m"), suite).upload_inferences([(photo("a"), Guess("cat"))])


def load_from_another_workflow() -> None:
    Model("m")
    OtherModel.load("m")


def open_what_is_no_store() -> None:
    path = Path("notes.txt").absolute()
    path.write_text("no database at all\n" * 100)
    with kolena_local.session(path):
        Model("m")


def open_another_programs_database() -> None:
    with sqlite3.connect("other.db") as connection:
        connection.execute("CREATE TABLE mine (content)")
    connection.close()
    with kolena_local.session("other.db"):
        Model("m")


def open_a_store_of_the_future() -> None:
    with kolena_local.session("future.db"):
        Model("m")
    close_stores()
    connection = sqlite3.connect("future.db")
    connection.execute("PRAGMA user_version = 9999")
    connection.close()
    with kolena_local.session("future.db"):
        Model.load("m")


def open_in_a_folder_that_is_not_there() -> None:
    with kolena_local.session("nowhere/store.db"):
        Model("m")


def load_what_was_damaged() -> None:
    with kolena_local.session("damaged.db"):
        TestCase("c", test_samples=pairs(*(str(number) for number in range(500))))
    close_stores()
    content = bytearray(Path("damaged.db").read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    Path("damaged.db").write_bytes(content)
    with kolena_local.session("damaged.db"):
        TestCase.load("c").load_test_samples()


def write_while_another_program_does() -> None:
    Model("m")
    with closing(sqlite3.connect(location.resolve(), isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        Model("n")


WAYS: Dict[str, Tuple[Callable[[], Any], Type[Exception], Type[Exception]]] = {
    "InputValidationError": (lambda: Model(" "), errors.InputValidationError, ValueError),
    "IncorrectUsageError": (
        lambda: test(Model("m"), TestSuite("s")),
        errors.IncorrectUsageError,
        RuntimeError,
    ),
    "FrozenObjectError": (set_a_name, errors.FrozenObjectError, RuntimeError),
    "NotFoundError": (lambda: Model.load("m"), errors.NotFoundError, OSError),
    "NameConflictError": (take_a_name_twice, errors.NameConflictError, errors.RemoteError),
    "RemoteError": (upload_twice, errors.RemoteError, OSError),
    "WorkflowMismatchError": (
        load_from_another_workflow,
        errors.WorkflowMismatchError,
        errors.KolenaError,
    ),
    "NotAStoreError, text": (open_what_is_no_store, errors.NotAStoreError, OSError),
    "NotAStoreError, tables": (open_another_programs_database, errors.NotAStoreError, OSError),
    "StoreNewerError": (open_a_store_of_the_future, errors.StoreNewerError, OSError),
    "StoreNotFoundError": (
        open_in_a_folder_that_is_not_there,
        errors.StoreNotFoundError,
        FileNotFoundError,
    ),
    "StoreDamagedError": (load_what_was_damaged, errors.StoreDamagedError, errors.RemoteError),
    "StoreBusyError": (write_while_another_program_does, errors.StoreBusyError, OSError),
}


@pytest.mark.parametrize(("misuse", "error", "builtin"), WAYS.values(), ids=list(WAYS))
def test_each_error_happens_and_says_something(
    misuse: Callable[[], Any],
    error: Type[Exception],
    builtin: Type[Exception],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kolena_local.repository.file.connection.BUSY_SECONDS", 0.05)
    with pytest.raises(error) as caught:
        misuse()
    assert isinstance(caught.value, (builtin, errors.KolenaError))
    assert isinstance(caught.value, builtin) and isinstance(caught.value, errors.KolenaError)
    message = str(caught.value)
    assert len(message.split()) > 3
    assert message[0].isupper() and message.endswith(".") and not message.endswith("..")


@pytest.mark.parametrize(
    "call",
    [
        lambda **more: Model("m", **more),
        lambda **more: Model.create("m", **more),
        lambda **more: TestCase("c", **more),
        lambda **more: TestCase.load("c", **more),
        lambda **more: TestSuite("s", **more),
        lambda **more: TestSuite.load_all(**more),
        lambda **more: test(Model("m"), TestSuite("s"), **more),
        lambda **more: define_workflow("animals", Photo, Animal, Guess, **more),
    ],
)
def test_an_unknown_keyword_is_refused(call: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="surprise"):
        call(surprise=1)


def test_a_sample_that_cannot_be_stored_leaves_nothing() -> None:
    with pytest.raises(errors.InputValidationError, match="locator"):
        TestCase("c", test_samples=[*pairs("a"), (Photo({1}), Animal("cat"))])  # type: ignore[arg-type]
    with pytest.raises(errors.NotFoundError):
        TestCase.load("c")


def test_an_exception_between_two_edits_leaves_the_first() -> None:
    case = TestCase("c")
    for name in "ab":
        with case.edit() as editor:
            editor.add(photo(name), Animal("cat"))
    with pytest.raises(ZeroDivisionError), case.edit() as editor:
        editor.remove(photo("a"))
        _ = 1 / 0
    assert (case.version, len(TestCase.load("c").load_test_samples())) == (2, 2)


def test_messages_are_quiet_by_default_and_printed_when_wanted(
    capfd: pytest.CaptureFixture[str],
) -> None:
    Model("m", metadata={"seed": 0})
    Model("m")
    with pytest.raises(errors.NotFoundError):
        Model.load("n")
    assert capfd.readouterr() == ("", "")
    kolena_local.initialize(verbose=True)
    Model("m")
    out, err = capfd.readouterr()
    assert "loaded model 'm'" in out and err == ""
    kolena_local.initialize(verbose=False)
    Model("m")
    assert capfd.readouterr() == ("", "")


def test_a_message_that_cannot_be_printed_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kolena_local.initialize(verbose=True)
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", narrow)
    assert Model("größe").name == "größe"
    narrow.seek(0)
    assert "created model 'gr\\xf6\\xdfe'" in narrow.read()
    narrow.close()
    monkeypatch.setattr("logging.raiseExceptions", False)
    assert Model("größe").name == "größe"
    kolena_local.initialize(verbose=False)


def test_initialize_takes_and_ignores_whatever_the_original_takes(store_path: Path) -> None:
    kolena_local.initialize("entity", "token", "more", entity="e", proxies={})
    kolena_local.initialize(api_token="token", verbose=False, db=store_path)
    Model("m", infer=cat)
    assert store_path.exists()
    kolena_local.initialize(db=":memory:", verbose=False)
    with pytest.raises(errors.NotFoundError):
        Model.load("m")
    kolena_local.initialize(verbose=False)
    with pytest.raises(errors.NotFoundError):
        Model.load("m")


def test_a_bad_value_among_many_says_which_it_is() -> None:
    content = pairs("a", "b")
    bad = Guess({"no": "text"})
    with pytest.raises(errors.InputValidationError, match=r"^test_samples\[1\]: Animal\..*\w\.$"):
        TestCase("c", test_samples=[content[0], (content[1][0], Animal({"no": "text"}))])
    suite = TestSuite("s", test_cases=[TestCase("c", test_samples=content)])
    with pytest.raises(errors.InputValidationError, match=r"^inferences\[1\]: Guess\..*\w\.$"):
        TestRun(Model("m"), suite).upload_inferences(
            [(photo("a"), Guess("cat")), (photo("b"), bad)]
        )
    with pytest.raises(
        errors.InputValidationError,
        match=r"^The inference for the test sample .*\ba\b.*: Guess\..*\w\.$",
    ):
        test(Model("m", infer=lambda sample: bad), suite)


@dataclass(frozen=True)
class Numbered(Image):
    number: int = 0
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True)
class Count(GroundTruth):
    numbers: List[int] = field(default_factory=list)


@pytest.mark.parametrize(
    ("sample", "truth"),
    [
        (Numbered("a", number=10**5000), Count()),
        (Numbered("a", metadata={"n": 10**5000}), Count()),
        (Numbered("a", metadata={"n": [math.nan, -(10**5000)]}), Count()),
        (Numbered("a"), Count([1, 10**5000])),
    ],
)
def test_an_integer_too_long_to_be_stored_is_refused_in_a_sentence_of_ours(
    sample: Numbered, truth: Count
) -> None:
    _, NumberCase, _, NumberModel = define_workflow("numbers", Numbered, Count, Inference)
    with pytest.raises(errors.InputValidationError, match="store it as text"):
        NumberCase("c", test_samples=[(sample, truth)])
    with pytest.raises(errors.NotFoundError):
        NumberCase.load("c")
    with pytest.raises(errors.InputValidationError, match="store it as text"):
        NumberModel("m", metadata=sample.metadata or {"n": math.inf, "m": 10**5000})
