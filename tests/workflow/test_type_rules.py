"""Which types fields may have, and what a refused one is told."""

import dataclasses
from typing import (
    Annotated,
    Any,
    ClassVar,
    Dict,
    List,
    Literal,
    Optional,
    Sequence,
    Tuple,
    Type,
    Union,
)

import numpy as np
import pytest

from kolena_local.annotation import Annotation, BoundingBox, Label, ScoredLabel
from kolena_local.asset import Asset, ImageAsset
from kolena_local.errors import InputValidationError
from kolena_local.serialization.data_object import DataObject
from kolena_local.serialization.type_shapes import is_class
from kolena_local.workflow import test_sample
from kolena_local.workflow.ground_truth import GroundTruth
from kolena_local.workflow.test_sample import (
    BaseVideo,
    Composite,
    Image,
    ImagePair,
    Metadata,
    TestSample,
    Text,
)
from kolena_local.workflow.type_rules import (
    check_ground_truth_type,
    check_inference_type,
    check_metrics_test_case,
    check_metrics_test_sample,
    check_metrics_test_suite,
    check_test_sample_type,
)


class Thresholded(DataObject):
    threshold: float

    @classmethod
    def _data_type(cls) -> str:
        return "METRICS/THRESHOLDED"


class Word(str):
    pass


class OwnBox(BoundingBox):
    occluded: bool


class Plain(DataObject):
    label: str


CONTENT = [
    *(str, bool, int, float, np.float64, Word, BoundingBox, OwnBox, ImageAsset, Thresholded),
    *(List[str], list[int], List[BoundingBox], List[Thresholded], List[Optional[float]]),
    *(List[Union[Label, BoundingBox]], List["BoundingBox"], list[int | None]),
    *(Optional[str], Optional[List[Label]], Union[int, str, None], Union[List[int], List[str]]),
    *(Union[Label, List[Label], None], Optional[Annotated[int, "a note"]]),
    *(int | None, list[BoundingBox] | None, Label | ImageAsset),
    *("str", "Optional[BoundingBox]", "list[int | None]"),
]
REFUSED = [
    *(list, List, List[List[int]], List[Any], Tuple[int, int], Dict[str, int], Sequence[int]),
    *(Literal["a"], ClassVar[int], Any, object, bytes, None, np.ndarray, Annotated[int, "a note"]),
    *(Annotation, Asset, List[Annotation], Optional[Asset], Plain, List[Plain], Image, List[Image]),
    *(
        Optional[Dict[str, int]],
        Union[int, bytes],
        List[None],
        tuple,
        complex,
        "Plain",
        int | bytes,
    ),
]


def class_with(base: Type[Any], annotation: Any, name: str = "value") -> Any:
    """Return an undecorated class with one field."""
    body = {"__annotations__": {name: annotation}, "__module__": __name__}
    return type(base)("Own" + base.__name__, (base,), body)


@pytest.mark.parametrize("annotation", CONTENT, ids=str)
def test_content_that_is_allowed(annotation: Any) -> None:
    for base in (TestSample, Image, Composite):
        check_test_sample_type(class_with(base, annotation))
    cls = class_with(GroundTruth, annotation)
    check_ground_truth_type(cls, Image)
    check_inference_type(cls, ImagePair)
    check_metrics_test_sample(cls)


@pytest.mark.parametrize("annotation", REFUSED, ids=str)
def test_content_that_is_refused(annotation: Any) -> None:
    for base in (TestSample, Image):
        with pytest.raises(InputValidationError, match=refused(base)):
            check_test_sample_type(class_with(base, annotation))
    cls = class_with(GroundTruth, annotation)
    with pytest.raises(InputValidationError, match=refused(GroundTruth)):
        check_ground_truth_type(cls, Image)
    for check in (lambda: check_inference_type(cls, Image), lambda: check_metrics_test_sample(cls)):
        with pytest.raises(ValueError, match=r"OwnGroundTruth\.value"):
            check()


def refused(base: Type[Any]) -> str:
    return rf"Own{base.__name__}\.value is .*allowed types: str, bool"


def test_the_name_data_type_is_taken() -> None:
    with pytest.raises(InputValidationError, match=r"OwnGroundTruth\.data_type .*rename"):
        check_ground_truth_type(class_with(GroundTruth, str, "data_type"), Image)


def test_only_the_class_itself_is_looked_at() -> None:
    check_ground_truth_type(class_with(class_with(GroundTruth, bytes), int), Image)


def test_the_samples_of_the_package_are_allowed() -> None:
    for cls in vars(test_sample).values():
        if is_class(cls) and issubclass(cls, TestSample):
            check_test_sample_type(cls)


@pytest.mark.parametrize(
    "annotation",
    [
        Metadata,
        *(Dict[str, int], dict[str, str], Dict[str, Union[str, float, int, bool, None]]),
        *(
            Dict[str, List[Optional[float]]],
            Dict[str, Union[str, List[str]]],
            dict[str, int | None],
        ),
        *(Dict[str, None], "Metadata", "Dict[str, Optional[str]]"),
    ],
    ids=str,
)
def test_metadata_that_is_allowed(annotation: Any) -> None:
    check_test_sample_type(class_with(Image, annotation, "metadata"))


@pytest.mark.parametrize(
    "annotation",
    [
        *(dict, Dict, Dict[str, Any], Dict[int, str], Dict[Word, str], Dict[str, Dict[str, str]]),
        *(Dict[str, Label], Optional[Metadata], Dict[str, List[List[int]]], str, List[str]),
    ],
    ids=str,
)
def test_metadata_that_is_refused(annotation: Any) -> None:
    with pytest.raises(
        InputValidationError, match=r"OwnImage\.metadata is .*allowed types: Dict\[str"
    ):
        check_test_sample_type(class_with(Image, annotation, "metadata"))


def test_metadata_belongs_to_samples_only() -> None:
    with pytest.raises(InputValidationError, match="metadata"):
        check_ground_truth_type(class_with(GroundTruth, Metadata, "metadata"), Image)


def of_type(base: Any, data_type: str) -> Any:
    return type(base)("Typed", (base,), {"_data_type": classmethod(lambda cls: data_type)})


def test_a_sample_stays_in_its_category() -> None:
    check_test_sample_type(of_type(Image, "TEST_SAMPLE/OWN"))
    check_test_sample_type(of_type(TestSample, "TEST_SAMPLE/CUSTOM"))
    for data_type in ("TEST_SAMPLE/OWN", "TEST_SAMPLE/IMAGE", "ANNOTATION/LABEL"):
        with pytest.raises(InputValidationError, match=r"Typed has the data type .*extend one of"):
            check_test_sample_type(of_type(TestSample, data_type))


class Video(BaseVideo):
    rate: float


class Pair(Composite):
    left: Image
    right: "Video"
    distance: Optional[float]


class WiderPair(Pair):
    note: Text


def test_composites_are_one_level_deep() -> None:
    check_test_sample_type(Pair)
    check_test_sample_type(WiderPair)
    with pytest.raises(InputValidationError, match=r"OwnComposite\.value is the composite Pair"):
        check_test_sample_type(class_with(Composite, Pair))
    for annotation in (Optional[Image], List[Image], Plain):
        with pytest.raises(
            InputValidationError, match=r"OwnComposite\.value .*; or a test sample by"
        ):
            check_test_sample_type(class_with(Composite, annotation))
    with pytest.raises(InputValidationError, match=r"OwnImage\.value is bytes"):
        check_test_sample_type(class_with(Composite, class_with(Image, bytes)))


@pytest.mark.parametrize("name", ["left", "right", "note"])
def test_what_belongs_to_an_element_may_be_a_data_object(name: str) -> None:
    check_ground_truth_type(class_with(GroundTruth, Plain, name), WiderPair)
    check_ground_truth_type(class_with(GroundTruth, Label, name), WiderPair)
    check_ground_truth_type(class_with(GroundTruth, Optional[int], name), WiderPair)
    for annotation in (List[Plain], Optional[Plain], Annotation, Dict[str, int]):
        with pytest.raises(InputValidationError, match="; or a data object by"):
            check_ground_truth_type(class_with(GroundTruth, annotation, name), WiderPair)
    with pytest.raises(InputValidationError, match=r"OwnDataObject\.value is Plain"):
        check_inference_type(
            class_with(GroundTruth, class_with(DataObject, Plain), name), WiderPair
        )


@pytest.mark.parametrize("name", ["distance", "other"])
def test_other_names_may_not_hold_data_objects(name: str) -> None:
    with pytest.raises(InputValidationError, match=rf"OwnGroundTruth\.{name} is Plain"):
        check_ground_truth_type(class_with(GroundTruth, Plain, name), Pair)


class Case(DataObject):
    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        check_metrics_test_case(cls, Case)


class Suite(DataObject):
    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        check_metrics_test_suite(cls)


class PerClass(Case):
    label: str
    n: Optional[int]


class PerSize(Case):
    size: Union[int, float]


class Deep(Case):
    per_class: List[PerClass]


@pytest.mark.parametrize(
    "annotation",
    [
        *(str, int, float, bool, np.float64, Optional[float], Union[int, str], int | None),
        *(List[PerClass], Optional[List[PerClass]], Union[List[PerClass], List[PerSize]]),
        *(List[Union[PerClass, PerSize]], list[PerClass] | None, "List[PerClass]"),
    ],
    ids=str,
)
def test_metrics_of_a_test_case_that_are_allowed(annotation: Any) -> None:
    class_with(Case, annotation)


@pytest.mark.parametrize(
    "annotation",
    [
        *(List[str], List[int], Label, ImageAsset, Dict[str, float], Any, PerClass),
        *(Optional[PerClass], List[Optional[PerClass]], List[Deep], List[Plain], Thresholded, list),
        *(List[List[PerClass]], "List[Deep]", None),
    ],
    ids=str,
)
def test_metrics_of_a_test_case_that_are_refused(annotation: Any) -> None:
    with pytest.raises(InputValidationError, match=r"(OwnCase\.value|Deep\.per_class) is"):
        class_with(Case, annotation)


def test_a_field_may_be_named_like_its_type() -> None:
    cls = class_with(Case, "List[PerClass]", "PerClass")
    assert cls(PerClass=[{"label": "a", "n": 1}]).PerClass == [PerClass("a", 1)]


@pytest.mark.parametrize("annotation", [str, float, Optional[int], Union[str, float], int | None])
def test_metrics_of_a_test_suite_that_are_allowed(annotation: Any) -> None:
    class_with(Suite, annotation)
    dataclasses.make_dataclass("Made", [("value", annotation)], bases=(Suite,), frozen=True)


@pytest.mark.parametrize("annotation", [List[int], Label, Dict[str, int], Case, List[Case], Any])
def test_metrics_of_a_test_suite_that_are_refused(annotation: Any) -> None:
    with pytest.raises(InputValidationError, match=r"OwnSuite\.value is .*allowed types: str"):
        class_with(Suite, annotation)
    with pytest.raises(InputValidationError, match=r"Made\.value is"):
        dataclasses.make_dataclass("Made", [("value", annotation)], bases=(Suite,), frozen=True)


def test_metrics_may_name_a_class_that_comes_later() -> None:
    cls = class_with(Case, "List[Later]")
    with pytest.raises(InputValidationError, match=r"OwnCase\.value .*'Later'.*move"):
        cls([])
    globals()["Later"] = PerClass
    try:
        assert cls([{"label": "a", "n": 1}]).value == [PerClass("a", 1)]
    finally:
        del globals()["Later"]


def test_metrics_that_name_a_later_class_are_still_checked() -> None:
    cls = class_with(Case, "List[Later]")
    globals()["Later"] = Label
    try:
        with pytest.raises(InputValidationError, match=r"OwnCase\.value is List\[.*Label\]"):
            cls([])
    finally:
        del globals()["Later"]


def test_the_fields_that_are_known_are_checked_at_once() -> None:
    body = {"__annotations__": {"a": "List[Later]", "b": bytes}, "__module__": __name__}
    with pytest.raises(InputValidationError, match=r"Early\.b is bytes"):
        type(Case)("Early", (Case,), body)


def test_a_workflow_needs_every_name() -> None:
    with pytest.raises(InputValidationError, match=r"OwnGroundTruth\.value .*'Nowhere'.*move"):
        check_ground_truth_type(class_with(GroundTruth, "Optional[Nowhere]"), Image)
    with pytest.raises(InputValidationError, match=r"OwnImage\.value has no usable type"):
        check_test_sample_type(class_with(Image, "np.nothing"))


def test_scored_label_is_allowed_where_a_label_is() -> None:
    check_inference_type(class_with(GroundTruth, Optional[ScoredLabel]), Image)


def test_what_is_allowed_by_itself_is_not_said_to_be_allowed_in_a_list() -> None:
    pair, truth = class_with(Composite, List[Image], "a"), class_with(GroundTruth, List[Plain], "a")
    elements = class_with(Composite, Image, "a")
    check_ground_truth_type(class_with(GroundTruth, Plain, "a"), elements)
    for check, kind in (
        (lambda: check_test_sample_type(pair), "a test sample"),
        (lambda: check_ground_truth_type(truth, elements), "a data object"),
    ):
        with pytest.raises(InputValidationError) as raised:
            check()
        assert str(raised.value).endswith(
            f"or Optional, Union or List of these; or {kind} by itself"
        )
