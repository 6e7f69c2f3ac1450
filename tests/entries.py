"""The catalog for tests: networks at a tiny size of the same class, everything else as it is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from codecmark import catalog
from codecmark.catalog import factories
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.networks.setup import Setup
from codecmark.spec import Spec
from tiny_networks import (
    TINY_BIGVGAN,
    TINY_FSQ,
    TINY_FULLBAND_HIFIGAN,
    TINY_FULLBAND_VAE,
    TINY_HIFIGAN,
    TINY_HIFIGAN_V1,
    TINY_LTX2,
    TINY_LTX2_VOCODER,
    TINY_MIMI,
    TINY_MMAUDIO,
    TINY_OOBLECK,
    TINY_UNIVNET,
    TINY_VAE,
    TINY_VOCOS,
    tiny_dac,
    tiny_encodec,
    tiny_snac,
    tiny_wavtokenizer,
    tiny_xcodec,
    write_tiny_sets,
)


def _with_tiny_sets(spec: str, setup: Setup) -> Codec:
    with TemporaryDirectory() as folder:
        write_tiny_sets(Path(folder))
        weights = replace(setup.weights, trained=Path(folder))
        return _from_class(spec, replace(setup, weights=weights))


def _from_class(spec: str, setup: Setup) -> Codec:
    """Build a spec by its class alone, which does not ask whether the execution is heeded."""
    parsed = Spec.parse(spec)
    return factories.load(catalog.target(parsed)).from_spec(parsed.plain, setup)


@cache
def tiny(spec: str) -> Codec:
    """Return the entry, its network tiny where it has one; shared by all tests."""
    return fresh(spec)


def fresh(spec: str, setup: Setup | None = None) -> Codec:
    """Build the entry anew, with what the environment says unless a setup is given."""
    parsed = Spec.parse(spec)
    setup = setup or Setup.from_environment().running(parsed.execution)
    if parsed.layer is not None:
        from codecmark.layered.beside import BesideCodec

        return BesideCodec(parsed, fresh(str(replace(parsed, layer=None)), setup))
    if "compact" in spec or "harmonic" in spec:
        return _with_tiny_sets(spec, setup)
    if parsed.range_coded:
        from codecmark.neural.range_coded import RangeCodedCodec

        return RangeCodedCodec(fresh(str(parsed.plain), setup))
    if parsed.implementation is not None:
        return _from_class(spec, setup)
    if parsed.family == "audioldm2":
        from codecmark.layered.latent_codec import LatentWaveformCodec
        from codecmark.mel.audioldm2 import AudioLDM2Codec

        if "+wave" in spec:
            return LatentWaveformCodec.from_spec(parsed, setup, TINY_VAE)

        if parsed.stages[0] == "48k":
            return AudioLDM2Codec(parsed, setup, TINY_FULLBAND_VAE, TINY_FULLBAND_HIFIGAN)
        return AudioLDM2Codec.from_spec(parsed, setup, TINY_VAE, TINY_HIFIGAN)
    if parsed.family == "ltx2":
        from codecmark.mel.ltx2 import LTX2Codec

        return LTX2Codec(parsed, setup, TINY_LTX2, TINY_LTX2_VOCODER)
    if parsed.family == "mmaudio":
        from codecmark.mel.mmaudio import MMAudioCodec

        return MMAudioCodec(parsed, setup, TINY_MMAUDIO, TINY_BIGVGAN)
    if "/hifigan-v1" in spec or spec.endswith(("/univnet", "/vocos")):
        from codecmark.mel.chain import MelCodec

        config = TINY_UNIVNET if spec.endswith("univnet") else TINY_VOCOS
        if "hifigan-v1" in spec:
            config = TINY_HIFIGAN_V1
        return MelCodec.from_spec(parsed, setup, config)
    if parsed.family == "encodec":
        from codecmark.neural.encodec import EncodecCodec
        from codecmark.neural.encodec_stereo import EncodecStereoCodec

        assert parsed.variant is not None
        kind = EncodecStereoCodec if parsed.variant == "48khz" else EncodecCodec
        return kind(parsed.bitrate_kbps(0, 99), setup, tiny_encodec(parsed.variant))
    if parsed.family == "mimi":
        from codecmark.neural.mimi import MimiCodec

        return MimiCodec(parsed.bitrate_kbps(0, 99), setup, TINY_MIMI)
    if parsed.family == "snac":
        from codecmark.neural.snac import SnacCodec

        assert parsed.variant is not None
        return SnacCodec(parsed.variant, setup, tiny_snac(parsed.variant))
    if parsed.family == "xcodec":
        from codecmark.neural.xcodec import XcodecCodec

        assert parsed.variant is not None
        return XcodecCodec(parsed.variant, parsed.bitrate_kbps(0, 99), setup, tiny_xcodec())
    if parsed.family == "wavtokenizer":
        from codecmark.neural.wavtokenizer import WavTokenizerCodec

        assert parsed.variant is not None
        return WavTokenizerCodec(parsed.variant, setup, tiny_wavtokenizer(parsed.variant))
    if parsed.family in {"neucodec", "xcodec2"}:
        from codecmark.neural.neucodec import FsqCodec

        return FsqCodec(parsed.family, setup, TINY_FSQ)
    if parsed.family == "oobleck":
        from codecmark.neural.oobleck import OobleckCodec

        return OobleckCodec(parsed.setting or "f16", setup, TINY_OOBLECK)
    if parsed.family == "dac":
        from codecmark.neural.dac import DacCodec

        assert parsed.variant is not None
        return DacCodec(parsed.variant, parsed.bitrate_kbps(0, 99), setup, tiny_dac(parsed.variant))
    return _from_class(spec, setup)


def noise(length: int, *, channels: int = 1, rate_hz: int = 16_000, seed: int = 0) -> AudioClip:
    """Half-scale noise on the 16-bit grid."""
    rng = np.random.default_rng(seed)
    samples = rng.uniform(-0.5, 0.5, (channels, length)).astype(np.float32)
    return AudioClip(samples, rate_hz).on_pcm16_grid()


def tone(seconds: float, *, rate_hz: int = 16_000, frequency_hz: float = 440.0) -> AudioClip:
    """A half-scale sine with a slow swell, so that it is not stationary."""
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    swell = 0.35 + 0.15 * np.sin(2 * np.pi * 3 * time)
    samples = (swell * np.sin(2 * np.pi * frequency_hz * time)).astype(np.float32)
    return AudioClip(samples[None], rate_hz).on_pcm16_grid()
