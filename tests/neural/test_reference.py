"""EnCodec and DAC: original checkpoints, segments, delays, and the record of parity.

The reference packages are in the environment of `make parity` only, so their checkpoints are
imitated here by their names; `results/parity.md` holds what the real ones gave.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import DacConfig, DacModel

from codecmark import AudioClip, BitstreamError, InputError, UnavailableError, create
from codecmark.bitstream import frame as bitstream
from codecmark.bitstream.frame import StreamHeader
from codecmark.errors import DamagedWeightsError
from codecmark.networks.setup import Setup
from codecmark.networks.weights import WeightLocator
from codecmark.neural import dac_blocks, original_checkpoints
from codecmark.neural.dac import DacCodec, TransformersDac
from codecmark.neural.encodec import EncodecCodec
from codecmark.neural.encodec_network import TransformersEncodec, random_model
from codecmark.neural.encodec_segments import overlap_add
from codecmark.neural.encodec_stereo import EncodecStereoCodec
from codecmark.spec import Spec, without_setting
from codecmark.studies.parity import fingerprint
from codecmark.studies.parity.comparison import Comparison
from codecmark.studies.parity.page import holds, markdown
from entries import noise, tiny, tiny_dac, tiny_encodec
from places import COMMITTED, REPOSITORY

SETUP = Setup(WeightLocator(offline=True))
RECORD = COMMITTED / "parity.md"

# original checkpoints: the authors' names, from the state dicts of their packages


def as_encodec_writes_it(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    renamed = {}
    for name, tensor in state.items():
        for pattern, replacement in (
            (r"^decoder\.layers\.(3|6|9|12)\.conv\.", r"decoder.model.\1.convtr.convtr."),
            (r"^decoder\.layers\.(3|6|9|12)\.norm\.", r"decoder.model.\1.convtr.norm."),
            (r"^(encoder|decoder)\.layers\.", r"\1.model."),
            (r"(?<!convtr)\.conv\.(?!conv)", ".conv.conv."),
            (r"(?<!convtr)\.norm\.", ".conv.norm."),
            (r"^quantizer\.layers\.(\d+)\.codebook", r"quantizer.vq.layers.\1._codebook"),
            (r"\.parametrizations\.weight\.original0", ".weight_g"),
            (r"\.parametrizations\.weight\.original1", ".weight_v"),
        ):
            name = re.sub(pattern, replacement, name)
        renamed[name] = tensor
    return renamed


def as_dac_writes_it(network: Any) -> dict[str, torch.Tensor]:
    """Walk both layouts in the order of computation, which the authors number."""
    unit = ("snake1", "conv1", "snake2", "conv2")
    state: dict[str, torch.Tensor] = {}

    def put(name: str, module: Any) -> None:
        for kind, tensor in module.state_dict().items():
            if kind == "weight" and "codebook" not in name:
                gain = 0.5 + torch.rand(tensor.shape[0], 1, 1)
                norm = tensor.flatten(1).norm(dim=1)[:, None, None]
                state[f"{name}.weight_g"], state[f"{name}.weight_v"] = gain * norm, tensor
                tensor.copy_(torch._weight_norm(tensor.clone(), gain * norm, 0))
                state[f"{name}.weight_v"] = tensor / gain
            else:
                state[f"{name}.{kind}"] = tensor

    def put_units(name: str, units: list[Any]) -> None:
        for i, each in enumerate(units):
            for j, part in enumerate(unit):
                put(f"{name}.{i}.block.{j}", getattr(each, part))

    encoder, decoder = network.encoder, network.decoder
    last = len(encoder.block) + 1
    put("encoder.block.0", encoder.conv1)
    put("decoder.model.0", decoder.conv1)
    for i, block in enumerate(encoder.block, 1):
        put_units(f"encoder.block.{i}.block", [block.res_unit1, block.res_unit2, block.res_unit3])
        put(f"encoder.block.{i}.block.3", block.snake1)
        put(f"encoder.block.{i}.block.4", block.conv1)
    for i, block in enumerate(decoder.block, 1):
        put(f"decoder.model.{i}.block.0", block.snake1)
        put(f"decoder.model.{i}.block.1", block.conv_t1)
        for j, each in enumerate((block.res_unit1, block.res_unit2, block.res_unit3), 2):
            for k, part in enumerate(unit):
                put(f"decoder.model.{i}.block.{j}.block.{k}", getattr(each, part))
    for side, half in (("encoder.block", encoder), ("decoder.model", decoder)):
        put(f"{side}.{last}", half.snake1)
        put(f"{side}.{last + 1}", half.conv2)
    for i, quantizer in enumerate(network.quantizer.quantizers):
        for part in ("in_proj", "out_proj", "codebook"):
            put(f"quantizer.quantizers.{i}.{part}", getattr(quantizer, part))
    return state


@pytest.mark.parametrize("variant", ["24khz", "48khz"])
def test_an_encodec_checkpoint_of_its_authors_converts(variant: str) -> None:
    network = random_model(tiny_encodec(variant))
    original = as_encodec_writes_it(network.state_dict())
    assert not any("layers" in name for name in original if not name.startswith("quantizer"))
    converted = original_checkpoints.encodec_to_transformers(original)
    assert all(torch.equal(converted[name], t) for name, t in network.state_dict().items())
    assert converted.keys() == network.state_dict().keys()


def test_a_dac_checkpoint_of_its_authors_converts() -> None:
    network: Any = DacModel(DacConfig(**tiny_dac("16khz")))
    network.requires_grad_(False)
    original = as_dac_writes_it(network)
    converted = original_checkpoints.dac_to_transformers(original)
    state = network.state_dict()
    assert converted.keys() == state.keys()
    assert all(torch.allclose(converted[name], t, atol=1e-6) for name, t in state.items())


def test_an_original_checkpoint_is_found_where_the_published_set_is_not(
    tmp_path: Path,
) -> None:
    from codecmark.neural import encodec_network

    setup = Setup(WeightLocator(tmp_path, cache=tmp_path / "cache", offline=True))
    config = tiny_encodec("48khz")
    untrained = EncodecStereoCodec(6.0, setup, config)
    assert untrained.info.weights.evidence == "random"
    assert "facebook/encodec_48khz" in untrained.info.weights.note
    folder = tmp_path / "facebookresearch" / "encodec_48khz"
    folder.mkdir(parents=True)
    torch.manual_seed(8)
    theirs = random_model(config)
    torch.save(as_encodec_writes_it(theirs.state_dict()), folder / "encodec_48khz-7e698e3e.th")
    network, source = encodec_network.build("48khz", config, None, setup)
    assert getattr(source, "name", None) == "facebookresearch/encodec_48khz"
    loaded = network.model.state_dict()
    assert all(torch.equal(loaded[name], t) for name, t in theirs.state_dict().items())
    assert EncodecStereoCodec(6.0, setup, config).info.weights.evidence == "published"
    random_model(config).save_pretrained(tmp_path / "facebook" / "encodec_48khz")
    assert encodec_network.build("48khz", config, None, setup)[1].name == "facebook/encodec_48khz"  # type: ignore[union-attr]


class Hostile:
    def __reduce__(self) -> Any:
        return Path.touch, (Path("/nonexistent/touched"),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"state_dict": {"a": torch.zeros(2)}}, "is not of this network"),
        ({"a": Hostile()}, "cannot be read"),
        (["no", "state"], "cannot be read"),
    ],
)
def test_a_checkpoint_that_is_none_is_refused_and_nothing_in_it_runs(
    content: Any, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "weights.pth"
    torch.save(content, path)

    def load() -> None:
        original_checkpoints.load(torch.nn.Linear(1, 1), path, original_checkpoints.read(path))

    with pytest.raises(DamagedWeightsError, match=message):
        load()


# the other implementation


def test_the_original_is_unavailable_with_its_remedy() -> None:
    if importlib.util.find_spec("encodec"):
        pytest.skip("the reference packages are here")
    for spec in ("encodec:24khz@6k#original", "dac:16khz@6k#original"):
        with pytest.raises(UnavailableError, match="make parity-environment"):
            create(spec)


def test_an_implementation_is_part_of_the_name() -> None:
    spec = Spec.parse("encodec:24khz@6k#original")
    assert (spec.setting, spec.implementation, str(spec)) == (
        "6k", "original", "encodec:24khz@6k#original",
    )  # fmt: skip
    assert without_setting("encodec:24khz@6k#original") == "encodec:24khz#original"
    assert without_setting("opus@24k") == "opus"


# segments of EnCodec 48 kHz


def stereo(samples: int) -> AudioClip:
    return noise(samples, channels=2, rate_hz=48_000)


@pytest.mark.parametrize("kbps", [3, 6, 12, 24])
@pytest.mark.parametrize("samples", [1, 47_999, 48_000, 48_001, 2 * 47_520 + 100, 240_000])
def test_stereo_rate_is_150_frames_a_segment_and_a_level(kbps: int, samples: int) -> None:
    spec = f"encodec:48khz@{kbps}k"
    clip = stereo(samples)
    stream = tiny(spec).encode(clip)
    _, payload = bitstream.unpack(spec, stream)
    starts = range(0, samples, 47_520)
    frames = sum(int(np.ceil(min(48_000, samples - start) / 320)) for start in starts)
    assert len(payload) == 4 * len(starts) + int(np.ceil(frames * (kbps * 1000 // 1500) * 10 / 8))
    assert tiny(spec).decode(stream).samples.shape == (2, samples)


def test_levels_travel_in_the_stream() -> None:
    """The network sees a segment at one level, whatever the clip's; the decoder restores it."""
    codec = tiny("encodec:48khz@6k")
    loud = stereo(60_000)
    soft = AudioClip(loud.samples / np.float32(64), 48_000)
    _, loud_payload = bitstream.unpack(codec.info.spec, codec.encode(loud))
    _, soft_payload = bitstream.unpack(codec.info.spec, codec.encode(soft))
    levels = np.frombuffer(loud_payload[:8], "<f4")
    mono = loud.samples.mean(axis=0)
    assert levels[0] == pytest.approx(np.sqrt(np.mean(mono[:48_000] ** 2)), rel=1e-5)
    assert np.frombuffer(soft_payload[:8], "<f4") * 64 == pytest.approx(levels, rel=1e-4)
    raised = np.concatenate([levels * 2, np.zeros(0, "<f4")]).astype("<f4").tobytes()
    header = StreamHeader(48_000, 2, 60_000)
    once = codec.decode_payload(loud_payload, header)
    twice = codec.decode_payload(raised + loud_payload[8:], header)
    assert np.allclose(twice, 2 * once, atol=1e-5)


@pytest.mark.parametrize("level", [np.nan, np.inf, -1.0, 0.0])
def test_a_level_that_is_no_level_is_refused(level: float) -> None:
    codec = tiny("encodec:48khz@6k")
    _, payload = bitstream.unpack(codec.info.spec, codec.encode(stereo(320)))
    damaged = np.array([level], "<f4").tobytes() + payload[4:]
    with pytest.raises(BitstreamError, match="levels"):
        codec.decode_payload(damaged, StreamHeader(48_000, 2, 320))


def test_more_than_two_channels_are_refused() -> None:
    codec = tiny("encodec:48khz@6k")
    with pytest.raises(InputError, match="channels"):
        codec.encode(noise(320, channels=3))
    with pytest.raises(BitstreamError, match="channels"):
        codec.decode_payload(b"", StreamHeader(48_000, 3, 320))


def test_overlapping_pieces_of_one_signal_add_up_to_it() -> None:
    signal = torch.linspace(-1, 1, 250)
    pieces = [signal[start : start + 100] for start in (0, 90, 180)]
    assert torch.allclose(overlap_add(pieces, 90), signal, atol=1e-6)
    ones, twos = torch.ones(100), torch.full((100,), 2.0)
    faded = overlap_add([ones, twos], 90)
    assert (faded[:90] == 1).all()
    assert (faded[100:] == 2).all()
    assert (faded[90:100].diff() > 0).all()


def sensitive(codec: EncodecCodec | EncodecStereoCodec) -> Any:
    """Bring random codebooks to the level of the latents, so that tokens follow the signal."""
    network = codec._network
    assert isinstance(network, TransformersEncodec)
    channels = codec.info.channels or 1
    with torch.inference_mode():
        latent = network.model.encoder(torch.randn(1, channels, 3_200) / 4)
        for layer in network.model.quantizer.layers:
            layer.codebook.embed.normal_().mul_(latent.std()).add_(latent.mean(dim=(0, 2)))
            latent = latent - latent.mean(dim=2, keepdim=True)
    return codec


def test_encodec_mirrors_what_the_last_frame_lacks() -> None:
    """Its authors pass the clip as it is; zeros in place of what lacks give other tokens."""
    codec = sensitive(EncodecCodec(24.0, SETUP, tiny_encodec("24khz")))
    clip = noise(5_000, rate_hz=24_000)
    whole = np.pad(clip.samples, ((0, 0), (0, 120)))
    tokens, padded = codec.tokenize(codec.padded(clip.samples)), codec.tokenize(whole)
    assert tokens.shape == padded.shape == (1, 32, 16)
    assert np.array_equal(tokens[..., :-1], padded[..., :-1])
    assert not np.array_equal(tokens[..., -1], padded[..., -1])


# delays, black box: which samples a change reaches


def first_change(codec: Any, before: AudioClip, at: int) -> int:
    """Return the first decoded sample that differs when the clip does from `at` on."""
    samples = before.samples.copy()
    samples[:, at:] = 30 - 60 * samples[:, at:]
    after = AudioClip(samples, before.sample_rate_hz)
    difference = np.abs(
        codec.decode(codec.encode(after)).samples - codec.decode(codec.encode(before)).samples
    ).max(axis=0)
    return int(np.flatnonzero(difference)[0])


def test_encodec_waits_for_a_frame_and_no_longer() -> None:
    codec = sensitive(EncodecCodec(24.0, SETUP, tiny_encodec("24khz")))
    clip = noise(24 * 320, rate_hz=24_000)
    # behind the first frames, which see a mirror image of those that follow
    firsts = {at: first_change(codec, clip, at) for at in (5_120, 5_759, 6_399, 6_500)}
    assert all(first >= at // 320 * 320 for at, first in firsts.items())
    waits = [at - first + 1 for at, first in firsts.items()]
    assert max(waits) == codec.info.algorithmic_delay_samples == 320


def test_encodec_stereo_waits_for_a_segment() -> None:
    codec = tiny("encodec:48khz@6k")
    first = first_change(codec, stereo(60_000), 47_999)
    assert 47_999 - first + 1 == codec.info.algorithmic_delay_samples == 48_000


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


# the record


def test_the_record_of_parity_is_of_these_wrappers_and_versions() -> None:
    record = RECORD.read_text(encoding="utf-8")
    assert "**Parity holds.**" in record
    assert f"| wrapper sources | `{fingerprint.sources()}` |" in record, "run `make parity`"
    pinned = dict(
        line.split("==")
        for line in (REPOSITORY / "constraints.txt").read_text().splitlines()
        if "==" in line
    )
    for name in (*fingerprint.OURS, *fingerprint.THEIRS):
        assert f"{name} {pinned[name]}" in record, "run `make parity`"


def test_the_record_covers_every_rate() -> None:
    record = RECORD.read_text(encoding="utf-8")
    rows = [line for line in record.splitlines() if line.startswith(("| encodec:", "| dac:"))]
    assert len(rows) >= 9
    assert all(line.endswith("| yes |") for line in rows)
    for spec in (
        *(f"encodec:24khz@{rate}k" for rate in ("1.5", "3", "6", "12", "24")),
        *(f"encodec:48khz@{rate}k" for rate in ("3", "6", "12", "24")),
    ):
        assert any(line.startswith(f"| {spec} |") for line in rows)
    for variant, books in (("16khz", 12), ("24khz", 32), ("44khz", 9)):
        assert any(f"| dac:{variant} | 1 to {books - 1}, each |" in line for line in rows)
        assert any(re.match(rf"\| dac:{variant}@\S+ \| {books} \|", line) for line in rows)


def compared(**changes: Any) -> Comparison:
    fields: dict[str, Any] = {
        "spec": "encodec:24khz@6k", "codebooks": 8, "samples": 320, "tokens": 8, "differing": 0,
        "distinct": 8, "levels": None, "ecdc": True, "twin": True, "rms": 0.1, "deviation": 0.0,
    }  # fmt: skip
    return Comparison(**{**fields, **changes})


@pytest.mark.parametrize(
    "fault", [{"differing": 1}, {"ecdc": False}, {"twin": False}, {"deviation": 2e-5}]
)
def test_one_difference_is_the_end_of_parity(fault: dict[str, Any]) -> None:
    both = [compared(), compared(**fault)]
    assert holds(both[:1])
    assert not holds(both)
    assert not holds([])
    assert "**Parity does not hold.**" in markdown({}, [], both)
