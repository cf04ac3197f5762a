"""The kinds of lines that a store's text form has, and how each is read from the tables and back.

A line has names and digests where the tables have ids. Lines of one kind come in the order of their
keys, kinds in the order of :data:`KINDS`, so that whatever a line refers to stands above it. Here
are the kinds of models and what they were found to do. Private to the text form.
"""

from __future__ import annotations

from typing import Final

from kolena_local.repository.dump.data_lines import TEST_KINDS
from kolena_local.repository.dump.line_types import (
    END,
    LOCATOR,
    SAMPLE,
    Column,
    Kind,
    join_sample,
    tags_of,
)

_RUN: Final = (
    Column("model"),
    Column("test_suite"),
    Column("test_suite_version", "int"),
    Column("evaluator", nullable=True),
)
_CONFIGURATION: Final = (*_RUN, Column("configuration", nullable=True))

_RUN_COLUMNS: Final = (
    "model.name AS model, suite.name AS test_suite, run.test_suite_version,"
    " nullif(run.evaluator, '') AS evaluator"
)
_FROM_RUN: Final = """
    FROM test_run AS run JOIN model ON model.id = run.model_id
    JOIN test_suite AS suite ON suite.id = run.test_suite_id
"""
_CONFIGURATION_COLUMNS: Final = (
    f"{_RUN_COLUMNS}, nullif(configuration.display_name, '') AS configuration"
)
_FROM_CONFIGURATION: Final = f"""
    {_FROM_RUN} JOIN evaluator_configuration AS configuration ON configuration.test_run_id = run.id
"""
_INCOMING_MODEL: Final = "FROM incoming JOIN model ON model.name = incoming.model"
_INCOMING_SUITE: Final = (
    f"{_INCOMING_MODEL} JOIN test_suite AS suite ON suite.name = incoming.test_suite"
)
_INCOMING_RUN: Final = f"""
    {_INCOMING_SUITE}
    JOIN test_run AS run ON run.model_id = model.id AND run.test_suite_id = suite.id
        AND run.test_suite_version = incoming.test_suite_version
        AND run.evaluator = ifnull(incoming.evaluator, '')
"""
_INCOMING_CONFIGURATION: Final = f"""
    {_INCOMING_RUN}
    JOIN evaluator_configuration AS configuration ON configuration.test_run_id = run.id
        AND configuration.display_name = ifnull(incoming.configuration, '')
"""

_RESULT_KINDS: Final = (
    Kind(
        "model",
        (Column("name"),),
        (Column("workflow"), Column("tags", "names"), Column("metadata", "object")),
        f"""
        SELECT model.name, workflow.name AS workflow, {tags_of("model", "model")} AS tags,
            normal_json(model.metadata) AS metadata
        FROM model JOIN workflow ON workflow.id = model.workflow_id
        """,
        (
            f"""
            INSERT INTO model (workflow_id, name, metadata, created_at, updated_at, uid)
            SELECT workflow.id, incoming.name, incoming.metadata, :now, :now, random()
            FROM incoming JOIN workflow ON workflow.name = incoming.workflow {END}
            """,
            """
            INSERT OR IGNORE INTO model_tag (model_id, tag)
            SELECT model.id, tag.value FROM incoming
            JOIN model ON model.name = incoming.name AND model.id > :model
            JOIN json_each(incoming.tags) AS tag
            """,
        ),
    ),
    Kind(
        "inference",
        (Column("model"), SAMPLE),
        (Column("stale", "int"), Column("fields", "object")),
        f"""
        SELECT model.name AS model, sample.digest AS test_sample, inference.stale,
            normal_json(inference.payload) AS fields {LOCATOR}
        FROM inference JOIN model ON model.id = inference.model_id
        JOIN test_sample AS sample ON sample.id = inference.test_sample_id
        """,
        (
            f"""
            INSERT INTO inference (model_id, test_sample_id, stale, payload)
            SELECT model.id, sample.id, incoming.stale, incoming.fields
            {_INCOMING_MODEL} {join_sample("model")} {END}
            """,
        ),
        locator=True,
    ),
    Kind(
        "test_run",
        _RUN,
        (Column("status"), Column("error", "any text", True)),
        # A run that is going on belongs to its process; elsewhere it has yet to begin.
        f"""
        SELECT {_RUN_COLUMNS}, iif(run.status = 'running', 'created', run.status) AS status,
            run.error {_FROM_RUN}
        """,
        (
            f"""
            INSERT INTO test_run (model_id, test_suite_id, test_suite_version, evaluator, status,
                error, created_at, uid)
            SELECT model.id, suite.id, incoming.test_suite_version, ifnull(incoming.evaluator, ''),
                incoming.status, incoming.error, :now, random()
            {_INCOMING_SUITE} JOIN test_suite_version AS made ON made.test_suite_id = suite.id
                AND made.version = incoming.test_suite_version {END}
            """,
        ),
    ),
    Kind(
        "configuration",
        _CONFIGURATION,
        (Column("fields", "object", True),),
        f"""
        SELECT {_CONFIGURATION_COLUMNS}, normal_json(configuration.payload) AS fields
        {_FROM_CONFIGURATION}
        """,
        (
            f"""
            INSERT INTO evaluator_configuration (test_run_id, display_name, payload)
            SELECT run.id, ifnull(incoming.configuration, ''), incoming.fields
            {_INCOMING_RUN} {END}
            """,
        ),
    ),
    Kind(
        "metrics_test_sample",
        (*_CONFIGURATION, Column("test_case", nullable=True), SAMPLE),
        (Column("fields", "object"),),
        f"""
        SELECT {_CONFIGURATION_COLUMNS}, test_case.name AS test_case,
            sample.digest AS test_sample, normal_json(metrics.payload) AS fields {LOCATOR}
        {_FROM_CONFIGURATION} JOIN metrics_test_sample AS metrics
            ON metrics.evaluator_configuration_id = configuration.id
        JOIN test_sample AS sample ON sample.id = metrics.test_sample_id
        LEFT JOIN test_case ON test_case.id = metrics.test_case_id
        """,
        (
            f"""
            INSERT INTO metrics_test_sample
                (evaluator_configuration_id, test_case_id, test_sample_id, payload)
            SELECT configuration.id, test_case.id, sample.id, incoming.fields
            {_INCOMING_CONFIGURATION} {join_sample("model")}
            LEFT JOIN test_case ON test_case.name = incoming.test_case
            WHERE incoming.test_case IS NULL OR test_case.id IS NOT NULL
            ORDER BY incoming.line ON CONFLICT DO NOTHING
            """,
        ),
        locator=True,
    ),
    Kind(
        "metrics_test_case",
        (*_CONFIGURATION, Column("test_case")),
        (Column("fields", "object"),),
        f"""
        SELECT {_CONFIGURATION_COLUMNS}, test_case.name AS test_case,
            normal_json(metrics.payload) AS fields
        {_FROM_CONFIGURATION} JOIN metrics_test_case AS metrics
            ON metrics.evaluator_configuration_id = configuration.id
        JOIN test_case ON test_case.id = metrics.test_case_id
        """,
        (
            f"""
            INSERT INTO metrics_test_case (evaluator_configuration_id, test_case_id, payload)
            SELECT configuration.id, test_case.id, incoming.fields {_INCOMING_CONFIGURATION}
            JOIN test_case ON test_case.name = incoming.test_case {END}
            """,
        ),
    ),
    Kind(
        "metrics_test_suite",
        _CONFIGURATION,
        (Column("fields", "object"),),
        f"""
        SELECT {_CONFIGURATION_COLUMNS}, normal_json(metrics.payload) AS fields
        {_FROM_CONFIGURATION} JOIN metrics_test_suite AS metrics
            ON metrics.evaluator_configuration_id = configuration.id
        """,
        (
            f"""
            INSERT INTO metrics_test_suite (evaluator_configuration_id, payload)
            SELECT configuration.id, incoming.fields {_INCOMING_CONFIGURATION} {END}
            """,
        ),
    ),
    Kind(
        "plot",
        (*_CONFIGURATION, Column("test_case"), Column("position", "int")),
        (Column("fields", "object"),),
        f"""
        SELECT {_CONFIGURATION_COLUMNS}, test_case.name AS test_case, plot.position,
            normal_json(plot.payload) AS fields
        {_FROM_CONFIGURATION} JOIN plot ON plot.evaluator_configuration_id = configuration.id
        JOIN test_case ON test_case.id = plot.test_case_id
        """,
        (
            f"""
            INSERT INTO plot (evaluator_configuration_id, test_case_id, position, payload)
            SELECT configuration.id, test_case.id, incoming.position, incoming.fields
            {_INCOMING_CONFIGURATION} JOIN test_case ON test_case.name = incoming.test_case {END}
            """,
        ),
    ),
)

KINDS: Final = (*TEST_KINDS, *_RESULT_KINDS)
