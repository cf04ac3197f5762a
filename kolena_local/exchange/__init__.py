"""Files of inferences: CSV, JSON Lines and Parquet, in and out of the store."""
