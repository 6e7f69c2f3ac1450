"""Decode every stream of every codec."""

from codecmark.commands.pytest_plugin.benchmarks import bench_decode

__all__ = ["bench_decode"]
