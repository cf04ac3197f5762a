"""The tests mirror the package: one folder for a room, one file for a noun."""
