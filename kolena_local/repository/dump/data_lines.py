"""Lines of what models are tested on: workflows, samples, ground truths, test cases, test suites.

Private to the text form.
"""

from __future__ import annotations

from typing import Final

from kolena_local.repository.dump.line_types import (
    END,
    LOCATOR,
    SAMPLE,
    Column,
    Kind,
    join_sample,
    tags_of,
)

TEST_KINDS: Final = (
    Kind(
        "workflow",
        (Column("name"),),
        (),
        "SELECT name FROM workflow",
        (f"INSERT INTO workflow (name, created_at) SELECT name, :now FROM incoming {END}",),
    ),
    Kind(
        "test_sample",
        (Column("workflow"), Column("digest", "digest")),
        (Column("metadata", "object"), Column("fields", "object")),
        """
        SELECT workflow.name AS workflow, sample.digest, normal_json(sample.metadata) AS metadata,
            normal_json(sample.payload) AS fields
        FROM test_sample AS sample JOIN workflow ON workflow.id = sample.workflow_id
        """,
        (
            f"""
            INSERT INTO test_sample (workflow_id, digest, payload, metadata)
            SELECT workflow.id, incoming.digest, incoming.fields, incoming.metadata
            FROM incoming JOIN workflow ON workflow.name = incoming.workflow {END}
            """,
        ),
    ),
    Kind(
        "ground_truth",
        (Column("workflow"), SAMPLE, Column("digest", "digest")),
        (Column("fields", "object"),),
        f"""
        SELECT workflow.name AS workflow, sample.digest AS test_sample, truth.digest,
            normal_json(truth.payload) AS fields {LOCATOR}
        FROM ground_truth AS truth JOIN test_sample AS sample ON sample.id = truth.test_sample_id
        JOIN workflow ON workflow.id = sample.workflow_id
        """,
        (
            f"""
            INSERT INTO ground_truth (test_sample_id, digest, payload)
            SELECT sample.id, incoming.digest, incoming.fields
            FROM incoming JOIN workflow ON workflow.name = incoming.workflow
            JOIN test_sample AS sample
                ON sample.workflow_id = workflow.id AND sample.digest = incoming.test_sample {END}
            """,
        ),
        locator=True,
    ),
    Kind(
        "test_case",
        (Column("name"),),
        (Column("workflow"), Column("version", "int")),
        """
        SELECT test_case.name, workflow.name AS workflow, test_case.version
        FROM test_case JOIN workflow ON workflow.id = test_case.workflow_id
        """,
        (
            f"""
            INSERT INTO test_case (workflow_id, name, version, created_at, updated_at)
            SELECT workflow.id, incoming.name, incoming.version, :now, :now
            FROM incoming JOIN workflow ON workflow.name = incoming.workflow {END}
            """,
        ),
    ),
    Kind(
        "test_case_version",
        (Column("test_case"), Column("version", "int")),
        (Column("samples", "int"), Column("description", "text")),
        """
        SELECT test_case.name AS test_case, made.version, made.sample_count AS samples,
            made.description
        FROM test_case_version AS made JOIN test_case ON test_case.id = made.test_case_id
        """,
        (
            f"""
            INSERT INTO test_case_version
                (test_case_id, version, description, sample_count, created_at, uid)
            SELECT test_case.id, incoming.version, incoming.description, incoming.samples, :now,
                random()
            FROM incoming JOIN test_case
                ON test_case.name = incoming.test_case AND test_case.id > :test_case {END}
            """,
        ),
    ),
    Kind(
        "test_case_member",
        (Column("test_case"), Column("position", "int"), Column("added", "int")),
        (Column("removed", "int", True), SAMPLE, Column("ground_truth", "digest")),
        f"""
        SELECT test_case.name AS test_case, member.position, member.added, member.removed,
            sample.digest AS test_sample, truth.digest AS ground_truth {LOCATOR}
        FROM test_case_member AS member JOIN test_case ON test_case.id = member.test_case_id
        JOIN test_sample AS sample ON sample.id = member.test_sample_id
        JOIN ground_truth AS truth ON truth.id = member.ground_truth_id
        """,
        (
            f"""
            INSERT INTO test_case_member
                (test_case_id, position, added, removed, test_sample_id, ground_truth_id)
            SELECT test_case.id, incoming.position, incoming.added, incoming.removed, sample.id,
                truth.id
            FROM incoming JOIN test_case
                ON test_case.name = incoming.test_case AND test_case.id > :test_case
            {join_sample("test_case")}
            JOIN ground_truth AS truth
                ON truth.test_sample_id = sample.id AND truth.digest = incoming.ground_truth {END}
            """,
        ),
        locator=True,
    ),
    Kind(
        "test_suite",
        (Column("name"),),
        (
            Column("workflow"),
            Column("version", "int"),
            Column("tags", "names"),
            Column("description", "text"),
        ),
        f"""
        SELECT suite.name, workflow.name AS workflow, suite.version,
            {tags_of("test_suite", "suite")} AS tags, suite.description
        FROM test_suite AS suite JOIN workflow ON workflow.id = suite.workflow_id
        """,
        (
            f"""
            INSERT INTO test_suite (workflow_id, name, description, version, created_at, updated_at)
            SELECT workflow.id, incoming.name, incoming.description, incoming.version, :now, :now
            FROM incoming JOIN workflow ON workflow.name = incoming.workflow {END}
            """,
            """
            INSERT OR IGNORE INTO test_suite_tag (test_suite_id, tag)
            SELECT suite.id, tag.value FROM incoming
            JOIN test_suite AS suite ON suite.name = incoming.name AND suite.id > :test_suite
            JOIN json_each(incoming.tags) AS tag
            """,
        ),
    ),
    Kind(
        "test_suite_version",
        (Column("test_suite"), Column("version", "int")),
        (Column("test_cases", "pins"),),
        """
        SELECT suite.name AS test_suite, made.version, normal_json((
            SELECT json_group_array(json_array(name, version)) FROM (
                SELECT test_case.name, pinned.test_case_version AS version
                FROM test_suite_member AS pinned
                JOIN test_case ON test_case.id = pinned.test_case_id
                WHERE pinned.test_suite_id = made.test_suite_id AND pinned.version = made.version
                ORDER BY pinned.position))) AS test_cases
        FROM test_suite_version AS made JOIN test_suite AS suite ON suite.id = made.test_suite_id
        """,
        (
            f"""
            INSERT INTO test_suite_version (test_suite_id, version, created_at, uid)
            SELECT suite.id, incoming.version, :now, random()
            FROM incoming JOIN test_suite AS suite
                ON suite.name = incoming.test_suite AND suite.id > :test_suite {END}
            """,
            # What is not there is null, which the table refuses.
            f"""
            INSERT INTO test_suite_member
                (test_suite_id, version, position, test_case_id, test_case_version)
            SELECT suite.id, incoming.version, pin.key, version.test_case_id, version.version
            FROM incoming JOIN test_suite AS suite
                ON suite.name = incoming.test_suite AND suite.id > :test_suite
            JOIN json_each(incoming.test_cases) AS pin
            LEFT JOIN test_case ON test_case.name = json_extract(pin.value, '$[0]')
            LEFT JOIN test_case_version AS version ON version.test_case_id = test_case.id
                AND version.version = json_extract(pin.value, '$[1]') {END}
            """,
        ),
    ),
)
