"""The catalog for tests: networks at a tiny size of the same class, everything else as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from codecmark import catalog
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.spec import Spec

TINY_VAE: Mapping[str, Any] = {
    "in_channels": 1,
    "out_channels": 1,
    "down_block_types": ["DownEncoderBlock2D"] * 3,
    "up_block_types": ["UpDecoderBlock2D"] * 3,
    "block_out_channels": [8, 8, 16],
    "layers_per_block": 1,
    "act_fn": "silu",
    "latent_channels": 8,
    "norm_num_groups": 4,
    "sample_size": 1024,
    "scaling_factor": 0.4110932946205139,
}
TINY_HIFIGAN: Mapping[str, Any] = {
    "model_in_dim": 64,
    "sampling_rate": 16_000,
    "upsample_initial_channel": 32,
    "upsample_rates": [5, 4, 2, 2, 2],
    "upsample_kernel_sizes": [16, 16, 8, 4, 4],
    "resblock_kernel_sizes": [3],
    "resblock_dilation_sizes": [[1]],
    "normalize_before": False,
}
TINY_ENCODEC: Mapping[str, Any] = {
    "target_bandwidths": [1.5, 3.0, 6.0, 12.0, 24.0],
    "sampling_rate": 24_000,
    "num_filters": 2,
    "hidden_size": 8,
    "codebook_dim": 8,
    "codebook_size": 1024,
    "num_lstm_layers": 1,
    "upsampling_ratios": [8, 5, 4, 2],
}


TINY_HARMONIC: Mapping[str, Any] = {
    "width": 8,
    "hidden": 8,
    "layers": 1,
    "pitch_width": 8,
    "pitch_layers": 1,
}
TINY_OOBLECK: Mapping[str, Any] = {
    "encoder_hidden_size": 8,
    "downsampling_ratios": [2, 4, 4, 8, 8],
    "channel_multiples": [1, 1, 1, 2, 2],
    "decoder_channels": 8,
    "decoder_input_channels": 4,
    "audio_channels": 2,
    "sampling_rate": 44_100,
}


def tiny_dac(variant: str) -> Mapping[str, Any]:
    """The published layout with few channels."""
    from codecmark.wrappers.dac import PUBLISHED

    return {**PUBLISHED[variant], "encoder_hidden_size": 2, "decoder_hidden_size": 32,
            "hidden_size": 32, "codebook_dim": 2}  # fmt: skip


def write_tiny_sets(folder: Path) -> None:
    """Write sets like those that this project trains, seeded random, as small as they can be."""
    import torch
    from diffusers import AutoencoderKL

    from codecmark import trained_weights
    from codecmark.audioldm2.formats import AUDIOLDM2
    from codecmark.audioldm2.harmonic import HarmonicConfig, HarmonicNetwork

    config = HarmonicConfig(**TINY_HARMONIC)
    model: Any = AutoencoderKL  # its constructor is not typed
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        vocoder, vae = HarmonicNetwork(AUDIOLDM2, config), model(**TINY_VAE)
    for name, files in trained_weights.SETS.items():
        if "vocoder.safetensors" in files:
            path = folder / name / "vocoder.safetensors"
            trained_weights.write(path, "harmonic", asdict(config), vocoder.state_dict())
        if "vae.safetensors" in files:
            path = folder / name / "vae.safetensors"
            trained_weights.write(path, "compact", TINY_VAE, vae.state_dict())


@cache
def _with_tiny_sets(spec: str) -> Codec:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        write_tiny_sets(Path(folder))
        patch.setenv("CODECMARK_TRAINED", folder)
        return catalog.create(spec)


@cache
def tiny(spec: str) -> Codec:
    """Build the entry, its network tiny where it has one."""
    parsed = Spec.parse(spec)
    if "compact" in spec or "harmonic" in spec:
        return _with_tiny_sets(spec)
    if parsed.family == "audioldm2":
        from codecmark.audioldm2.chain import AudioLDM2Codec

        return AudioLDM2Codec(parsed, TINY_VAE, TINY_HIFIGAN)
    if parsed.family == "encodec":
        from codecmark.wrappers.encodec import EncodecCodec

        return EncodecCodec(parsed.bitrate_kbps(0, 99), TINY_ENCODEC)
    if parsed.family == "oobleck":
        from codecmark.wrappers.oobleck import OobleckCodec

        return OobleckCodec(parsed.setting or "f16", TINY_OOBLECK)
    if parsed.family == "dac":
        from codecmark.wrappers.dac import DacCodec

        assert parsed.variant is not None
        return DacCodec(parsed.variant, parsed.bitrate_kbps(0, 99), tiny_dac(parsed.variant))
    return catalog.create(spec)


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
