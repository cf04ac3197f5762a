-- Whether higher or lower is better is declared in the class of a metric, and commands have no
-- classes.

ALTER TABLE evaluator_configuration ADD COLUMN directions
    -- JSON object: for metrics of the levels "sample", "case" and "suite", which are better:
    -- {"sample": {"is_correct": "higher"}, "case": {"by_label[].missed": "lower"}}. NULL if no
    -- metric's class says so.
    TEXT CHECK (directions IS NULL OR json_valid(directions));
