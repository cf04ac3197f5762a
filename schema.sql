-- The schema of a store of kolena_local, as the migrations build it. Generated; do not edit:
--     python -m kolena_local.repository.file.schema_snapshot > schema.sql
-- An empty store that the package opens is made by:
--     sqlite3 new.db < schema.sql

BEGIN;

-- The mark by which the package knows its files, and the number of the last migration.
PRAGMA application_id = 1802268515;
PRAGMA user_version = 9;

CREATE TABLE workflow (
    -- What models, test cases and test suites belong to: one kind of problem, such as
    -- "Object Detection". The classes of its samples live in the user's code, not here.
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (trim(name, char(9, 10, 13, 32)) <> ''),
    -- As all times here: UTC, ISO 8601, milliseconds, Z.
    created_at TEXT NOT NULL CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at)),
    -- What payloads look like, as JSON Schema (draft 2020-12), by the latest definition that stored
    -- something; NULL until one has.
    test_sample_schema TEXT
        CHECK (test_sample_schema IS NULL OR
            CASE WHEN json_valid(test_sample_schema) THEN json_type(test_sample_schema) END IS 'object'),
    ground_truth_schema TEXT
        CHECK (ground_truth_schema IS NULL OR
            CASE WHEN json_valid(ground_truth_schema) THEN json_type(ground_truth_schema) END IS 'object'),
    inference_schema TEXT
        CHECK (inference_schema IS NULL OR
            CASE WHEN json_valid(inference_schema) THEN json_type(inference_schema) END IS 'object')
) STRICT;

CREATE TABLE model (
    -- A registered model: what it is called and what is known about it, never its weights.
    id INTEGER NOT NULL PRIMARY KEY,
    workflow_id INTEGER NOT NULL,
    -- Unique in the whole store, not only in its workflow.
    name TEXT NOT NULL UNIQUE CHECK (trim(name, char(9, 10, 13, 32)) <> ''),
    -- A JSON object of the user's own facts, e.g. {"framework": "pytorch", "seed": 0}.
    metadata TEXT NOT NULL DEFAULT '{}'
        CHECK (CASE WHEN json_valid(metadata) THEN json_type(metadata) END IS 'object'),
    created_at TEXT NOT NULL CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at)),
    updated_at TEXT NOT NULL CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%fZ', updated_at)), uid
    -- A random number that no other row has, in this file or another; copies of a file share it.
    INTEGER NOT NULL DEFAULT 0, infer_fingerprint
    -- The digest of the code that made the model's inferences; NULL if it is not known.
    TEXT, provenance_id
    -- When the model was registered, or asked to infer everything again; NULL if it is not known.
    INTEGER REFERENCES provenance (id),
    FOREIGN KEY (workflow_id) REFERENCES workflow (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE model_tag (
    -- The labels of a model, one a row.
    model_id INTEGER NOT NULL,
    tag TEXT NOT NULL CHECK (trim(tag, char(9, 10, 13, 32)) <> ''),
    PRIMARY KEY (model_id, tag),
    FOREIGN KEY (model_id) REFERENCES model (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE test_sample (
    -- What a model gets as input: a reference such as an image's locator, stored once in a
    -- workflow however many test cases have it.
    id INTEGER NOT NULL PRIMARY KEY,
    workflow_id INTEGER NOT NULL,
    -- Identity: the byte 01 and BLAKE2b-16 of the payload in canonical form (sorted keys,
    -- compact, without metadata).
    digest BLOB NOT NULL CHECK (length(digest) = 17),
    -- All fields but metadata, as JSON. NaN, infinities and lone surrogates are escape objects
    -- such as {"$": "nan"}, in this and in every other payload.
    payload TEXT NOT NULL,
    -- JSON object; the same in every test case and version, and no part of the identity.
    metadata TEXT NOT NULL DEFAULT '{}',
    UNIQUE (workflow_id, digest),
    FOREIGN KEY (workflow_id) REFERENCES workflow (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE ground_truth (
    -- The right answer for a test sample. A sample may have several; each test case says which
    -- of them it uses.
    id INTEGER NOT NULL PRIMARY KEY,
    test_sample_id INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 17),
    payload TEXT NOT NULL,
    UNIQUE (test_sample_id, digest),
    FOREIGN KEY (test_sample_id) REFERENCES test_sample (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE test_case (
    -- A named slice of test samples with their ground truths.
    id INTEGER NOT NULL PRIMARY KEY,
    workflow_id INTEGER NOT NULL,
    name TEXT NOT NULL UNIQUE CHECK (trim(name, char(9, 10, 13, 32)) <> ''),
    -- The latest version; version 0 is the empty one that it was created with.
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    created_at TEXT NOT NULL CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at)),
    updated_at TEXT NOT NULL CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%fZ', updated_at)),
    FOREIGN KEY (workflow_id) REFERENCES workflow (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE test_case_version (
    -- What is particular to one version of a test case; its samples are in test_case_member.
    test_case_id INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 0),
    description TEXT NOT NULL,
    sample_count INTEGER NOT NULL CHECK (sample_count >= 0),
    created_at TEXT NOT NULL CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at)), uid
    -- As in model. Whoever has the version has the test case too.
    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (test_case_id, version),
    FOREIGN KEY (test_case_id) REFERENCES test_case (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE test_case_member (
    -- Which samples a test case has, without a copy for each version: version v has the rows
    -- with added <= v AND (removed IS NULL OR removed > v), ordered by position.
    test_case_id INTEGER NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    -- The first version that has this row.
    added INTEGER NOT NULL CHECK (added >= 1),
    -- The first version that no longer has it; NULL while the latest version has it.
    removed INTEGER CHECK (removed > added),
    test_sample_id INTEGER NOT NULL,
    ground_truth_id INTEGER NOT NULL,
    PRIMARY KEY (test_case_id, position, added),
    FOREIGN KEY (test_case_id) REFERENCES test_case (id) ON DELETE CASCADE,
    FOREIGN KEY (test_sample_id) REFERENCES test_sample (id),
    FOREIGN KEY (ground_truth_id) REFERENCES ground_truth (id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX test_case_member_sample
    -- Finds the test cases of a sample, in any version; lets the latest version have it only once.
    ON test_case_member (test_sample_id, test_case_id, ifnull(removed, 0));

CREATE TABLE test_suite (
    -- A named list of test cases, tested together. Description and tags are those of all versions.
    id INTEGER NOT NULL PRIMARY KEY,
    workflow_id INTEGER NOT NULL,
    name TEXT NOT NULL UNIQUE CHECK (trim(name, char(9, 10, 13, 32)) <> ''),
    description TEXT NOT NULL,
    -- The latest version; version 0 is the empty one that it was created with.
    version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
    created_at TEXT NOT NULL CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at)),
    updated_at TEXT NOT NULL CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%fZ', updated_at)),
    FOREIGN KEY (workflow_id) REFERENCES workflow (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE test_suite_tag (
    -- The labels of a test suite, one a row.
    test_suite_id INTEGER NOT NULL,
    tag TEXT NOT NULL CHECK (trim(tag, char(9, 10, 13, 32)) <> ''),
    PRIMARY KEY (test_suite_id, tag),
    FOREIGN KEY (test_suite_id) REFERENCES test_suite (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE test_suite_version (
    -- A version of a test suite: a new one whenever the list of test cases changed.
    test_suite_id INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 0),
    created_at TEXT NOT NULL CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at)), uid
    -- As in model. The versions of test cases that it pins never change, nor do their samples.
    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (test_suite_id, version),
    FOREIGN KEY (test_suite_id) REFERENCES test_suite (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE test_suite_member (
    -- The test cases of a test suite's version, in order, each pinned to one of its versions.
    test_suite_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    test_case_id INTEGER NOT NULL,
    test_case_version INTEGER NOT NULL,
    PRIMARY KEY (test_suite_id, version, position),
    UNIQUE (test_suite_id, version, test_case_id),
    FOREIGN KEY (test_suite_id, version)
        REFERENCES test_suite_version (test_suite_id, version) ON DELETE CASCADE,
    FOREIGN KEY (test_case_id, test_case_version)
        REFERENCES test_case_version (test_case_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE inference (
    -- What a model said about a test sample: one row, shared by every test suite and run.
    id INTEGER NOT NULL PRIMARY KEY,
    model_id INTEGER NOT NULL,
    test_sample_id INTEGER NOT NULL,
    -- 1: to be done again (a reset was asked for), the payload is still the old one.
    stale INTEGER NOT NULL DEFAULT 0 CHECK (stale IN (0, 1)),
    payload TEXT NOT NULL, provenance_id
    -- When the inference was stored; NULL if it is not known.
    INTEGER REFERENCES provenance (id),
    UNIQUE (model_id, test_sample_id),
    FOREIGN KEY (model_id) REFERENCES model (id) ON DELETE CASCADE,
    FOREIGN KEY (test_sample_id) REFERENCES test_sample (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX inference_stale
    -- Nearly always empty: what is to be done again is known without reading any inference.
    ON inference (model_id, test_sample_id)
    WHERE stale = 1;

CREATE TABLE inference_lease (
    -- Which pending samples a process is working on, so that another one that tests the same model
    -- takes others. A lease ends with its samples, with its process, or when it runs out.
    owner TEXT NOT NULL PRIMARY KEY,
    model_id INTEGER NOT NULL,
    -- JSON array of test samples' ids. One row for all: a lease is taken, replaced and dropped
    -- many times in a run and must cost next to nothing.
    test_sample_ids TEXT NOT NULL CHECK (json_valid(test_sample_ids)),
    expires_at TEXT NOT NULL CHECK (expires_at IS strftime('%Y-%m-%dT%H:%M:%fZ', expires_at)),
    -- The process, as in test_run.
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    process_started INTEGER,
    FOREIGN KEY (model_id) REFERENCES model (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX inference_lease_model
    -- Finds the others that work for a model.
    ON inference_lease (model_id);

CREATE TABLE evaluator_configuration (
    -- A configuration under which a run's evaluator was called; all results hang on it.
    id INTEGER NOT NULL PRIMARY KEY,
    test_run_id INTEGER NOT NULL,
    -- '' for an evaluator that was called without a configuration.
    display_name TEXT NOT NULL,
    payload TEXT, directions
    -- JSON object: for metrics of the levels "sample", "case" and "suite", which are better:
    -- {"sample": {"is_correct": "higher"}, "case": {"by_label[].missed": "lower"}}. NULL if no
    -- metric's class says so.
    TEXT CHECK (directions IS NULL OR json_valid(directions)), fingerprint
    -- The digest of the code and the settings of the evaluator that computed the results; NULL if it
    -- is not known.
    TEXT, evaluated_at
    -- When the results were computed; NULL if it is not known.
    TEXT CHECK (evaluated_at IS strftime('%Y-%m-%dT%H:%M:%fZ', evaluated_at)), stale_reason
    -- What happened to the data that the results were computed from; NULL while they are fresh.
    TEXT, stale_since
    -- When it happened first; NULL beside a reason: whether the results are stale is not known.
    TEXT CHECK (stale_since IS NULL OR (stale_reason IS NOT NULL
        AND stale_since IS strftime('%Y-%m-%dT%H:%M:%fZ', stale_since))), provenance_id
    -- When the results were computed; NULL if it is not known.
    INTEGER REFERENCES provenance (id),
    UNIQUE (test_run_id, display_name),
    FOREIGN KEY (test_run_id) REFERENCES test_run (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE metrics_test_sample (
    -- What the evaluator found out about single samples.
    id INTEGER NOT NULL PRIMARY KEY,
    evaluator_configuration_id INTEGER NOT NULL,
    -- NULL when the sample's metrics do not depend on the test case that it is in.
    test_case_id INTEGER,
    test_sample_id INTEGER NOT NULL,
    payload TEXT NOT NULL,
    FOREIGN KEY (evaluator_configuration_id)
        REFERENCES evaluator_configuration (id) ON DELETE CASCADE,
    FOREIGN KEY (test_case_id) REFERENCES test_case (id),
    FOREIGN KEY (test_sample_id) REFERENCES test_sample (id)
) STRICT;

CREATE UNIQUE INDEX metrics_test_sample_of_configuration
    -- One row for a sample in a test case, and one for the sample wherever it is.
    ON metrics_test_sample (evaluator_configuration_id, ifnull(test_case_id, 0), test_sample_id);

CREATE TABLE metrics_test_case (
    -- What the evaluator found out about a test case, as a JSON object.
    evaluator_configuration_id INTEGER NOT NULL,
    test_case_id INTEGER NOT NULL,
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    PRIMARY KEY (evaluator_configuration_id, test_case_id),
    FOREIGN KEY (evaluator_configuration_id)
        REFERENCES evaluator_configuration (id) ON DELETE CASCADE,
    FOREIGN KEY (test_case_id) REFERENCES test_case (id)
) STRICT;

CREATE TABLE metrics_test_suite (
    -- What the evaluator found out about the test suite as a whole, as a JSON object.
    evaluator_configuration_id INTEGER NOT NULL PRIMARY KEY,
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    FOREIGN KEY (evaluator_configuration_id)
        REFERENCES evaluator_configuration (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE plot (
    -- The plots of a test case, in the evaluator's order, as JSON objects.
    evaluator_configuration_id INTEGER NOT NULL,
    test_case_id INTEGER NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    PRIMARY KEY (evaluator_configuration_id, test_case_id, position),
    FOREIGN KEY (evaluator_configuration_id)
        REFERENCES evaluator_configuration (id) ON DELETE CASCADE,
    FOREIGN KEY (test_case_id) REFERENCES test_case (id)
) STRICT;

CREATE VIEW v_model AS
    -- Models, for questions in SQL: json_extract(metadata, '$.seed') reads one of the metadata.
    SELECT model.id, model.name, workflow.name AS workflow, model.metadata,
        -- JSON array, sorted.
        (SELECT json_group_array(tag) FROM (
            SELECT tag FROM model_tag WHERE model_id = model.id ORDER BY tag)) AS tags,
        model.created_at, model.updated_at
    FROM model JOIN workflow ON workflow.id = model.workflow_id;

CREATE VIEW v_inference AS
    -- What each model said about each test sample.
    SELECT model.name AS model, workflow.name AS workflow, inference.test_sample_id,
        json_extract(sample.payload, '$.locator') AS locator,
        -- The sample's fields, its metadata and the inference, as JSON objects.
        sample.payload AS test_sample, sample.metadata, inference.payload AS inference,
        -- 1: a new inference was asked for, this is still the old one.
        inference.stale
    FROM inference
    JOIN model ON model.id = inference.model_id
    JOIN workflow ON workflow.id = model.workflow_id
    JOIN test_sample AS sample ON sample.id = inference.test_sample_id;

CREATE INDEX evaluator_configuration_fresh
    -- Finds results that a change of the data makes stale, and that there are none of them.
    ON evaluator_configuration (test_run_id)
    WHERE stale_since IS NULL;

CREATE TABLE "test_run" (
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
    data_change TEXT, provenance_id
    -- At the last attempt; NULL if it is not known.
    INTEGER REFERENCES provenance (id),
    FOREIGN KEY (test_suite_id, test_suite_version)
        REFERENCES test_suite_version (test_suite_id, version) ON DELETE CASCADE,
    FOREIGN KEY (model_id) REFERENCES model (id) ON DELETE CASCADE
) STRICT;

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

CREATE VIEW v_plot AS
    -- The plots of test cases, in the evaluator's order; not those superseded.
    SELECT run.id AS test_run_id, model.name AS model, workflow.name AS workflow,
        suite.name AS test_suite, run.test_suite_version,
        -- NULL without a name; so is the configuration.
        nullif(run.evaluator, '') AS evaluator,
        nullif(configuration.display_name, '') AS configuration,
        test_case.name AS test_case, plot.position,
        json_extract(plot.payload, '$.title') AS title,
        -- PLOT/CURVE, PLOT/HISTOGRAM, PLOT/BAR, PLOT/CONFUSION_MATRIX, or a type of the user's own.
        json_extract(plot.payload, '$.data_type') AS type,
        plot.payload,
        -- As in v_metrics.
        CASE WHEN configuration.stale_reason IS NULL THEN 0
            WHEN configuration.stale_since IS NOT NULL THEN 1
        END AS stale
    FROM plot
    JOIN evaluator_configuration AS configuration
        ON configuration.id = plot.evaluator_configuration_id
    JOIN test_run AS run ON run.id = configuration.test_run_id AND run.superseded_at IS NULL
    JOIN model ON model.id = run.model_id
    JOIN workflow ON workflow.id = model.workflow_id
    JOIN test_suite AS suite ON suite.id = run.test_suite_id
    JOIN test_case ON test_case.id = plot.test_case_id;

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

CREATE TABLE determinism_check (
    -- A sample of a model's stored inferences, inferred again; the inferences stay as they are.
    id INTEGER NOT NULL PRIMARY KEY,
    model_id INTEGER NOT NULL REFERENCES model (id) ON DELETE CASCADE,
    test_suite_id INTEGER NOT NULL,
    test_suite_version INTEGER NOT NULL,
    checked_at TEXT NOT NULL CHECK (checked_at IS strftime('%Y-%m-%dT%H:%M:%fZ', checked_at)),
    -- How many answers are the same, differ within the tolerance, or differ.
    identical INTEGER NOT NULL CHECK (identical >= 0),
    within_tolerance INTEGER NOT NULL CHECK (within_tolerance >= 0),
    different INTEGER NOT NULL CHECK (different >= 0),
    -- Settings, the samples that differ, and what became of their metrics.
    payload TEXT NOT NULL
        CHECK (CASE WHEN json_valid(payload) THEN json_type(payload) END IS 'object'),
    -- When it was checked; NULL if it is not known.
    provenance_id INTEGER REFERENCES provenance (id),
    FOREIGN KEY (test_suite_id, test_suite_version)
        REFERENCES test_suite_version (test_suite_id, version) ON DELETE CASCADE
) STRICT;

CREATE INDEX determinism_check_model ON determinism_check (model_id);

CREATE INDEX determinism_check_suite ON determinism_check (test_suite_id, test_suite_version);

CREATE TABLE dataset (
    -- A test suite that is a table: its one test case has the rows, as test samples. The ground
    -- truth of a row has the values of the fields that identify it.
    test_suite_id INTEGER NOT NULL PRIMARY KEY REFERENCES test_suite (id) ON DELETE CASCADE,
    test_case_id INTEGER NOT NULL UNIQUE REFERENCES test_case (id)
) STRICT;

CREATE TABLE dataset_commit (
    -- A state of a dataset: one for each upload that changed it.
    test_suite_id INTEGER NOT NULL REFERENCES dataset (test_suite_id) ON DELETE CASCADE,
    -- 1 for the first.
    number INTEGER NOT NULL CHECK (number >= 1),
    -- What users call it: a digest of its content and of the commits before it.
    hash TEXT NOT NULL CHECK (length(hash) = 40),
    -- The versions of its test case and its test suite; later commits may have the same.
    test_case_version INTEGER NOT NULL CHECK (test_case_version >= 1),
    test_suite_version INTEGER NOT NULL CHECK (test_suite_version >= 1),
    -- JSON arrays of names: the fields that identify a row, all columns in their order, and labels.
    id_fields TEXT NOT NULL
        CHECK (CASE WHEN json_valid(id_fields) THEN json_type(id_fields) END IS 'array'),
    columns TEXT NOT NULL
        CHECK (CASE WHEN json_valid(columns) THEN json_type(columns) END IS 'array'),
    tags TEXT NOT NULL DEFAULT '[]'
        CHECK (CASE WHEN json_valid(tags) THEN json_type(tags) END IS 'array'),
    -- How many rows came and went; a row that was changed did both.
    n_added INTEGER NOT NULL CHECK (n_added >= 0),
    n_removed INTEGER NOT NULL CHECK (n_removed >= 0),
    created_at TEXT NOT NULL CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at)),
    PRIMARY KEY (test_suite_id, number),
    UNIQUE (test_suite_id, hash),
    FOREIGN KEY (test_suite_id, test_suite_version)
        REFERENCES test_suite_version (test_suite_id, version) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE dataset_embedding (
    -- A vector of a row, for searches; of the row with these id fields, whatever its other fields.
    test_suite_id INTEGER NOT NULL REFERENCES dataset (test_suite_id) ON DELETE CASCADE,
    -- The model that computed it.
    key TEXT NOT NULL CHECK (trim(key, char(9, 10, 13, 32)) <> ''),
    -- The digest of the id fields' values, as in ground_truth.
    datapoint BLOB NOT NULL CHECK (length(datapoint) = 17),
    -- Floats of four bytes, the least significant byte first.
    vector BLOB NOT NULL CHECK (length(vector) > 0 AND length(vector) % 4 = 0),
    PRIMARY KEY (test_suite_id, key, datapoint)
) STRICT, WITHOUT ROWID;

CREATE TABLE quality_standard (
    -- Which metrics of a dataset matter, in which of its parts.
    test_suite_id INTEGER NOT NULL PRIMARY KEY
        REFERENCES dataset (test_suite_id) ON DELETE CASCADE,
    payload TEXT NOT NULL
        CHECK (CASE WHEN json_valid(payload) THEN json_type(payload) END IS 'object'),
    updated_at TEXT NOT NULL CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%fZ', updated_at))
) STRICT;

COMMIT;
