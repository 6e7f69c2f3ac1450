"""Checkpoints as the authors of EnCodec and DAC publish them, and their packages by name.

The packages are in the environment of `make parity` only, so their checkpoints are imitated here
by their names.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import DacConfig, DacModel

from codecmark import UnavailableError, create
from codecmark.errors import DamagedWeightsError
from codecmark.networks.setup import Setup
from codecmark.networks.weights import WeightLocator
from codecmark.neural import original_checkpoints
from codecmark.neural.encodec_network import random_model
from codecmark.neural.encodec_stereo import EncodecStereoCodec
from codecmark.spec import Spec, without_setting
from tiny_networks import tiny_dac, tiny_encodec


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
