"""Reads large JSON lines and Parquet inside DuckDB: the same columns as the generic reader, without a Python row."""
