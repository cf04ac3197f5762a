"""Which rows of a store belong to some of its models and test suites.

Private to the dump.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from kolena_local.repository.rows import Sql

# Each of the tables is filled from those above it.
_CHOSEN: Final = {
    "model": "SELECT DISTINCT value FROM json_each(:models)",
    "test_suite": """
        SELECT value FROM json_each(:suites)
        UNION SELECT test_suite_id FROM test_run
        WHERE :suites = '[]' AND model_id IN temp.chosen_model
    """,
    "test_case": """
        SELECT DISTINCT test_case_id FROM test_suite_member
        WHERE test_suite_id IN temp.chosen_test_suite
    """,
    "ground_truth": """
        SELECT DISTINCT ground_truth_id FROM test_case_member
        WHERE test_case_id IN temp.chosen_test_case
    """,
    "test_sample": """
        SELECT test_sample_id FROM test_case_member WHERE test_case_id IN temp.chosen_test_case
        UNION SELECT test_sample_id FROM inference
        WHERE :suites = '[]' AND model_id IN temp.chosen_model
    """,
    "provenance": """
        SELECT provenance_id FROM model
        WHERE id IN temp.chosen_model AND provenance_id IS NOT NULL
        UNION SELECT provenance_id FROM inference
        WHERE model_id IN temp.chosen_model AND provenance_id IS NOT NULL
        UNION SELECT provenance_id FROM test_run
        WHERE model_id IN temp.chosen_model AND provenance_id IS NOT NULL
        UNION SELECT made.provenance_id FROM evaluator_configuration AS made
        JOIN test_run ON test_run.id = made.test_run_id
        WHERE model_id IN temp.chosen_model AND made.provenance_id IS NOT NULL
    """,
    "workflow": """
        SELECT workflow_id FROM model WHERE id IN temp.chosen_model
        UNION SELECT workflow_id FROM test_suite WHERE id IN temp.chosen_test_suite
    """,
}


def choose(sql: Sql, model_ids: Sequence[int], suite_ids: Sequence[int]) -> None:
    """Fill the tables ``chosen_<table>`` with the ids of what belongs to a selection.

    Whatever a chosen row refers to is chosen too. If there are only models, the test suites of
    their test runs belong to them; if there are only test suites, no models do.
    """
    given = {"models": json.dumps([*model_ids]), "suites": json.dumps([*suite_ids])}
    for table, query in _CHOSEN.items():
        sql.make_temporary(f"chosen_{table}", "(id INTEGER PRIMARY KEY)")
        sql.execute(f"INSERT INTO temp.chosen_{table} {query}", given)
