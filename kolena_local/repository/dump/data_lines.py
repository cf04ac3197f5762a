"""The types of lines that a dump has.

Lines of one type come in the order of their keys, types in the order of :data:`LINE_TYPES`, so that
whatever a line refers to stands above it. Private to the dump.
"""

from __future__ import annotations

from typing import Final

from kolena_local.repository.dump.line_types import (
    Column,
    LineType,
    Parent,
    made_by,
    named,
    sample_in,
    store_tags,
    tags_of,
)
from kolena_local.repository.freshness import UNKNOWN_AGE, staleness


def _time(name: str, source: str = "") -> Column:
    return Column(name, "time", nullable=True, source=source, missing=(None,))


_WORKFLOW: Final = Column("workflow", source="workflow.name")
_TEST_CASE: Final = Column("test_case", source="test_case.name")
_TEST_SUITE: Final = Column("test_suite", source="test_suite.name")
_MODEL: Final = Column("model", source="model.name")
_SAMPLE: Final = Column("test_sample", "digest", source="test_sample.digest")
_DIGEST: Final = Column("digest", "digest")
_FIELDS: Final = Column("fields", "object", source="payload")
_DIRECTIONS: Final = Column("directions", "directions", nullable=True, missing=(None,))
_VERSION: Final = Column("version", "int")
_MADE_BY: Final = Column(
    "provenance", "maker", nullable=True, source="provenance.digest", missing=(None,)
)
_IS_MAKER_KNOWN: Final = "(incoming.provenance IS NULL OR provenance.id IS NOT NULL)"
_RUN: Final = (
    _MODEL,
    _TEST_SUITE,
    Column("test_suite_version", "int", source="test_run.test_suite_version"),
    Column("evaluator", nullable=True, source="nullif(test_run.evaluator, '')"),
)
_CONFIGURATION: Final = (
    *_RUN,
    Column(
        "configuration", nullable=True, source="nullif(evaluator_configuration.display_name, '')"
    ),
)
# Files have no times unless one store is merged into another.
_CREATED_AT: Final = _time("created_at")
_TIMES: Final = (_CREATED_AT, _time("updated_at"))
_CREATED: Final = {time.name: f"ifnull(incoming.{time.name}, :now)" for time in _TIMES}
_UNLESS_RUNNING: Final = "iif(test_run.status = 'running', NULL, test_run.{})"
_CREATED_VERSION: Final = {"created_at": _CREATED["created_at"], "uid": "random()"}

# Whether results are stale, but not since when: times are left out.
_FRESHNESS: Final = (
    Column("fingerprint", "text", nullable=True, missing=(None,)),
    Column("stale_reason", "text", nullable=True, missing=(UNKNOWN_AGE,)),
    Column(
        "is_stale",
        "int",
        nullable=True,
        source=staleness("evaluator_configuration"),
        missing=(None,),
    ),
)

# What is not there is null, which the table refuses.
_PINS: Final = """
    INSERT INTO test_suite_member
        (test_suite_id, version, position, test_case_id, test_case_version)
    SELECT test_suite.id, incoming.version, pin.key, version.test_case_id, version.version
    FROM incoming JOIN test_suite
        ON test_suite.name = incoming.test_suite
    JOIN json_each(incoming.test_cases) AS pin
    LEFT JOIN test_case ON test_case.name = json_extract(pin.value, '$[0]')
    LEFT JOIN test_case_version AS version ON version.test_case_id = test_case.id
        AND version.version = json_extract(pin.value, '$[1]')
    WHERE true ORDER BY incoming.line ON CONFLICT DO NOTHING
"""
_PINNED: Final = """
    (SELECT json_group_array(json_array(name, version)) FROM (
        SELECT test_case.name, pinned.test_case_version AS version
        FROM test_suite_member AS pinned
        JOIN test_case ON test_case.id = pinned.test_case_id
        WHERE pinned.test_suite_id = test_suite_version.test_suite_id
            AND pinned.version = test_suite_version.version
        ORDER BY pinned.position))
"""

_JOIN_RUN: Final = """
    JOIN model ON model.id = test_run.model_id AND test_run.superseded_at IS NULL
    JOIN test_suite ON test_suite.id = test_run.test_suite_id
"""
_FIND_RUN: Final = """
    JOIN model ON model.name = incoming.model
    JOIN test_suite ON test_suite.name = incoming.test_suite
    JOIN test_run ON test_run.model_id = model.id AND test_run.test_suite_id = test_suite.id
        AND test_run.test_suite_version = incoming.test_suite_version
        AND test_run.evaluator = ifnull(incoming.evaluator, '')
        AND test_run.superseded_at IS NULL
"""


def _configuration_of(child: str) -> Parent:
    return Parent(
        "evaluator_configuration",
        f"""
        JOIN evaluator_configuration
            ON evaluator_configuration.id = {child}.evaluator_configuration_id
        JOIN test_run ON test_run.id = evaluator_configuration.test_run_id {_JOIN_RUN}
        """,
        f"""
        {_FIND_RUN} JOIN evaluator_configuration
            ON evaluator_configuration.test_run_id = test_run.id
            AND evaluator_configuration.display_name = ifnull(incoming.configuration, '')
        """,
    )


LINE_TYPES: Final = (
    LineType(
        "workflow", (Column("name"),), (_CREATED_AT,), values={"created_at": _CREATED["created_at"]}
    ),
    LineType(
        "workflow_types",
        (Column("workflow", source="name"),),
        tuple(
            Column(name, "schema", source=f"{name}_schema")
            for name in ("test_sample", "ground_truth", "inference")
        ),
        selected="inference_schema IS NOT NULL",
        is_inserted=False,
        more=(
            # None counts if a definition has stored its schemas.
            """
            UPDATE workflow SET test_sample_schema = incoming.test_sample,
                ground_truth_schema = incoming.ground_truth, inference_schema = incoming.inference
            FROM incoming
            WHERE incoming.workflow = workflow.name AND workflow.inference_schema IS NULL
            """,
        ),
        table="workflow",
    ),
    LineType(
        "test_sample",
        (_WORKFLOW, _DIGEST),
        (Column("metadata", "object"), _FIELDS),
        (named("workflow", "test_sample"),),
        is_updated=True,
    ),
    LineType(
        "ground_truth",
        (_WORKFLOW, _SAMPLE, _DIGEST),
        (_FIELDS,),
        (
            Parent(
                "test_sample",
                """
                JOIN test_sample ON test_sample.id = ground_truth.test_sample_id
                JOIN workflow ON workflow.id = test_sample.workflow_id
                """,
                """
                JOIN workflow ON workflow.name = incoming.workflow
                JOIN test_sample ON test_sample.workflow_id = workflow.id
                    AND test_sample.digest = incoming.test_sample
                """,
            ),
        ),
        locator=True,
    ),
    LineType(
        "provenance",
        (_DIGEST,),
        (_FIELDS, _CREATED_AT),
        values={"created_at": _CREATED["created_at"]},
    ),
    LineType(
        "test_case",
        (Column("name"),),
        (_WORKFLOW, _VERSION, *_TIMES),
        (named("workflow", "test_case"),),
        _CREATED,
        is_updated=True,
    ),
    LineType(
        "test_case_version",
        (_TEST_CASE, _VERSION),
        (
            Column("samples", "int", source="sample_count"),
            Column("description", "text"),
            _CREATED_AT,
        ),
        (named("test_case", "test_case_version"),),
        _CREATED_VERSION,
        is_updated=True,
    ),
    LineType(
        "test_case_member",
        (_TEST_CASE, Column("position", "int"), Column("added", "int")),
        (
            Column("removed", "int", nullable=True),
            _SAMPLE,
            Column("ground_truth", "digest", source="ground_truth.digest"),
        ),
        (
            named("test_case", "test_case_member"),
            sample_in("test_case.workflow_id", "test_case_member"),
            Parent(
                "ground_truth",
                "JOIN ground_truth ON ground_truth.id = test_case_member.ground_truth_id",
                "JOIN ground_truth ON ground_truth.test_sample_id = test_sample.id"
                " AND ground_truth.digest = incoming.ground_truth",
            ),
        ),
        locator=True,
    ),
    LineType(
        "test_suite",
        (Column("name"),),
        (_WORKFLOW, _VERSION, tags_of("test_suite"), Column("description", "text"), *_TIMES),
        (named("workflow", "test_suite"),),
        _CREATED,
        more=store_tags("test_suite"),
        is_updated=True,
    ),
    LineType(
        "test_suite_version",
        (_TEST_SUITE, _VERSION),
        (Column("test_cases", "pins", source=_PINNED), _CREATED_AT),
        (named("test_suite", "test_suite_version"),),
        _CREATED_VERSION,
        more=(_PINS,),
    ),
    LineType(
        "test_suite_dataset",
        (_TEST_SUITE,),
        (_TEST_CASE,),
        (named("test_suite", "dataset"), named("test_case", "dataset")),
        table="dataset",
    ),
    LineType(
        "test_suite_commit",
        (_TEST_SUITE, Column("number", "int")),
        (
            Column("hash"),
            Column("test_case_version", "int"),
            Column("test_suite_version", "int"),
            *(Column(name, "list") for name in ("id_fields", "columns", "tags")),
            Column("n_added", "int"),
            Column("n_removed", "int"),
            _CREATED_AT,
        ),
        (named("test_suite", "dataset_commit"),),
        {"created_at": _CREATED["created_at"]},
        table="dataset_commit",
    ),
    LineType(
        "test_suite_embedding",
        (_TEST_SUITE, Column("key"), Column("datapoint", "digest")),
        (Column("vector", "vector"),),
        (named("test_suite", "dataset_embedding"),),
        table="dataset_embedding",
    ),
    LineType(
        "test_suite_standard",
        (_TEST_SUITE,),
        (_FIELDS._replace(kind="standard"), _time("updated_at")),
        (named("test_suite", "quality_standard"),),
        {"updated_at": _CREATED["updated_at"]},
        table="quality_standard",
    ),
    LineType(
        "model",
        (Column("name"),),
        (_WORKFLOW, tags_of("model"), Column("metadata", "object"), _MADE_BY, *_TIMES),
        (named("workflow", "model"), made_by("model")),
        {**_CREATED, "uid": "random()"},
        condition=_IS_MAKER_KNOWN,
        more=store_tags("model"),
        is_updated=True,
    ),
    LineType(
        "inference",
        (_MODEL, _SAMPLE),
        (Column("stale", "int"), _MADE_BY, _FIELDS),
        (
            named("model", "inference"),
            sample_in("model.workflow_id", "inference"),
            made_by("inference"),
        ),
        condition=_IS_MAKER_KNOWN,
        locator=True,
    ),
    LineType(
        "test_run",
        _RUN,
        (
            # A run that is going on belongs to its process; elsewhere it has yet to begin.
            Column("status", source="iif(test_run.status = 'running', 'created', test_run.status)"),
            Column("error", "any text", nullable=True),
            _MADE_BY,
            _CREATED_AT,
            _time("started_at", _UNLESS_RUNNING.format("started_at")),
            _time("finished_at", _UNLESS_RUNNING.format("finished_at")),
        ),
        (
            named("model", "test_run"),
            Parent(
                "test_suite",
                "JOIN test_suite ON test_suite.id = test_run.test_suite_id",
                """
                JOIN test_suite ON test_suite.name = incoming.test_suite
                JOIN test_suite_version AS made ON made.test_suite_id = test_suite.id
                    AND made.version = incoming.test_suite_version
                """,
            ),
            made_by("test_run"),
        ),
        {
            **_CREATED_VERSION,
            "test_suite_version": "incoming.test_suite_version",
            "evaluator": "ifnull(incoming.evaluator, '')",
            "status": "incoming.status",
            "started_at": "incoming.started_at",
            "finished_at": "incoming.finished_at",
        },
        condition=_IS_MAKER_KNOWN,
        selected="test_run.superseded_at IS NULL",
    ),
    LineType(
        "configuration",
        _CONFIGURATION,
        (_FIELDS._replace(nullable=True), _DIRECTIONS, *_FRESHNESS, _MADE_BY),
        (
            Parent(
                "test_run",
                f"JOIN test_run ON test_run.id = evaluator_configuration.test_run_id {_JOIN_RUN}",
                _FIND_RUN,
            ),
            made_by("evaluator_configuration"),
        ),
        {
            "display_name": "ifnull(incoming.configuration, '')",
            "stale_since": "iif(incoming.is_stale = 1, :now, NULL)",
        },
        condition=_IS_MAKER_KNOWN,
        table="evaluator_configuration",
    ),
    LineType(
        "metrics_test_sample",
        (*_CONFIGURATION, _TEST_CASE._replace(nullable=True), _SAMPLE),
        (_FIELDS,),
        (
            _configuration_of("metrics_test_sample"),
            sample_in("model.workflow_id", "metrics_test_sample"),
            Parent(
                "test_case",
                "LEFT JOIN test_case ON test_case.id = metrics_test_sample.test_case_id",
                "LEFT JOIN test_case ON test_case.name = incoming.test_case",
            ),
        ),
        condition="(incoming.test_case IS NULL OR test_case.id IS NOT NULL)",
        locator=True,
    ),
    LineType(
        "metrics_test_case",
        (*_CONFIGURATION, _TEST_CASE),
        (_FIELDS,),
        (_configuration_of("metrics_test_case"), named("test_case", "metrics_test_case")),
    ),
    LineType(
        "metrics_test_suite", _CONFIGURATION, (_FIELDS,), (_configuration_of("metrics_test_suite"),)
    ),
    LineType(
        "plot",
        (*_CONFIGURATION, _TEST_CASE, Column("position", "int")),
        (_FIELDS,),
        (_configuration_of("plot"), named("test_case", "plot")),
    ),
)
