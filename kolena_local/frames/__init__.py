"""DataFrames of stored samples, models, inferences and metrics."""
