"""Blind listening tests: planned, served, screened, and their ratings as rows."""
