"""The data frames of what is in the store."""
