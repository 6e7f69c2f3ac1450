from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from codecmark import UnavailableError, create
from codecmark.__main__ import main
from codecmark.errors import DamagedWeightsError
from codecmark.networks import trained_sets, weights
from codecmark.networks.published_sets import SETS, WeightFile, WeightSet
from codecmark.networks.weights import Located, Weights, locate, locate_or_random
from codecmark.system import download

CONTENT = b"not a network, but a file all the same"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Path]:
    """A folder that is served on the loopback address."""
    folder = tmp_path / "source"
    (folder / "r1").mkdir(parents=True)
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    (folder / "address").write_text(f"http://127.0.0.1:{server.server_port}")
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: Path) -> WeightSet:
    address = (source / "address").read_text()
    toy = WeightSet(
        "toy", address + "/{revision}/{path}", "r1", "MIT", (WeightFile("net.bin", DIGEST),)
    )
    monkeypatch.setitem(SETS, "toy", toy)
    monkeypatch.setenv("CODECMARK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path / "mine"))
    monkeypatch.delenv("CODECMARK_OFFLINE")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(download, "_unreachable_hosts", set())
    return toy


def put(folder: Path, content: bytes = CONTENT) -> None:
    folder.mkdir(parents=True)
    (folder / "net.bin").write_bytes(content)


def test_a_local_folder_comes_first(toy: WeightSet, tmp_path: Path) -> None:
    put(tmp_path / "mine" / "toy")
    found = locate("toy")
    assert found.folder == tmp_path / "mine" / "toy"
    assert found.weights == Weights("published", DIGEST, "published file")


def test_a_wrong_file_is_refused_by_name_and_nothing_stands_in(
    toy: WeightSet, tmp_path: Path
) -> None:
    put(tmp_path / "mine" / "toy", b"something else")
    with pytest.raises(DamagedWeightsError, match=r"net\.bin has SHA-256"):
        locate_or_random("toy")


def test_fetch_into_the_cache_and_find_it_there(
    toy: WeightSet, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "r1" / "net.bin").write_bytes(CONTENT)
    found = locate("toy")
    assert (found.folder / "net.bin").read_bytes() == CONTENT
    assert found.folder.is_relative_to(tmp_path / "cache")
    monkeypatch.setenv("CODECMARK_OFFLINE", "1")
    assert locate("toy") == found
    assert not list((tmp_path / "cache").rglob("*.part"))


def test_a_fetched_file_that_is_not_the_published_one_is_refused(
    toy: WeightSet, source: Path
) -> None:
    (source / "r1" / "net.bin").write_bytes(b"tampered")
    with pytest.raises(UnavailableError, match="is not the published file"):
        locate("toy")


def test_missing_at_the_source(toy: WeightSet) -> None:
    with pytest.raises(UnavailableError, match="answered 404"):
        locate("toy")


def test_offline_says_what_to_do(toy: WeightSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECMARK_OFFLINE", "1")
    with pytest.raises(UnavailableError, match=r"put net\.bin from .* \$CODECMARK_WEIGHTS/toy/"):
        locate("toy")
    standing_in = locate_or_random("toy")
    assert isinstance(standing_in, Weights)
    assert standing_in.evidence == "random"
    assert "seeded random weights" in standing_in.note


def test_an_unreachable_host_is_asked_once(toy: WeightSet, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = WeightSet("gone", "http://127.0.0.1:9/{revision}/{path}", "r", "MIT", toy.files)
    monkeypatch.setitem(SETS, "gone", gone)
    for _ in range(2):
        with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:9 cannot be reached"):
            locate("gone")
    assert download._unreachable_hosts == {"127.0.0.1:9"}


def test_several_files_have_one_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = WeightSet("pair", "http://x/{revision}/{path}", None, "MIT",
                     (WeightFile("b.bin"), WeightFile("a.json"), WeightFile("a.bin")))  # fmt: skip
    monkeypatch.setitem(SETS, "pair", pair)
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    (tmp_path / "pair").mkdir()
    for name in ("a.bin", "b.bin", "a.json"):
        (tmp_path / "pair" / name).write_bytes(CONTENT)
    found = locate("pair")
    lines = f"a.bin {DIGEST}\nb.bin {DIGEST}\n"
    assert found.weights.sha256 == hashlib.sha256(lines.encode()).hexdigest()
    assert "on trust" in found.weights.note


def test_every_published_set_is_pinned_or_says_so() -> None:
    for name, weight_set in SETS.items():
        assert weight_set.name == name
        assert weight_set.licence
        assert weight_set.revision is None or len(weight_set.revision) == 40
        assert isinstance(weight_set.source, str)


def test_located_is_what_networks_load_from() -> None:
    assert Located(Path(), weights.NO_WEIGHTS).weights.evidence == "none"


def test_a_page_in_place_of_the_file_is_not_kept(
    toy: WeightSet, source: Path, tmp_path: Path
) -> None:
    (source / "r1" / "net.bin").write_bytes(b"<html>please log in</html>")
    with pytest.raises(UnavailableError, match="is not the published file"):
        locate("toy")
    assert not [path for path in (tmp_path / "cache" / "weights").rglob("*") if path.is_file()]


def test_a_cache_that_cannot_be_written_says_so(
    toy: WeightSet, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "r1" / "net.bin").write_bytes(CONTENT)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CODECMARK_CACHE", str(tmp_path / "file"))
    with pytest.raises(UnavailableError, match="set CODECMARK_CACHE to another folder"):
        locate("toy")


def test_a_folder_that_lacks_files_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    folder = tmp_path / "facebook" / "encodec_24khz"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    with pytest.raises(UnavailableError, match=r"encodec_24khz lacks model\.safetensors"):
        locate("facebook/encodec_24khz", fetch=False)


def test_an_unpinned_file_that_breaks_off_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    folder = tmp_path / "descript" / "dac_16khz"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    whole = safetensors.numpy.save({"weight": np.zeros(100, np.float32)})
    (folder / "model.safetensors").write_bytes(whole)
    assert "on trust" in locate("descript/dac_16khz").weights.note
    (folder / "model.safetensors").write_bytes(whole[:-1])
    with pytest.raises(DamagedWeightsError, match=r"model\.safetensors is damaged or cut off"):
        locate_or_random("descript/dac_16khz")


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
        assert "encodec:24khz@6k encodec default 6.00 24000 published" in shown
        assert f"* encodec:24khz@6k: {weights.UNREAD}" in shown
        assert "encodec:48khz@6k encodec --all 6.00 48000 random" in shown
        assert weights.UNREAD in listed("weights", "list")
    # what the lists send to, and what a run does
    assert main(["weights", "verify"]) == 1
    assert "damaged" in capsys.readouterr().out
    with pytest.raises(DamagedWeightsError, match="has SHA-256"):
        create("encodec:24khz@6k")

    (folder / "model.safetensors").write_bytes(whole[:-1])  # that much the header tells
    assert "damaged or cut off" in listed("list", "--codecs", "encodec:24khz@6k")
    assert "encodec_24khz CC-BY-NC-4.0 damaged" in listed("weights", "list")


def test_what_reads_nothing_fetches_nothing(toy: WeightSet, source: Path, tmp_path: Path) -> None:
    (source / "r1" / "net.bin").write_bytes(CONTENT)
    with weights.unread(), pytest.raises(UnavailableError, match="not here"):
        locate("toy")
    assert not (tmp_path / "cache").exists()
    assert locate("toy").weights.sha256 == DIGEST
    with weights.unread():
        assert locate("toy").weights == Weights("published", None, weights.UNREAD)


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
    put(tmp_path / "mine" / "toy")
    assert main(["weights", *arguments.split()]) == status
    output = capsys.readouterr()
    assert text in output.out + output.err


def test_list_says_where_the_trained_sets_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(trained_sets, "_folders", lambda name: [Path("own") / name])
    path = Path("own/harmonic/vocoder.safetensors")
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    digest = trained_sets.locate_trained("harmonic").weights.sha256
    assert main(["weights", "list"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert digest is not None
    assert f"harmonic vocoder.safetensors own/harmonic {digest[:16]}" in shown
    assert "compact vae.safetensors no train them: codecmark train vae, then" in shown
    assert "joint vae.safetensors, vocoder.safetensors no train them: codecmark train" in shown


def test_verify_finds_what_is_damaged(
    toy: WeightSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "mine" / "toy", b"something else")
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
