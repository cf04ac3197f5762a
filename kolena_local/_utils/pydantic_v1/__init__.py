"""Where scripts for the original find pydantic 1's dataclass."""
