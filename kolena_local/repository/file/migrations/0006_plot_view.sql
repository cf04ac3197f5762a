-- Plots can be found in SQL as metrics can.

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
