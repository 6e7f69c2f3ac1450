"""Weights that codecmark trained, each set in a folder with its card; nothing to import."""
