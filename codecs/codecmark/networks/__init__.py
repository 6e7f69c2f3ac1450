"""Weights and their sources, devices and backends for networks."""
