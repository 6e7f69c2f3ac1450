"""The study of the layered codec: its parts, and a page whose figures are all measured."""

from __future__ import annotations

from functools import cache

import pytest
from msgspec.structs import replace

from codecmark import catalog, corpus
from codecmark.clip import AudioClip
from codecmark.corpus.condition import PreparedClip, named, prepare
from codecmark.networks.setup import Setup
from codecmark.results.row import ResultRow
from codecmark.studies import layers as study
from codecmark.studies import layers_findings, layers_page


@cache
def speech() -> AudioClip:
    entries = [clip for clip in corpus.load() if clip.name == "es_female_1.flac"]
    return prepare(entries, named("16k-mono"))[0][0].audio.cropped(2.0)


@cache
def parts() -> study.Parts:
    clip = PreparedClip("voice.flac", "speaker", "speech", speech())
    return next(study.take_apart([clip], Setup.from_environment()))


def test_the_parts_are_those_of_one_stream() -> None:
    one = parts()
    found = {part: one.scores[part].values for part in study.PARTS}
    assert found["both layers"]["snr_db"] >= 10
    assert found["waveform layer alone"]["snr_db"] > found["both layers"]["snr_db"]
    assert found["base alone"]["snr_db"] < 2
    assert found["both layers"]["pesq_wb"] > found["base alone"]["pesq_wb"]
    assert one.unconditioned_kbps > one.waveform_kbps > one.bound_kbps > 0.3 * one.waveform_kbps
    assert one.asked_bound_kbps > one.bound_kbps  # 12 dB are more than the layer has alone
    stream_bytes = len(catalog.create(study.ABLATED).encode(speech()))
    layers_bytes = (one.base_kbps + one.waveform_kbps) * 125 * speech().duration_s
    assert stream_bytes - 30 < layers_bytes < stream_bytes


@cache
def rows() -> tuple[ResultRow, ...]:
    """Return made-up figures in which all curves are equal."""
    return tuple(
        ResultRow(
            run_id="r", spec=spec, family=spec.partition(":")[0].partition("@")[0],
            condition="16k-mono", status="ok", clip=f"{name}.flac", source=name, clip_class=name,
            clip_s=5.0, pcm16_bytes=160_000, stream_bytes=625 * (place + 1),
            bitrate_kbps=place + 1.0,
            compression_ratio=256 / (place + 1), snr_db=9.5 + place, segmental_snr_db=7.0 + place,
            si_sdr_db=9.0 + place, pesq_wb=2.0 + place / 10 if name == "speech" else None,
            visqol_mos_lqo=3.9 + place / 10,
        )
        for name in layers_page.CLASSES
        for family in (study.CURVE, [f"opus@{kbps}k-vbr" for kbps in range(1, 6)], ["lc3@9k"])
        for place, spec in enumerate(family)
    )  # fmt: skip


def test_the_page_says_what_the_rows_say() -> None:
    page = layers_page.markdown(rows(), [parts()])
    assert "SNR >= 10 dB on the final output: 4 of 4 clips, lowest 10.50 dB" in page
    assert (
        "| mel:16k-64+wave@snr10 | 2.0 | 128.0 | 10.5 (10.5) | 8.0 | 10.0 | 2.10 | 4.00 | - | - |"
        in page
    )
    assert (
        "| speech | mel:16k-64+wave | 2.0 |" in page
    )  # the price: both targets hold from there on
    assert "| speech | SNR dB | opus@vbr | +0 | 100 |" in page  # equal curves
    assert "the anchor has 1 of the 4 points" in page
    assert f"speech costs a median of {parts().asked_bound_kbps:.2f} kbit/s" in page
    assert f"the layer spends {parts().waveform_kbps:.2f}." in page


def test_a_row_without_a_figure_is_named_and_stands_for_no_number() -> None:
    failed = {"snr_db": "the codec failed"}
    exact = {"snr_db": "infinite: output equals input"}
    ours = [row for row in rows() if row.spec == study.ABLATED]
    others = [row for row in rows() if row.spec != study.ABLATED]
    changed = [
        replace(ours[0], snr_db=None, visqol_mos_lqo=None, reasons=failed),
        replace(ours[1], snr_db=None, reasons=exact),
        ours[2],
    ]
    first, *_ = layers_findings.promises(changed, [parts()])
    assert first == (
        "SNR >= 10 dB on the final output: 2 of 3 clips, lowest 10.50 dB. Without a figure: "
        "speech.flac (the codec failed)."
    )
    page = layers_page.markdown([*others, *changed], [parts()])
    assert "| lowest ViSQOL | ambient.flac |" in page
    assert "| lowest ViSQOL | speech.flac |" not in page
    assert "-99" not in page


def test_a_page_without_measurements_says_so() -> None:
    page = layers_page.markdown([], [])
    assert "0 of 0 clips, lowest not measured dB" in page
    assert "Slower of encode and decode: not timed, one thread." in page
    only_rivals = [row for row in rows() if row.family != "mel" and row.clip_class == "speech"]
    page = layers_page.markdown(only_rivals, [])
    assert "| speech | SNR dB | opus@vbr | - | - | no figures of mel:16k-64+wave |" in page
    assert "Rate curve: music" not in page


@pytest.mark.parametrize("absent", layers_page.CLASSES)
def test_a_page_of_a_corpus_that_lacks_a_class(absent: str) -> None:
    kept = [row for row in rows() if row.clip_class != absent]
    page = layers_page.markdown(kept, [parts()] if absent != "speech" else [])
    assert f"## Rate curve: {absent}" not in page


def test_objections_are_computed() -> None:
    """All curves are equal; in each row the segmental SNR is 2.5 dB below the global one."""
    segmental, spectrograms, _, corpus_size = layers_findings.objections(rows(), [parts()])
    assert "-2.5 dB from the global one for `mel:16k-64+wave@snr10`" in segmental
    assert "and -2.5 dB for `opus@2k-vbr`" in segmental
    assert "+0 % bits for the same SNR, +0 % for the same segmental SNR" in segmental
    assert "2.10 (`mel:16k-64+wave@snr10`, 2.0 kbit/s) against 2.10 (`opus@2k-vbr`" in spectrograms
    assert "1 clip of 2 s" in corpus_size
