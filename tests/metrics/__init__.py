"""The metrics, and the plain definition that matching is compared with."""
