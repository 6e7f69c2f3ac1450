"""Rows: their fields, their files, their Parquet form."""
