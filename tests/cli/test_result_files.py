"""Files that well-known programs write become datasets and results without Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kolena_local.dataset import download_dataset, download_results
from tests.cli.conftest import Invoke

ANNOTATIONS: dict[str, Any] = {
    "info": {"year": 2017},
    "licenses": [],
    "images": [
        {"id": 397133, "file_name": "000000397133.jpg", "width": 640, "height": 427, "license": 4},
        {"id": 37777, "file_name": "000000037777.jpg", "width": 352, "height": 230, "license": 1},
        {"id": 252219, "file_name": "000000252219.jpg", "width": 640, "height": 428, "license": 2},
    ],
    "annotations": [
        {"id": 1, "image_id": 397133, "category_id": 44, "bbox": [217.62, 240.54, 38.99, 57.75]}
        | {"iscrowd": 0, "area": 1481.38, "segmentation": [[224.24, 297.18, 228.29, 297.18]]},
        {"id": 2, "image_id": 397133, "category_id": 1, "bbox": [388.66, 69.92, 109.41, 277.62]}
        | {"iscrowd": 0, "area": 17376.91},
        {"id": 3, "image_id": 37777, "category_id": 1, "bbox": [10, 10, 100, 100]}
        | {"iscrowd": 1, "area": 9000.0, "segmentation": {"counts": [1], "size": [230, 352]}},
        {"id": 4, "image_id": 37777, "category_id": 44, "bbox": [200, 20, 30, 40], "iscrowd": 0},
    ],
    "categories": [
        {"id": 1, "name": "person", "supercategory": "person"},
        {"id": 44, "name": "bottle", "supercategory": "kitchen"},
        {"id": 90, "name": "toothbrush", "supercategory": "indoor"},
    ],
}
DETECTIONS: list[dict[str, Any]] = [
    {"image_id": 397133, "category_id": 44, "bbox": [217.0, 240.0, 39.0, 58.0], "score": 0.9},
    {"image_id": 397133, "category_id": 1, "bbox": [388.0, 70.0, 110.0, 277.0], "score": 0.8},
    # A crowd is neither right nor wrong.
    {"image_id": 37777, "category_id": 1, "bbox": [10, 10, 98, 98], "score": 0.95},
    {"image_id": 252219, "category_id": 90, "bbox": [0, 0, 5, 5], "score": 0.7},
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, content: Any) -> str:
    Path(name).write_text(json.dumps(content))
    return name


@pytest.mark.filterwarnings("default::kolena_local.errors.KolenaWarning")
def test_coco_annotations_and_detections_become_matches(invoke: Invoke) -> None:
    done = invoke("datasets", "upload", write("val2017.json", ANNOTATIONS))
    assert "dataset 'val2017': 3 new, 0 changed, 0 unchanged.\n" in done.stderr
    images = download_dataset("val2017")
    assert images.drop(columns="ground_truths").to_dict("records")[0] == {
        "locator": "000000397133.jpg",
        "image_id": 397133,
        "width": 640,
        "height": 427,
        "license": 4,
    }
    (crowd, _), bottle = images["ground_truths"][1], images["ground_truths"][0][0]
    found = crowd.label, crowd.iscrowd, crowd.coco_area, crowd.area
    assert found == ("person", True, 9000.0, 10000.0)
    assert bottle.bottom_right == pytest.approx((256.61, 298.29))
    results = ["datasets", "results", "val2017", "resnet", write("detections.json", DETECTIONS)]
    done = invoke(*results, "--config", '{"threshold_strategy": 0.5}')
    assert "do not tell the names of category 90; detections are labeled" in done.stderr
    assert done.stderr.endswith("resnet on the dataset 'val2017': 3 new, 0 changed.\n")
    _, [(config, found)] = download_results("val2017", "resnet")
    assert config == {"threshold_strategy": 0.5, "iou_threshold": 0.5, "min_confidence_score": 0.01}
    counts = found[["count_TP", "count_FP", "count_FN"]]
    assert counts.to_numpy().tolist() == [[2, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert [it.label for it in found["raw_inferences"][2]] == ["category 90"]
    write("detections.json", DETECTIONS[:2])
    assert invoke(*results, "--config", '{"iou_threshold": 0.999}').exit_code == 0
    _, both = download_results("val2017", "resnet")
    assert both[1].results["count_TP"].tolist() == [0, 0, 0]
    again = ["datasets", "results", "val2017", "other", "detections.json"]
    invoke(*again, "--config", '{"iou_threshold": 0.999}')
    compared = ["compare", "resnet", "other", "-s", "val2017"]
    done = invoke(*compared, "--fail-on", "worse", "--json")
    rows = json.loads(done.stdout)
    assert done.exit_code == 0
    assert {row["metric"] for row in rows} == {"count_TP", "count_FP", "count_FN"}
    assert "Not compared, because nothing says whether higher or lower is better:" in done.stderr
    assert "'max_confidence_above_t'" in done.stderr
    named = ("--higher-is-better", "max_confidence_above_t")
    for option in (named, ("--metric", named[1])):
        rows = json.loads(invoke(*compared, *option, "--json").stdout)
        assert named[1] in {row["metric"] for row in rows}
    choice = invoke("leaderboard", "val2017", "--model", "other").stderr
    assert "several metrics: count_TP, count_FP, count_FN; choose one" in choice


@pytest.mark.filterwarnings("default::kolena_local.errors.KolenaWarning")
def test_detections_in_images_without_objects_are_stored_as_they_are(invoke: Invoke) -> None:
    Path("images.csv").write_text("image_id,locator\n397133,a.png\n1,b.png")
    invoke("datasets", "upload", "images.csv")
    done = invoke("datasets", "results", "images", "m", write("some.json", DETECTIONS))
    assert "2 detections in 'some.json' were left out" in done.stderr
    _, [(config, found)] = download_results("images", "m")
    assert config is None
    assert [len(it) for it in found["raw_inferences"]] == [2, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda it: it["images"][1].update(id=397133), "images[1] has the same id as"),
        (lambda it: it["images"][1].pop("file_name"), "images[1] has no 'coco_url'."),
        (
            lambda it: it["annotations"][2].pop("bbox"),
            "Error: 'bad.json': annotations[2] has no 'bbox'.\n",
        ),
        (
            lambda it: it["annotations"][2].update(bbox=[1, 2, 3]),
            "annotations[2]: 'bbox' must be four numbers (x, y, width, height), not [1, 2, 3].",
        ),
        (lambda it: it["annotations"][0].update(image_id=5), "no image has the id 5."),
        (lambda it: it["annotations"][0].update(category_id=5), "no category has the id 5."),
        (lambda it: it.update(images={}), "'images' must be a list, not {}."),
        (lambda it: it.pop("categories"), "'bad.json' has no COCO annotations"),
    ],
)
def test_wrong_annotations_are_named(invoke: Invoke, change: Any, message: str) -> None:
    content = json.loads(json.dumps(ANNOTATIONS))
    change(content)
    failed = invoke("datasets", "upload", write("bad.json", content))
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert message in failed.stderr


def test_wrong_detections_are_named(invoke: Invoke) -> None:
    invoke("datasets", "upload", write("val.json", ANNOTATIONS))
    Path("cut.json").write_text("[{")
    Path("other.csv").write_text("locator\na.png")
    invoke("datasets", "upload", "other.csv")
    for dataset, content, message in [
        ("val", [DETECTIONS[0], {"image_id": 37777}], "'bad.json': [1] has no 'category_id'."),
        ("val", [{**DETECTIONS[0], "score": "0.9"}], "[0]: 'score' must be a number, not '0.9'."),
        ("val", [{**DETECTIONS[0], "image_id": 7}], "No detection in 'bad.json' has the image_id"),
        ("val", ANNOTATIONS, "'bad.json' has no COCO detection results"),
        ("other", DETECTIONS, "The dataset 'other' has no column 'image_id'"),
    ]:
        failed = invoke("datasets", "results", dataset, "m", write("bad.json", content))
        assert failed.exit_code == 1
        assert message in failed.stderr
    failed = invoke("datasets", "results", "val", "m", "cut.json")
    assert "'cut.json' cannot be read as JSON" in failed.stderr


@pytest.mark.filterwarnings("always::kolena_local.errors.KolenaWarning")
def test_a_misspelled_setting_of_detections_is_said_to_change_nothing(invoke: Invoke) -> None:
    invoke("datasets", "upload", write("val.json", ANNOTATIONS))
    command = ("datasets", "results", "val", "m", write("found.json", DETECTIONS), "--config")
    warning = (
        "'iou' in the configuration does not change how detections are matched; only"
        " iou_threshold, threshold_strategy and min_confidence_score do."
    )
    assert warning in invoke(*command, '{"iou": 0.75}').stderr
    assert warning not in invoke(*command, '{"iou_threshold": 0.75}').stderr


def sample(doc_id: int, name: str, said: str, exact: float) -> dict[str, Any]:
    return {
        "doc_id": doc_id,
        "doc": {"question": f"What is {doc_id} + 1?", "answer": f"#### {doc_id + 1}"},
        "target": f"#### {doc_id + 1}",
        "arguments": {"gen_args_0": {"arg_0": f"Q: What is {doc_id} + 1?", "arg_1": {"until": []}}},
        "resps": [[f"It is {doc_id + 1}."]],
        "filtered_resps": [said],
        "filter": name,
        "metrics": ["exact_match"],
        "doc_hash": f"d{doc_id}",
        "prompt_hash": "p",
        "target_hash": "t",
        "exact_match": exact,
    }


def write_log(name: str, samples: list[dict[str, Any]]) -> str:
    Path(name).write_text("".join(json.dumps(it) + "\n" for it in samples))
    return name


def test_sample_logs_of_lm_eval_become_a_configuration_for_each_filter(invoke: Invoke) -> None:
    samples = [
        *(sample(i, "strict-match", "[invalid]", 0.0) for i in range(3)),
        *(sample(i, "flexible-extract", f"{i + 1}.", 1.0) for i in range(3)),
    ]
    log = write_log("samples_gsm8k_2025-01-15T10-00-00.123456.jsonl", samples)
    done = invoke("datasets", "upload", log, "--name", "gsm8k")
    assert "dataset 'gsm8k': 3 new, 0 changed, 0 unchanged.\n" in done.stderr
    assert download_dataset("gsm8k").to_dict("records")[2] == {
        name: samples[2][name] for name in ("doc_id", "doc", "target")
    }
    assert invoke("datasets", "results", "gsm8k", "llama", log).exit_code == 0
    _, (strict, flexible) = download_results("gsm8k", "llama")
    assert (strict.eval_config, flexible.eval_config) == (
        {"filter": "strict-match"},
        {"filter": "flexible-extract"},
    )
    assert flexible.results["exact_match"].tolist() == [1.0, 1.0, 1.0]
    assert list(strict.results) == [
        *("doc_id", "arguments", "resps", "filtered_resps", "exact_match"),
    ]
    old = [{key: it for key, it in one.items() if key != "filter"} for one in samples[3:]]
    for model, content in (("old", old), ("one", [{**it, "filter": "none"} for it in old])):
        invoke("datasets", "results", "gsm8k", model, write_log("one.jsonl", content))
        _, [(config, results)] = download_results("gsm8k", model)
        assert (config, results["exact_match"].tolist()) == (None, [1.0, 1.0, 1.0])
    compared = invoke("compare", "old", "one", "-s", "gsm8k", "--json", "--metric", "exact_match")
    assert json.loads(compared.stdout)[0]["verdict"] is not None


def test_a_log_of_another_task_is_refused(invoke: Invoke) -> None:
    samples = [sample(i, "none", "", 0.0) for i in range(2)]
    other = {**samples[1], "doc": {"query": "Which is larger?"}}
    log = write_log("log.jsonl", samples)
    invoke("datasets", "upload", log)
    for command, content, message in [
        (
            ("results", "log", "m"),
            [samples[0], other],
            "sample 2 has the doc_id 1 of another doc in",
        ),
        (("upload",), [*samples, other], "'bad.jsonl': sample 3 has the doc_id 1 of another doc;"),
        (("upload",), [{**other, "doc_id": None}], "sample 1 needs a whole number or a string as"),
        (("results", "log", "m"), [*samples, samples[0]], "Several rows have the same doc_id"),
    ]:
        failed = invoke("datasets", *command, write_log("bad.jsonl", content))
        assert failed.exit_code == 1
        assert message in failed.stderr


def test_probabilities_of_classes_become_predictions(invoke: Invoke) -> None:
    Path("digits.csv").write_text("id,label\na,0\nb,7\nc,7")
    Path("proba.csv").write_text("0,7,id\n0.9,0.1,a\n0.25,0.75,b\n0.5,0.5,c")
    invoke("datasets", "upload", "digits.csv")
    results = ["datasets", "results", "digits", "forest"]
    done = invoke(*results, "proba.csv", "--proba", "--correct", "label=prediction")
    assert done.exit_code == 0
    _, [(_, found)] = download_results("digits", "forest")
    assert found.to_dict("list") == {
        "id": ["a", "b", "c"],
        "prediction": [0, 7, 0],
        "confidence": [0.9, 0.75, 0.5],
        "probabilities": [{"0": 0.9, "7": 0.1}, {"0": 0.25, "7": 0.75}, {"0": 0.5, "7": 0.5}],
        "correct": [True, True, False],
    }
    for content, message in [
        ("id,0,7\na,0.9,0.1\nb,0.9,0.3", "the probabilities in row 2 sum to 1.2 instead of 1;"),
        ("id,0,7,seconds\na,0.9,0.1,12", "row 1 has 12 in the column 'seconds', which is not a"),
        ("id,0,7\na,0.9,", "with --proba, all columns but id are classes"),
        ("id,0\na,1", "no columns for two or more classes"),
    ]:
        Path("bad.csv").write_text(content)
        failed = invoke(*results, "bad.csv", "--proba")
        assert failed.exit_code == 1
        assert message in failed.stderr


@pytest.mark.filterwarnings("default::kolena_local.errors.KolenaWarning")
def test_exports_of_hugging_face_have_names_of_labels_and_paths_of_images(invoke: Invoke) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    label = {"names": ["healthy", "rust"], "_type": "ClassLabel"}
    boxes = {"bbox": {"feature": {"dtype": "float32", "_type": "Value"}, "_type": "Sequence"}}
    features = {
        "image": {"_type": "Image"},
        "text": {"dtype": "string", "_type": "Value"},
        "labels": label,
        "objects": {"feature": {**boxes, "category": label}, "_type": "Sequence"},
        "others": [{"kind": label}],
    }
    rows = [
        {
            "image": {"bytes": b"\x89PNG", "path": f"{name}.png"},
            "text": "007",
            "labels": number,
            "objects": {"bbox": [[1.0, 2.0, 3.0, 4.0]], "category": [1]},
            "others": [{"kind": 0}],
        }
        for name, number in (("a", 1), ("b", -1))
    ]
    described = {"huggingface": json.dumps({"info": {"features": features}})}
    table = pa.Table.from_pylist(rows)
    parquet.write_table(table.replace_schema_metadata(described), "beans.parquet")
    assert invoke("datasets", "upload", "beans.parquet", "--id", "locator").exit_code == 0
    first, second = download_dataset("beans").to_dict("records")
    assert first == {
        "locator": "a.png",
        "text": "007",
        "labels": "rust",
        "objects": {"bbox": [[1.0, 2.0, 3.0, 4.0]], "category": ["rust"]},
        "others": [{"kind": "healthy"}],
    }
    assert second["labels"] is None
    # Without a description, as pandas writes such a table again, and without paths.
    unnamed = [{"id": 1, "image": {"bytes": b"x", "path": None}, "labels": 1}]
    schema = pa.schema(
        [
            ("id", pa.int64()),
            ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
            ("labels", pa.int64()),
        ]
    )
    parquet.write_table(pa.Table.from_pylist(unnamed, schema), "mnist.parquet")
    done = invoke("datasets", "upload", "mnist.parquet")
    assert "The column 'image' of 'mnist.parquet' was left out: it has no paths" in done.stderr
    assert download_dataset("mnist").to_dict("records") == [{"id": 1, "labels": 1}]
