"""Two models compared honestly: paired statistics, pure functions on arrays."""
