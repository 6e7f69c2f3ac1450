"""Benchmarks of codecs under pytest: options, fixtures, progress and reports.

A project benchmarks codecs, its own among them, with two files of one line each::

    # conftest.py
    pytest_plugins = ["codecmark.commands.pytest_plugin"]

    # bench_codecs.py
    from codecmark.commands.pytest_plugin.benchmarks import bench_decode, bench_encode

`pytest --benchmark-only --codecs opus@24k,mycodec --corpus clips` then times, scores and stores
them below `./codecmark-results`, like `codecmark run`. pytest allows `pytest_plugins` in the
`conftest.py` of the folder that it is started for.
"""

pytest_plugins = [
    f"{__name__}.options",
    f"{__name__}.collection",
    f"{__name__}.fixtures",
    f"{__name__}.progress",
    f"{__name__}.reports",
]
