"""DAC: delay, blocks and codebooks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from codecmark.networks.setup import Setup
from codecmark.networks.weights import WeightLocator
from codecmark.neural import dac_blocks
from codecmark.neural.dac import DacCodec, TransformersDac
from entries import noise
from tiny_networks import tiny_dac

SETUP = Setup(WeightLocator(offline=True))


@pytest.mark.parametrize("variant", ["16khz", "24khz", "44khz"])
def test_dacs_layers_put_a_frame_back_where_it_was_taken(variant: str) -> None:
    """The centre of the samples that a frame sees is the centre of those that it makes: the
    layers have no lag. What published weights learned, 8 samples early, cannot be seen here.
    """
    codec = DacCodec(variant, 1.0, SETUP, tiny_dac(variant))
    network = codec._network
    assert isinstance(network, TransformersDac)
    network.model.double()
    early, hop = codec.early_samples, codec.hop
    frames, frame = 60, 30
    audio = torch.randn(1, 1, frames * codec.hop, dtype=torch.float64, requires_grad=True)
    network.model.encoder(audio)[0, :, frame].sum().backward()
    assert audio.grad is not None
    seen = torch.nonzero(audio.grad[0, 0])[:, 0]
    latent = torch.randn(1, network.model.config.hidden_size, frames, dtype=torch.float64)
    direction = torch.zeros_like(latent)
    direction[..., frame] = 1
    slope: Any
    decoded, slope = torch.func.jvp(network.model.decoder, (latent,), (direction,))  # type: ignore[misc]
    made = torch.nonzero(slope[0, 0])[:, 0]
    assert int(seen[0] + seen[-1]) == int(made[0] + made[-1])
    taken = dac_blocks.encoder_reach(network.model.config.downsampling_ratios)
    assert (frame * hop - int(seen[0]), int(seen[-1]) - frame * hop) == taken
    given = dac_blocks.decoder_reach(network.model.config.upsampling_ratios)
    assert (int(made[-1]) - frame * hop, frame * hop - int(made[0])) == given
    assert decoded.shape[-1] == frames * codec.hop - early
    assert early == (0 if variant == "44khz" else 8)


def level(model: torch.nn.Module) -> None:
    """Draw convolutions that keep signals at about their level; the class makes them fade away."""
    generator = torch.Generator().manual_seed(0)
    for module in model.modules():
        if isinstance(module, (torch.nn.Conv1d, torch.nn.ConvTranspose1d)):
            inputs = module.in_channels * module.kernel_size[0] / module.stride[0]
            weight = torch.randn(module.weight.shape, generator=generator) * 0.6 / inputs**0.5
            module.weight.copy_(weight)


@pytest.mark.parametrize("variant", ["16khz", "24khz", "44khz"])
@pytest.mark.parametrize("seconds", [2.0, 3.21])
def test_dac_in_blocks_is_dac_whole(
    variant: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # in two dimensions 1024 codes lie so close that rounding alone would choose between them
    codec = DacCodec(variant, 5.0, SETUP, {**tiny_dac(variant), "codebook_dim": 8})
    network: Any = codec._network
    level(network.model)
    clip = noise(round(seconds * codec.rate_hz), rate_hz=codec.rate_hz)
    stream = codec.encode(clip)
    whole = codec.decode(stream).samples
    assert 0.01 < whole.std() < 0.5
    lengths = []
    decode = network.model.decode
    for name in ("_whole_frames", "_block_frames"):
        monkeypatch.setattr(network, name, 17)

    def seen(audio_codes: torch.Tensor) -> Any:
        lengths.append(audio_codes.shape[-1])
        return decode(audio_codes=audio_codes)

    monkeypatch.setattr(network.model, "decode", seen)
    assert codec.encode(clip) == stream
    assert np.abs(codec.decode(stream).samples - whole).max() < 1e-6
    assert not codec.decode(stream).samples[:, : codec.early_samples].any()
    assert max(lengths) <= 17 + 2 * 11
    assert "above 10 s in blocks" in codec.info.notes


@pytest.mark.parametrize(("variant", "whole", "block"), [
    ("16khz", 500, 200), ("24khz", 750, 300), ("44khz", 862, 345),
])  # fmt: skip
def test_dac_takes_ten_seconds_at_once(variant: str, whole: int, block: int) -> None:
    codec = DacCodec(variant, 5.0, SETUP, tiny_dac(variant))
    network: Any = codec._network
    assert codec.padded(noise(10 * codec.rate_hz).samples).shape[1] == whole * codec.hop
    assert (network._whole_frames, network._block_frames) == (whole, block)


@pytest.mark.parametrize(("variant", "books"), [("16khz", 12), ("24khz", 32), ("44khz", 9)])
def test_dac_takes_one_to_all_codebooks(variant: str, books: int) -> None:
    config = tiny_dac(variant)
    one_book_kbps = 10 * config["sampling_rate"] / config["hop_length"] / 1000
    for count in (1, 2, books - 1, books):
        codec = DacCodec(variant, float(f"{count * one_book_kbps:.4g}"), SETUP, config)
        tokens = codec.tokenize(codec.padded(noise(1_000).samples))
        assert tokens.shape == (1, count, -(-1_000 // codec.hop))
        assert codec.info.nominal_bitrate_kbps == pytest.approx(count * one_book_kbps)
