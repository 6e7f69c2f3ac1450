"""An hour of audio in bounded memory: `pytest benchmarks/bench_hour.py --benchmark-only --hour`.

The bundled speech one clip after another until the hour is full, through a process of its own that
codes it once. What it needs is mostly the hour itself, as the 32-bit samples that a codec is
given and gives back; a network sees seconds of it at once.
"""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from codecmark import AudioClip, UnavailableError, catalog, corpus
from codecmark.commands.pytest_plugin.session import Session
from codecmark.corpus import condition
from codecmark.measure.memory import peak_memory_mib
from codecmark.system import host

HOUR_S = 3_600
LIMIT_MIB = 2_048
TIMEOUT_S = 3_600
SPECS = ("pcm16", "opus@24k", "lyra@9.2k", "encodec:24khz@6k")


@pytest.fixture(scope="module")
def hour() -> AudioClip:
    """An hour of speech at 16 kHz."""
    setting = condition.named("16k-mono")
    speech = [clip for clip in corpus.load() if clip.clip_class == "speech"]
    clips, _ = condition.prepare(speech, setting)
    once = np.concatenate([clip.audio.samples for clip in clips], axis=1)
    length = HOUR_S * setting.sample_rate_hz
    return AudioClip(np.resize(once, (1, length)), setting.sample_rate_hz)


@pytest.mark.parametrize("spec", SPECS)
def bench_hour(spec: str, hour: AudioClip, benchmark: BenchmarkFixture, bench: Session) -> None:
    try:
        catalog.create(spec, bench.setup)
    except UnavailableError as error:
        pytest.skip(str(error))
    peak_mib = benchmark.pedantic(  # type: ignore[no-untyped-call]
        peak_memory_mib, args=(spec, hour, bench.setup, TIMEOUT_S), rounds=1, iterations=1
    )
    seconds = "" if benchmark.stats is None else f", {benchmark.stats.stats.max:.0f} s"
    bench.remarks.append(
        f"an hour of speech through {spec}: {peak_mib:.0f} MiB at most{seconds} for a process "
        f"that encodes and decodes it, on {host.host()}"
    )
    assert peak_mib < LIMIT_MIB
