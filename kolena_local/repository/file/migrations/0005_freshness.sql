-- Results know whether they still belong to what is in the store. Evaluating again keeps the results
-- of before, beside the run that they were part of.

ALTER TABLE evaluator_configuration ADD COLUMN fingerprint
    -- The digest of the code and the settings of the evaluator that computed the results; NULL if it
    -- is not known.
    TEXT;
ALTER TABLE evaluator_configuration ADD COLUMN evaluated_at
    -- When the results were computed; NULL if it is not known.
    TEXT CHECK (evaluated_at IS strftime('%Y-%m-%dT%H:%M:%fZ', evaluated_at));
ALTER TABLE evaluator_configuration ADD COLUMN stale_reason
    -- What happened to the data that the results were computed from; NULL while they are fresh.
    TEXT;
ALTER TABLE evaluator_configuration ADD COLUMN stale_since
    -- When it happened first; NULL beside a reason: whether the results are stale is not known.
    TEXT CHECK (stale_since IS NULL OR (stale_reason IS NOT NULL
        AND stale_since IS strftime('%Y-%m-%dT%H:%M:%fZ', stale_since)));

UPDATE evaluator_configuration
SET stale_reason = 'they were stored by a version that did not note what they were computed from';

CREATE INDEX evaluator_configuration_fresh
    -- Finds results that a change of the data makes stale, and that there are none of them.
    ON evaluator_configuration (test_run_id)
    WHERE stale_since IS NULL;

-- Made anew, because only the current run is unique now.
DROP VIEW v_metrics;
CREATE TABLE test_run_new (
    -- The test of a model on one version of a test suite by one evaluator.
    id INTEGER NOT NULL PRIMARY KEY,
    model_id INTEGER NOT NULL,
    test_suite_id INTEGER NOT NULL,
    test_suite_version INTEGER NOT NULL,
    -- The evaluator's display name; '' when it has none or there was no evaluator.
    evaluator TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('created', 'running', 'completed', 'crashed')),
    -- The text of the exception that crashed the run.
    error TEXT CHECK (error IS NULL OR status = 'crashed'),
    created_at TEXT NOT NULL CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at)),
    -- Of the last attempt: a run that is tried again starts anew.
    started_at TEXT CHECK (started_at IS strftime('%Y-%m-%dT%H:%M:%fZ', started_at)),
    finished_at TEXT CHECK (finished_at IS strftime('%Y-%m-%dT%H:%M:%fZ', finished_at)),
    -- Which process is at work while the status is 'running' (of several, the last that began), so
    -- that a run whose process was killed is known from one that goes on.
    host TEXT CHECK ((host IS NOT NULL) = (status = 'running')),
    pid INTEGER CHECK ((pid IS NOT NULL) = (status = 'running')),
    -- When the process began, in clock ticks since the machine did: process ids are used again.
    -- NULL where the system does not tell.
    process_started INTEGER CHECK (process_started IS NULL OR status = 'running'),
    -- As in model.
    uid INTEGER NOT NULL DEFAULT 0,
    -- When other results took the place of this run's, which are kept for comparison; NULL for the
    -- current run.
    superseded_at TEXT CHECK (superseded_at IS strftime('%Y-%m-%dT%H:%M:%fZ', superseded_at)),
    -- What happened to its data since the evaluation that is under way began; NULL: nothing.
    data_change TEXT,
    FOREIGN KEY (test_suite_id, test_suite_version)
        REFERENCES test_suite_version (test_suite_id, version) ON DELETE CASCADE,
    FOREIGN KEY (model_id) REFERENCES model (id) ON DELETE CASCADE
) STRICT;
INSERT INTO test_run_new (id, model_id, test_suite_id, test_suite_version, evaluator, status, error,
    created_at, started_at, finished_at, host, pid, process_started, uid)
SELECT id, model_id, test_suite_id, test_suite_version, evaluator, status, error,
    created_at, started_at, finished_at, host, pid, process_started, uid
FROM test_run;
DROP TABLE test_run;
ALTER TABLE test_run_new RENAME TO test_run;

CREATE UNIQUE INDEX test_run_current
    -- A model has one current run by an evaluator on a version of a test suite.
    ON test_run (model_id, test_suite_id, test_suite_version, evaluator)
    WHERE superseded_at IS NULL;
CREATE INDEX test_run_model
    -- Finds all runs of a model.
    ON test_run (model_id);

CREATE VIEW v_metrics AS
    -- The metrics of test cases and test suites, each single value a row; not those superseded.
    SELECT run.id AS test_run_id, model.name AS model, workflow.name AS workflow,
        suite.name AS test_suite, run.test_suite_version,
        -- NULL without a name; so is the configuration.
        nullif(run.evaluator, '') AS evaluator,
        nullif(configuration.display_name, '') AS configuration,
        -- NULL for a metric of the whole test suite.
        test_case.name AS test_case,
        -- "accuracy"; nested ones as "by_class.cat" and "classes[0].recall". Which keys SQLite puts
        -- in quotes depends on its version.
        replace(substr(leaf.fullkey, 3), '"', '') AS metric,
        -- NaN is NULL here.
        CASE WHEN leaf.type <> 'object' THEN leaf.atom
            WHEN json_extract(leaf.value, '$."$"') = 'inf' THEN 9e999
            WHEN json_extract(leaf.value, '$."$"') = '-inf' THEN -9e999
        END AS value,
        -- 1: the data has changed since, so this is not the model's metric any more; NULL: it is
        -- not known whether it has.
        CASE WHEN configuration.stale_reason IS NULL THEN 0
            WHEN configuration.stale_since IS NOT NULL THEN 1
        END AS stale
    FROM (SELECT evaluator_configuration_id, test_case_id, payload FROM metrics_test_case
        UNION ALL SELECT evaluator_configuration_id, NULL, payload FROM metrics_test_suite) AS found
    JOIN evaluator_configuration AS configuration
        ON configuration.id = found.evaluator_configuration_id
    JOIN test_run AS run ON run.id = configuration.test_run_id AND run.superseded_at IS NULL
    JOIN model ON model.id = run.model_id
    JOIN workflow ON workflow.id = model.workflow_id
    JOIN test_suite AS suite ON suite.id = run.test_suite_id
    LEFT JOIN test_case ON test_case.id = found.test_case_id
    JOIN json_tree(found.payload) AS leaf
        -- An escape object (see test_sample) is one value, not an object.
        ON CASE leaf.type WHEN 'object' THEN json_type(leaf.value, '$."$"') IS NOT NULL
            WHEN 'array' THEN 0 ELSE leaf.key NOT IN ('$', 'utf-16-le') END;
