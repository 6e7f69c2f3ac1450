"""The same work by codecmark and by codecscope: a section of `results/performance.md`.

    pip install codecscope==0.1.0
    python benchmarks/peer.py [--out results]

Both code the same clips with the same codec, at the codec's rate, and compute codecscope's own
metrics: SI-SDR as it is, the lag, SI-SDR after alignment. codecmark does so through bytes,
codecscope keeps the tokens. Clip by clip one after the other, on one thread, in processor seconds.
EnCodec has seeded random weights, the same in both: this is about speed.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, suppress
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from codecmark import catalog, corpus
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.corpus import condition
from codecmark.errors import MetricError
from codecmark.measure import agreement
from codecmark.metrics import alignment, waveform
from codecmark.system import host, markdown, threads

HEADING = "Beside codecscope"
ROUNDS = 3
_SAME_DB = 40.0


def main() -> None:
    """Measure and write the section."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results"))
    arguments = parser.parse_args()
    threads.limit(1)
    page = arguments.out / "performance.md"
    text = "\n".join(_compared())
    page.write_text(markdown.with_sections(page.read_text(), {HEADING: text}))


def _compared() -> Iterator[str]:
    try:
        from codecscope import adapters
    except ImportError as error:
        raise SystemExit("codecscope is not installed: pip install codecscope==0.1.0") from error
    clips, _ = condition.prepare(corpus.load(), condition.named("16k-mono"))
    yield (
        f"{len(clips)} bundled clips of 5 s, {ROUNDS} interleaved rounds, one thread, processor "
        f"seconds for all of them, codec and codecscope 0.1.0's metrics together; "
        f"{host.host()}, load average {os.getloadavg()[0]:.1f}. A ratio above 1 says that "
        "codecmark is faster: median over the rounds, and range. EnCodec has seeded random weights."
    )
    yield ""
    rows = []
    with TemporaryDirectory() as folder:
        pcm = adapters.load("pcm:16")
        rows.append(_row("16-bit PCM", catalog.create("pcm16"), pcm, 16_000, clips))
        encodec: Any = catalog.create("encodec:24khz@6k")
        with redirect_stderr(StringIO()):  # progress bars
            encodec._network.model.save_pretrained(folder)
            theirs = adapters.EncodecAdapter(f"{folder}@6")
        rows.append(_row("EnCodec 24 kHz, 6 kbit/s", encodec, theirs, 24_000, clips))
    yield markdown.table(("codec", "codecmark s", "codecscope s", "ratio"), rows, numbers=3)


def _row(
    name: str, codec: Codec, adapter: Any, rate_hz: int, clips: list[condition.PreparedClip]
) -> tuple[str, ...]:
    from codecscope import runner

    audio = [clip.audio.resampled(rate_hz) for clip in clips]
    _require_same(name, codec, adapter, audio[0])
    totals: dict[str, list[float]] = {"ours": [], "theirs": []}
    for turn in range(ROUNDS + 1):
        spent = {"ours": 0.0, "theirs": 0.0}
        for clip in audio:
            _taken(spent, "ours", lambda c: _scores(codec, c), clip)
            _taken(spent, "theirs", lambda c: runner.analyze(c.samples[0], rate_hz, adapter), clip)
        if turn:  # the first warms up
            for who, seconds in spent.items():
                totals[who].append(seconds)
    ratios = [b / a for a, b in zip(totals["ours"], totals["theirs"], strict=True)]
    return (
        name, f"{statistics.median(totals['ours']):.2f}",
        f"{statistics.median(totals['theirs']):.2f}",
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
    )  # fmt: skip


def _require_same(name: str, codec: Codec, adapter: Any, clip: AudioClip) -> None:
    """Stop where the two do not decode to the same sound, but for the steps of their PCM."""
    theirs = adapter.encode(clip.samples[0].copy()).reconstruction[None, : clip.n_samples]
    ours = codec.decode(codec.encode(clip))
    try:
        found = agreement.agreement_db(ours, AudioClip(theirs, clip.sample_rate_hz))
    except MetricError:  # equal
        return
    if found < _SAME_DB:
        raise SystemExit(f"{name}: the two decode to other sounds, {found:.1f} dB apart")


def _taken(spent: dict[str, float], who: str, call: Callable[[AudioClip], Any], clip: Any) -> Any:
    start = process_time()
    result = call(clip)
    spent[who] += process_time() - start
    return result


def _scores(codec: Codec, clip: AudioClip) -> None:
    """Code a clip through bytes, and compute what codecscope computes."""
    decoded = codec.decode(codec.encode(clip)).samples
    lag = alignment.find_lag(clip.samples, decoded).lag_samples
    aligned = alignment.shifted(clip.samples, decoded, lag)
    with suppress(MetricError):  # equal
        waveform.si_sdr_db(*aligned, clip.sample_rate_hz)
        waveform.si_sdr_db(clip.samples, decoded, clip.sample_rate_hz)


if __name__ == "__main__":
    main()
