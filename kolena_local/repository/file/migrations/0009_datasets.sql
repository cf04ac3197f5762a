-- Datasets: tables of datapoints, their commits, embeddings, and quality standards.

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
