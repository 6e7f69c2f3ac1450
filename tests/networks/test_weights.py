from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest
import safetensors.numpy

from codecmark import UnavailableError
from codecmark.codec import NO_WEIGHTS, Weights
from codecmark.errors import DamagedWeightsError
from codecmark.networks import trained_sets, weights
from codecmark.networks.published_sets import SETS, WeightFile, WeightSet
from codecmark.networks.weights import Asked, Located, WeightLocator
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
    found = WeightLocator.from_environment().locate("toy")
    assert found.folder == tmp_path / "mine" / "toy"
    assert found.weights == Weights("published", DIGEST, "published file")


def test_a_wrong_file_is_refused_by_name_and_nothing_stands_in(
    toy: WeightSet, tmp_path: Path
) -> None:
    put(tmp_path / "mine" / "toy", b"something else")
    with pytest.raises(DamagedWeightsError, match=r"net\.bin has SHA-256"):
        WeightLocator.from_environment().locate_or_random("toy")


def test_fetch_into_the_cache_and_find_it_there(
    toy: WeightSet, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "r1" / "net.bin").write_bytes(CONTENT)
    found = WeightLocator.from_environment().locate("toy")
    assert (found.folder / "net.bin").read_bytes() == CONTENT
    assert found.folder.is_relative_to(tmp_path / "cache")
    monkeypatch.setenv("CODECMARK_OFFLINE", "1")
    assert WeightLocator.from_environment().locate("toy") == found
    assert not list((tmp_path / "cache").rglob("*.part"))


def test_a_fetched_file_that_is_not_the_published_one_is_refused(
    toy: WeightSet, source: Path
) -> None:
    (source / "r1" / "net.bin").write_bytes(b"tampered")
    with pytest.raises(UnavailableError, match="is not the published file"):
        WeightLocator.from_environment().locate("toy")


def test_missing_at_the_source(toy: WeightSet) -> None:
    with pytest.raises(UnavailableError, match="answered 404"):
        WeightLocator.from_environment().locate("toy")


def test_offline_says_what_to_do(toy: WeightSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECMARK_OFFLINE", "1")
    with pytest.raises(UnavailableError, match=r"put net\.bin from .* \$CODECMARK_WEIGHTS/toy/"):
        WeightLocator.from_environment().locate("toy")
    standing_in = WeightLocator.from_environment().locate_or_random("toy")
    assert isinstance(standing_in, Weights)
    assert standing_in.evidence == "random"
    assert "seeded random weights" in standing_in.note


def test_an_unreachable_host_is_asked_once(toy: WeightSet, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = WeightSet("gone", "http://127.0.0.1:9/{revision}/{path}", "r", "MIT", toy.files)
    monkeypatch.setitem(SETS, "gone", gone)
    for _ in range(2):
        with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:9 cannot be reached"):
            WeightLocator.from_environment().locate("gone")
    assert download._unreachable_hosts == {"127.0.0.1:9"}


def test_several_files_have_one_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = WeightSet("pair", "http://x/{revision}/{path}", None, "MIT",
                     (WeightFile("b.bin"), WeightFile("a.json"), WeightFile("a.bin")))  # fmt: skip
    monkeypatch.setitem(SETS, "pair", pair)
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    (tmp_path / "pair").mkdir()
    for name in ("a.bin", "b.bin", "a.json"):
        (tmp_path / "pair" / name).write_bytes(CONTENT)
    found = WeightLocator.from_environment().locate("pair")
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
    assert Located(Path(), NO_WEIGHTS).weights.evidence == "none"


def test_a_page_in_place_of_the_file_is_not_kept(
    toy: WeightSet, source: Path, tmp_path: Path
) -> None:
    (source / "r1" / "net.bin").write_bytes(b"<html>please log in</html>")
    with pytest.raises(UnavailableError, match="is not the published file"):
        WeightLocator.from_environment().locate("toy")
    assert not [path for path in (tmp_path / "cache" / "weights").rglob("*") if path.is_file()]


def test_a_cache_that_cannot_be_written_says_so(
    toy: WeightSet, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "r1" / "net.bin").write_bytes(CONTENT)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CODECMARK_CACHE", str(tmp_path / "file"))
    with pytest.raises(UnavailableError, match="set CODECMARK_CACHE to another folder"):
        WeightLocator.from_environment().locate("toy")


def test_a_folder_that_lacks_files_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    folder = tmp_path / "facebook" / "encodec_24khz"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    with pytest.raises(UnavailableError, match=r"encodec_24khz lacks model\.safetensors"):
        WeightLocator.from_environment().locate("facebook/encodec_24khz", fetch=False)


def test_an_unpinned_file_that_breaks_off_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    folder = tmp_path / "descript" / "dac_16khz"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    whole = safetensors.numpy.save({"weight": np.zeros(100, np.float32)})
    (folder / "model.safetensors").write_bytes(whole)
    assert "on trust" in WeightLocator.from_environment().locate("descript/dac_16khz").weights.note
    (folder / "model.safetensors").write_bytes(whole[:-1])
    with pytest.raises(DamagedWeightsError, match=r"model\.safetensors is damaged or cut off"):
        WeightLocator.from_environment().locate_or_random("descript/dac_16khz")


def test_what_reads_nothing_fetches_nothing(toy: WeightSet, source: Path, tmp_path: Path) -> None:
    (source / "r1" / "net.bin").write_bytes(CONTENT)
    listing = WeightLocator.from_environment(reads_files=False)
    with pytest.raises(UnavailableError, match="not here"):
        listing.locate("toy")
    assert not (tmp_path / "cache").exists()
    assert WeightLocator.from_environment().locate("toy").weights.sha256 == DIGEST
    assert listing.locate("toy").weights == Weights("published", None, weights.UNREAD)


def test_it_remembers_what_it_was_asked_for(toy: WeightSet) -> None:
    locator = WeightLocator.from_environment()
    with pytest.raises(UnavailableError):
        locator.locate("toy", fetch=False)
    locator.locate_or_random("lyra", "toy", "toy")
    trained_sets.locate_trained("compact", locator)
    assert locator.asked == [
        Asked(("toy",), needed=True),
        Asked(("lyra", "toy", "toy"), needed=False),
        Asked(("trained/compact",), needed=True),
    ]
    assert locator.asked_names == ["toy", "lyra", "trained/compact"]


def test_the_hubs_own_cache_is_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    name, revision = "descript/dac_16khz", SETS["descript/dac_16khz"].revision
    locator = WeightLocator(cache=tmp_path / "cache", offline=True)
    with pytest.raises(UnavailableError, match="not here"):
        locator.locate(name)
    folder = tmp_path / "hub" / "models--descript--dac_16khz" / "snapshots" / str(revision)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    whole = safetensors.numpy.save({"weight": np.zeros(100, np.float32)})
    (folder / "model.safetensors").write_bytes(whole)
    assert locator.locate(name).folder == folder
