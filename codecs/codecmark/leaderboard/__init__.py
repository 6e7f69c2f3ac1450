"""Rows to tables: `summary` adds up, `columns` says what is shown, `render` prints and writes."""
