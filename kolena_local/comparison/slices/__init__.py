"""The search for slices on which a model is worse than elsewhere."""
