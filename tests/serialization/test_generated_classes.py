"""What is stored comes back the same, whatever the class and its values."""

import copy
import pickle
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kolena_local import payload
from kolena_local.serialization.data_object import DataObject
from kolena_local.serialization.restore_many import restore_many
from kolena_local.serialization.write import write as encode
from kolena_local.serialization.write_many import write_many
from tests.conftest import IS_LONG
from tests.serialization import generated
from tests.serialization.generated import disguised, instances, make, same


@settings(max_examples=settings.default.max_examples * (8 if IS_LONG else 4))
@given(instances())
def test_what_is_stored_comes_back(made: Any) -> None:
    content = encode(made)
    text = payload.dumps(content)
    loaded = type(made)._from_dict(payload.loads(text))
    assert same(loaded, made)
    assert all(same(read, made) for read in restore_many(type(made), [text, text]))
    assert payload.dumps(encode(loaded)) == text
    assert write_many([made, loaded]) == [text, text]
    assert payload.digest(encode(loaded)) == payload.digest(content)


@given(instances())
def test_what_is_shown_comes_back_too(made: Any) -> None:
    assert same(type(made)._from_dict(made._to_dict()), made)


@given(instances())
def test_copies_are_the_same(made: Any) -> None:
    assert same(copy.copy(made), made)
    assert same(copy.deepcopy(made), made)


@given(st.one_of([kind.values for kind in generated.OBJECTS]))
def test_pickles_are_the_same(made: Any) -> None:
    assert same(pickle.loads(pickle.dumps(made)), made)


@settings(max_examples=settings.default.max_examples * (4 if IS_LONG else 2))
@given(st.data())
def test_the_digest_does_not_depend_on_how_an_object_was_made(data: st.DataObject) -> None:
    forms = ("standard", "ordered", "undecorated")
    cls, fields = data.draw(generated.classes(forms, may_change=False))
    values = [data.draw(kind.values) for kind in fields]
    more = data.draw(generated.extras) if cls.__init__ is DataObject.__init__ else {}
    plainly = encode(make(cls, values, more))
    otherwise = encode(make(cls, disguised(values), disguised(more)))
    assert payload.digest(otherwise) == payload.digest(plainly)
    text = payload.dumps(otherwise)
    assert payload.digest(encode(cls._from_dict(payload.loads(text)))) == payload.digest(plainly)
