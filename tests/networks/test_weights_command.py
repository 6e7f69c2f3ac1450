from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from codecmark import create
from codecmark.__main__ import main
from codecmark.errors import DamagedWeightsError
from codecmark.networks import trained_sets, weights
from codecmark.networks.published_sets import SETS, WeightFile, WeightSet
from codecmark.networks.weights import WeightLocator
from codecmark.system.digest import file_sha256

CONTENT = b"not a network, but a file all the same"


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> WeightSet:
    """A set that lies in the user's folder."""
    monkeypatch.setenv("CODECMARK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path / "mine"))
    file = tmp_path / "mine" / "toy" / "net.bin"
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    toy = WeightSet(
        "toy", "http://127.0.0.1:9/{revision}/{path}", "r1", "MIT",
        (WeightFile("net.bin", file_sha256(file)),),
    )  # fmt: skip
    monkeypatch.setitem(SETS, "toy", toy)
    return toy


def test_lists_say_what_is_here_and_read_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CODECMARK_WEIGHTS", "mine")
    folder = Path("mine/facebook/encodec_24khz")
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    whole = safetensors.numpy.save({"weight": np.zeros(100, np.float32)})  # not the published one
    (folder / "model.safetensors").write_bytes(whole)

    def listed(*arguments: str) -> str:
        assert main([*arguments]) == 0
        return " ".join(capsys.readouterr().out.split())

    with monkeypatch.context() as patch:
        patch.setattr(weights, "file_sha256", None)  # whoever called it would fail
        shown = listed("list", "--codecs", "encodec:24khz@6k,encodec:48khz@6k")
        assert "encodec:24khz@6k default 6.00 24000 published" in shown
        assert f"* encodec:24khz@6k: {weights.UNREAD}" in shown
        assert "encodec:48khz@6k --all 6.00 48000 random" in shown
        assert weights.UNREAD in listed("weights", "list")
    # what the lists send to, and what a run does
    assert main(["weights", "verify"]) == 1
    assert "damaged" in capsys.readouterr().out
    with pytest.raises(DamagedWeightsError, match="has SHA-256"):
        create("encodec:24khz@6k")

    (folder / "model.safetensors").write_bytes(whole[:-1])  # that much the header tells
    assert "damaged or cut off" in listed("list", "--codecs", "encodec:24khz@6k")
    assert "encodec_24khz CC-BY-NC-4.0 damaged" in listed("weights", "list")


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        ("", 0, "by hand, from"),
        ("list", 0, "codecmark weights fetch"),
        ("verify", 0, "published file"),
        ("verify toy", 0, "published file"),
        ("verify lyra", 1, "weights of lyra are not here"),
        ("fetch toy", 0, "published file"),
        ("path toy", 0, "toy\n"),
        ("path lyra", 2, "weights of lyra are not here"),
        ("fetch", 2, "or give --all"),
        ("path tpy", 2, "did you mean toy?"),
    ],
)
def test_command(
    toy: WeightSet,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: str,
    status: int,
    text: str,
) -> None:
    assert main(["weights", *arguments.split()]) == status
    output = capsys.readouterr()
    assert text in output.out + output.err


def test_list_says_where_the_trained_sets_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(trained_sets, "SHIPPED", Path("own"))
    path = Path("own/harmonic/vocoder.safetensors")
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    digest = trained_sets.locate_trained("harmonic", WeightLocator()).weights.sha256
    assert main(["weights", "list"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert digest is not None
    assert f"harmonic vocoder.safetensors own/harmonic {digest[:16]}" in shown
    either = "no install the package codecmark-trained, or train them: codecmark train"
    assert f"compact vae.safetensors {either} vae, then" in shown
    assert f"joint vae.safetensors, vocoder.safetensors {either}" in shown


def test_verify_finds_what_is_damaged(
    toy: WeightSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine" / "toy" / "net.bin").write_bytes(b"something else")
    assert main(["weights", "verify"]) == 1
    assert "damaged" in capsys.readouterr().out


def test_compare_tells_by_tensors_which_checkpoints_share_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    tensors = {name: np.arange(6, dtype=np.float32) for name in ("encoder.weight", "quant.bias")}
    vae, vocoder = "vae/diffusion_pytorch_model.safetensors", "vocoder/model.safetensors"

    def put_checkpoint(name: str, changed: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
        for path, content in ((vae, tensors | changed), (vocoder, tensors)):
            file = tmp_path / name / path
            file.parent.mkdir(parents=True)
            (file.parent / "config.json").write_text("{}")
            safetensors.numpy.save_file(content, file, metadata)

    put_checkpoint("cvssp/audioldm2", {}, {})
    # another header, the same weights
    put_checkpoint("cvssp/audioldm2-large", {}, {"format": "pt"})
    assert main(["weights", "compare"]) == 0
    output = capsys.readouterr().out
    for path in (vae, vocoder):
        assert f"{path}: cvssp/audioldm2 and cvssp/audioldm2-large share all 2 tensors" in output
    assert "cvssp/audioldm2-music: not here: by hand" in output

    # same values in another shape are other weights
    put_checkpoint("cvssp/audioldm2-music", {"quant.bias": tensors["quant.bias"][None]}, {})
    assert main(["weights", "compare", "cvssp/audioldm2", "cvssp/audioldm2-music"]) == 0
    output = capsys.readouterr().out
    assert f"{vae}: cvssp/audioldm2 and cvssp/audioldm2-music differ in 1 of 2 tensors" in output
    assert f"{vocoder}: cvssp/audioldm2 and cvssp/audioldm2-music share all" in output

    (tmp_path / "cvssp/audioldm2" / vae).write_bytes(b"cut off")
    assert main(["weights", "compare", "cvssp/audioldm2", "cvssp/audioldm2-music"]) == 1
    output = capsys.readouterr().out
    assert "cvssp/audioldm2: damaged" in output
    assert "differ" not in output
