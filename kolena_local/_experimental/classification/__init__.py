"""Helpers for classification; :mod:`.utils` makes plots of labels and scores."""
