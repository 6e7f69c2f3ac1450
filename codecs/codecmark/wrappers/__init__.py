"""One codec family a file; nothing here is imported before the catalog asks for it."""
