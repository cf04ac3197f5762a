"""The statistics of a comparison: pure functions on arrays."""
