"""The schema of a class takes what is stored of its objects, and not much else."""

import dataclasses
import enum
from typing import Any, List, Literal, Optional, Tuple, Union

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kolena_local import payload
from kolena_local.annotation import LabeledBoundingBox, ScoredLabel
from kolena_local.errors import InputValidationError
from kolena_local.exchange.schema_check import SchemaError, fitting, without_null
from kolena_local.serialization.data_object import DataObject
from kolena_local.serialization.schema import schema_of
from kolena_local.serialization.write import write as encode
from kolena_local.workflow import Image, ImagePair
from tests.conftest import IS_LONG
from tests.serialization.generated import instances


class Colour(str, enum.Enum):
    RED = "red"


@dataclasses.dataclass(frozen=True)
class Tree(DataObject):
    name: str
    at: Tuple[float, int]
    best: Optional[ScoredLabel] = None
    boxes: List[LabeledBoundingBox] = dataclasses.field(default_factory=list)
    twins: Optional[List["Tree"]] = None
    colour: Colour = Colour.RED
    size: Literal["s", "m"] = "s"
    either: Union[int, str, None] = None
    doubled: str = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "doubled", self.name * 2)


def stored(made: Any) -> Any:
    return payload.loads(payload.dumps(encode(made)))


@settings(max_examples=settings.default.max_examples * (8 if IS_LONG else 4))
@given(instances())
def test_what_is_stored_fits_and_stays_as_it_is(made: Any) -> None:
    schema = payload.loads(payload.dumps(schema_of(type(made))))
    content = stored(made)
    assert payload.dumps(fitting(schema)(content)) == payload.dumps(content)


@settings(max_examples=settings.default.max_examples * (4 if IS_LONG else 2))
@given(instances(), st.data())
def test_an_object_where_a_value_belongs_or_a_missing_value_does_not_slip_through(
    made: Any, data: st.DataObject
) -> None:
    schema, content = schema_of(type(made)), stored(made)
    assume(schema["required"])
    name = data.draw(st.sampled_from(schema["required"]))
    fit = fitting(schema)
    with pytest.raises(SchemaError, match="is expected"):
        fit({key: value for key, value in content.items() if key != name})
    with pytest.raises(SchemaError, match="is expected") as misfit:
        fit({**content, name: {"surely": [{"no": "field"}]}})
    assert misfit.value.path.startswith(f".{name}")


def test_a_schema_names_fields_types_and_repeated_objects() -> None:
    schema = schema_of(Tree)
    assert list(schema["properties"]) == [
        "name", "at", "best", "boxes", "twins", "colour", "size", "either", "doubled"
    ]  # fmt: skip
    assert schema["required"] == ["name", "at"]
    assert schema["properties"]["best"] == {
        "anyOf": [{"$ref": "#/$defs/ScoredLabel"}, {"type": "null"}]
    }
    box = schema["$defs"]["LabeledBoundingBox"]
    assert list(box["properties"]) == ["top_left", "bottom_right", "label", "data_type"]
    assert box["properties"]["data_type"] == {"const": "ANNOTATION/BOUNDING_BOX"}
    assert set(schema["$defs"]) == {"ScoredLabel", "LabeledBoundingBox", "Tree"}


def test_metadata_are_no_part_of_a_samples_schema() -> None:
    assert list(schema_of(Image)["properties"]) == ["locator", "data_type"]
    pair = schema_of(ImagePair)
    assert list(pair["$defs"]["Image"]["properties"]) == ["locator", "data_type"]


def test_values_come_back_as_they_are_stored() -> None:
    tree = {"name": "oak", "at": [1, 2.0], "twins": [{"name": "elm", "at": [1.5, 2]}], "either": 5}
    fitted = fitting(schema_of(Tree))(tree)
    assert payload.dumps(fitted) == (
        '{"name":"oak","at":[1.0,2],"twins":[{"name":"elm","at":[1.5,2]}],"either":5}'
    )
    labelled = fitting(schema_of(Tree))({**tree, "best": {"label": "a", "score": 1}})
    assert isinstance(labelled, dict)
    assert labelled["best"] == {"label": "a", "score": 1.0, "data_type": "ANNOTATION/LABEL"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": 5}, "text is expected at $.name, not 5"),
        ({"name": None}, "text is expected at $.name, not null"),
        ({"at": [1, 2, 3]}, "a list of 2 values is expected at $.at, not [1, 2, 3]"),
        ({"at": [1, 2.5]}, "a whole number is expected at $.at[1], not 2.5"),
        ({"at": [True, 2]}, "a number is expected at $.at[0], not true"),
        ({"at": "12"}, "a list of 2 values is expected at $.at, not '12'"),
        ({"colour": "blue"}, "'red' is expected at $.colour, not 'blue'"),
        ({"size": "l"}, "'s' or 'm' is expected at $.size, not 'l'"),
        ({"either": 0.5}, "a whole number or text or null is expected at $.either, not 0.5"),
        ({"best": {"label": "a"}}, "a number is expected at $.best.score, not nothing"),
        (
            {"best": {"label": "a", "score": 1, "data_type": "x"}},
            "'ANNOTATION/LABEL' is expected at $.best.data_type, not 'x'",
        ),
        (
            {"twins": [{"name": "a", "at": [1, 2], "twins": [{}]}]},
            "text is expected at $.twins[0].twins[0].name, not nothing",
        ),
        ({"boxes": {}}, "a list is expected at $.boxes, not {}"),
    ],
)
def test_a_misfit_names_its_path_and_what_is_expected(change: Any, message: str) -> None:
    with pytest.raises(SchemaError) as misfit:
        fitting(schema_of(Tree))({"name": "oak", "at": [1.0, 2], **change})
    assert str(misfit.value) == message


@pytest.mark.parametrize("definitions", [{}, {"A": {"$ref": "#/$defs/A"}}])
def test_a_definition_that_stands_for_nothing_is_refused(definitions: Any) -> None:
    schema = {"$ref": "#/$defs/A"}
    root = {**schema, "$defs": definitions}
    with pytest.raises(InputValidationError, match="stands for nothing"):
        fitting(root)(1)
    with pytest.raises(InputValidationError, match="stands for nothing"):
        without_null(schema, root)
