"""Neural codecs, one a file; nothing here is imported before the catalog asks for it."""
