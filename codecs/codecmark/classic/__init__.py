"""Classic codecs, one per file; the catalog imports a file when its codec is created."""
