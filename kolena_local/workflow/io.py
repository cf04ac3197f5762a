"""Data frames to files and back, under the import path of scripts; see :mod:`kolena_local.io`."""

from kolena_local.io import dataframe_from_csv, dataframe_from_json, dataframe_to_csv

__all__ = ["dataframe_from_csv", "dataframe_from_json", "dataframe_to_csv"]
