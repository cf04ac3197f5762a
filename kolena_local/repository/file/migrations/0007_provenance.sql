-- What the code and the environment were when models were registered, and when their inferences and
-- results were made; known only where the user asked for it.

CREATE TABLE provenance (
    -- Code and environment at some moment, without secrets; equal ones are one row.
    id INTEGER NOT NULL PRIMARY KEY,
    -- As in test_sample.
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 17),
    payload TEXT NOT NULL
        CHECK (CASE WHEN json_valid(payload) THEN json_type(payload) END IS 'object'),
    -- When it was captured first.
    created_at TEXT NOT NULL CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at))
) STRICT;

ALTER TABLE model ADD COLUMN provenance_id
    -- When the model was registered, or asked to infer everything again; NULL if it is not known.
    INTEGER REFERENCES provenance (id);
ALTER TABLE inference ADD COLUMN provenance_id
    -- When the inference was stored; NULL if it is not known.
    INTEGER REFERENCES provenance (id);
ALTER TABLE test_run ADD COLUMN provenance_id
    -- At the last attempt; NULL if it is not known.
    INTEGER REFERENCES provenance (id);
ALTER TABLE evaluator_configuration ADD COLUMN provenance_id
    -- When the results were computed; NULL if it is not known.
    INTEGER REFERENCES provenance (id);

CREATE VIEW v_provenance AS
    -- What is known of code and environment: a row for each model ("model"), each test run ("run"),
    -- and all inferences of a model that were made alike ("inferences").
    SELECT model.name AS model, workflow.name AS workflow, found.what, found.test_run_id,
        -- How many inferences; NULL for models and test runs.
        found.inferences,
        json_extract(payload, '$.git.commit') AS git_commit,
        json_extract(payload, '$.git.branch') AS git_branch,
        -- 1: there were changes that had not been committed.
        json_extract(payload, '$.git.is_dirty') AS is_dirty,
        json_extract(payload, '$.python.version') AS python,
        json_extract(payload, '$.system.os') AS os,
        json_extract(payload, '$.system.host') AS host,
        -- JSON objects; provenance has all that is known.
        json_extract(payload, '$.packages') AS packages,
        json_extract(payload, '$.seeds') AS seeds,
        payload AS provenance
    FROM (
        SELECT id AS model_id, 'model' AS what, NULL AS test_run_id, NULL AS inferences,
            provenance_id
        FROM model
        UNION ALL SELECT model_id, 'run', id, NULL, provenance_id FROM test_run
        UNION ALL SELECT model_id, 'inferences', NULL, count(*), provenance_id
        FROM inference GROUP BY model_id, provenance_id
    ) AS found
    JOIN provenance ON provenance.id = found.provenance_id
    JOIN model ON model.id = found.model_id
    JOIN workflow ON workflow.id = model.workflow_id;
