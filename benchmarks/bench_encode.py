"""Encode every clip with every codec."""

from codecmark.commands.pytest_plugin.benchmarks import bench_encode

__all__ = ["bench_encode"]
