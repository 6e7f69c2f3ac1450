"""What a spec says of how its network runs, and what refuses it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from codecmark import catalog, create
from codecmark.__main__ import main
from codecmark.catalog.families import FAMILIES
from codecmark.errors import InputError, UnavailableError
from codecmark.networks.setup import Setup
from codecmark.networks.weights import WeightLocator
from codecmark.spec import Spec, without_setting
from codecmark.system.execution import EAGER, NETWORKS_ON_BACKENDS, Execution
from entries import fresh

SPEC = "dac:16khz@6k"
pytestmark = pytest.mark.usefixtures("tiny_dac_16khz")


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("openvino-bfloat16-cpu", Execution("openvino", "bfloat16", "cpu")),
        ("int8", Execution(dtype="int8")),
        ("cuda", Execution(device="cuda")),
    ],
)
def test_an_execution_is_part_of_the_spec(text: str, chosen: Execution) -> None:
    spec = Spec.parse(f"encodec:24khz@6k#original+ac~{text}")
    assert spec.execution == chosen
    assert str(spec) == f"encodec:24khz@6k#original+ac~{text}"
    assert str(spec.plain) == "encodec:24khz@6k#original"
    assert without_setting(str(spec)) == f"encodec:24khz#original+ac~{text}"


@pytest.mark.parametrize(
    "text",
    ["", "eager", "float32", "bfloat16-openvino", "int8-int8", "int8-bfloat16", "tpu", "a~b"],
)
def test_an_execution_has_one_name(text: str) -> None:
    with pytest.raises(InputError, match="after '~' go"):
        Spec.parse(f"dac:16khz@6k~{text}")


def test_settings_are_checked() -> None:
    with pytest.raises(InputError, match="dtype: must be one of float32"):
        Execution(dtype="float64")


def test_the_options_go_to_the_codecs_that_heed_them() -> None:
    specs = ("opus@24k", "mimi@1.1k", SPEC, "dac:44khz@8k~int8")
    chosen = Execution("openvino", "bfloat16", "cpu")
    assert catalog.with_execution(specs, chosen) == (
        "opus@24k", "mimi@1.1k~cpu", f"{SPEC}~openvino-bfloat16-cpu", "dac:44khz@8k~int8",
    )  # fmt: skip
    assert catalog.with_execution(specs, EAGER) == specs
    with pytest.raises(InputError, match="none of the chosen codecs"):
        catalog.with_execution(("opus@24k", "flac"), chosen)


def test_an_option_goes_by_the_spec_not_by_the_family() -> None:
    chosen = Execution("openvino", device="cpu")
    specs = (
        "audioldm2:music/hifigan@int8", "audioldm2:music/griffinlim-64", "dac:16khz@6k#original",
        "audioldm2:compact+wave@snr10", "mel:16k-64+wave@snr10", "ltx2:2.0/hifigan",
    )  # fmt: skip
    assert catalog.with_execution(specs, chosen) == (
        "audioldm2:music/hifigan@int8~openvino-cpu", "audioldm2:music/griffinlim-64~cpu",
        "dac:16khz@6k#original~cpu", "audioldm2:compact+wave@snr10~cpu", "mel:16k-64+wave@snr10",
        "ltx2:2.0/hifigan~cpu",
    )  # fmt: skip


@pytest.mark.parametrize("spec", [spec for spec in catalog.all_specs() if "#" not in spec])
def test_the_catalog_knows_what_each_codec_takes(spec: str) -> None:
    parsed = Spec.parse(spec)
    setup = Setup.from_environment().running(Execution(device="cpu"))
    try:
        fresh(spec, setup)
    except UnavailableError:
        pytest.skip("not available here")
    family = FAMILIES[parsed.family]
    declared = {"network": family.takes_backend(parsed), "device": family.takes_device(parsed)}
    assert declared == {part: part in setup.heeded for part in declared}


@pytest.mark.parametrize("spec", ["ltx2:2.0/hifigan~bfloat16", "snac:24khz~openvino"])
def test_a_refusal_says_which_networks_are_meant(spec: str) -> None:
    setup = Setup().running(Spec.parse(spec).execution)
    with pytest.raises(UnavailableError, match=r"AudioLDM2's HiFi-GAN .* \(not #original\)"):
        setup.require_heeded(spec)


def test_the_help_names_the_same_networks(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    assert NETWORKS_ON_BACKENDS in " ".join(capsys.readouterr().out.split())


def test_an_option_that_nothing_heeds_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--codecs", "opus", "--backend", "compile", "--out", str(tmp_path)]) != 0
    assert "leave out --backend" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("spec", "remedy"),
    [
        ("opus@24k~bfloat16", "leave out --backend and --dtype"),
        ("opus@24k~cpu", "leave out --device"),
        ("mel:16k-64/griffinlim-64~compile", "leave out --backend and --dtype"),
        ("snac:24khz~int8", "leave out --backend and --dtype"),
        (f"{SPEC}~onnxruntime-bfloat16", "another backend"),
        (f"{SPEC}~compile-int8", "another backend"),
        (f"{SPEC}~int8", "choose bfloat16"),
    ],
)
def test_what_does_not_apply_is_unavailable(spec: str, remedy: str) -> None:
    with pytest.raises(UnavailableError) as caught:
        create(spec)
    assert remedy in caught.value.remedy


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_cuda_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match="torch sees no GPU"):
        create(f"{SPEC}~cuda")


def test_one_setup_does_not_leak_into_the_next() -> None:
    setup = Setup(device="cpu")
    narrow = setup.running(Execution(dtype="bfloat16"))
    assert narrow.network_execution().dtype == "bfloat16"
    assert (narrow.heeded, setup.heeded) == ({"network"}, set())
    assert setup.execution == EAGER
    assert narrow.weights is setup.weights


def test_an_explicit_setup_takes_the_place_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CODECMARK_DEVICE", "nowhere")
    with pytest.raises(InputError, match="device: torch knows no 'nowhere'"):
        create(SPEC)
    assert create(SPEC, Setup(WeightLocator(offline=True), device="cpu")).info.device == "cpu"
    assert create(f"{SPEC}~cpu").info.device == "cpu"


def test_another_process_is_given_the_same_setup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locator = WeightLocator(tmp_path / "mine", tmp_path / "cache", None, offline=True)
    for setup in (Setup(locator, device="cuda"), Setup(WeightLocator(trained=tmp_path))):
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        for name, value in setup.variables().items():
            monkeypatch.setenv(name, value)
        assert Setup.from_environment() == setup


def test_a_copy_records_requests_of_its_own() -> None:
    setup = Setup(WeightLocator(offline=True))
    copy = setup.recording_afresh()
    with pytest.raises(UnavailableError):
        copy.weights.locate("descript/dac_16khz", fetch=False)
    assert copy.weights.asked_names == ["descript/dac_16khz"]
    assert setup.weights.asked_names == []
