-- Whether models still answer as they did, checked by asking them again.

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
