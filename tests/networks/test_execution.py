"""Ways to run a network: what a spec says of them, what they return, what rows make of them."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from msgspec import structs

from codecmark import catalog, corpus, create
from codecmark.__main__ import main
from codecmark.analysis import summary_sql
from codecmark.analysis.summary import summarise
from codecmark.classic.pcm import Pcm16Codec
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.corpus import condition
from codecmark.corpus.condition import PreparedClip
from codecmark.errors import CodecError, InputError, MetricError, UnavailableError
from codecmark.families import FAMILIES
from codecmark.layered.codec import WaveformLayerCodec
from codecmark.leaderboard.notes import notes
from codecmark.measure import agreement, content_key
from codecmark.measure.measurement import Measurement
from codecmark.measure.scoring import Scorer
from codecmark.measure.timing import Timed, perf_counter_timer
from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.mel.vocoders.hifigan import HifiGan
from codecmark.networks import backends, exporters, runtime
from codecmark.networks.weights import Weights
from codecmark.neural import dac, encodec_network
from codecmark.neural.encodec import EncodecCodec
from codecmark.neural.mimi import MimiCodec
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.run import plan
from codecmark.run.engines.inprocess import InProcess
from codecmark.run.runner import run
from codecmark.spec import Spec, without_setting
from codecmark.system import execution, markdown
from codecmark.system.execution import EAGER, Execution
from entries import TINY_HIFIGAN, fresh, noise, tiny_dac, tiny_encodec

CONDITION = condition.named("16k-mono")
RANDOM = Weights("random")
SPEC = "dac:16khz@6k"


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(dac.PUBLISHED, "16khz", tiny_dac("16khz"))


def needs(*packages: str, extra: str) -> pytest.MarkDecorator:
    absent = [name for name in packages if importlib.util.find_spec(name) is None]
    install = f"pip install -c constraints.txt -e '.[{extra}]'"
    return pytest.mark.skipif(bool(absent), reason=f"needs {', '.join(absent)}: {install}")


def hifigan(chosen: Execution = EAGER) -> HifiGan:
    with execution.using(chosen):
        return HifiGan(RANDOM, AUDIOLDM2, TINY_HIFIGAN)


def snr_db(reference: torch.Tensor, other: torch.Tensor) -> float:
    clips = [AudioClip(runtime.to_array(found), 16_000) for found in (reference, other)]
    return agreement.agreement_db(*clips)


def mel(frames: int, channels: int = 1) -> MelSpectrogram:
    generator = torch.Generator().manual_seed(frames)
    return MelSpectrogram(torch.randn(channels, frames, 64, generator=generator), AUDIOLDM2)


# specs


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
    assert catalog.executed(specs, chosen) == (
        "opus@24k", "mimi@1.1k~cpu", f"{SPEC}~openvino-bfloat16-cpu", "dac:44khz@8k~int8",
    )  # fmt: skip
    assert catalog.executed(specs, EAGER) == specs
    with pytest.raises(InputError, match="none of the chosen codecs"):
        catalog.executed(("opus@24k", "flac"), chosen)


def test_an_option_goes_by_the_spec_not_by_the_family() -> None:
    chosen = Execution("openvino", device="cpu")
    specs = (
        "audioldm2:music/hifigan@int8", "audioldm2:music/griffinlim-64", "dac:16khz@6k#original",
        "audioldm2:compact+wave@snr10", "mel:16k-64+wave@snr10", "ltx2:2.0/hifigan",
    )  # fmt: skip
    assert catalog.executed(specs, chosen) == (
        "audioldm2:music/hifigan@int8~openvino-cpu", "audioldm2:music/griffinlim-64~cpu",
        "dac:16khz@6k#original~cpu", "audioldm2:compact+wave@snr10~cpu", "mel:16k-64+wave@snr10",
        "ltx2:2.0/hifigan~cpu",
    )  # fmt: skip


@pytest.mark.parametrize("spec", [spec for spec in catalog.all_specs() if "#" not in spec])
def test_the_catalog_knows_what_each_codec_heeds(spec: str) -> None:
    parsed = Spec.parse(spec)
    with execution.using(Execution(device="cpu")) as use:
        try:
            fresh(spec)
        except UnavailableError:
            pytest.skip("not available here")
    family = FAMILIES[parsed.family]
    declared = {"network": family.executed(parsed), "device": family.on_device(parsed)}
    assert declared == {kind: kind in use.met for kind in declared}


@pytest.mark.parametrize("spec", ["ltx2:2.0/hifigan~bfloat16", "snac:24khz~openvino"])
def test_a_refusal_says_which_networks_are_meant(spec: str) -> None:
    chosen = Spec.parse(spec).execution
    with (
        pytest.raises(UnavailableError, match=r"AudioLDM2's HiFi-GAN .* \(not #original\)"),
        execution.using(chosen) as use,
    ):
        use.require_met(spec)


def test_the_help_names_the_same_networks(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    assert execution.EXECUTED in " ".join(capsys.readouterr().out.split())


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


# networks


def test_bfloat16_products_come_near_and_leave_others_alone() -> None:
    reference, narrow = hifigan(), hifigan(Execution(dtype="bfloat16"))
    expected, found = reference.synthesize(mel(40)), narrow.synthesize(mel(40))
    assert found.dtype == torch.float32
    assert 30 < snr_db(expected, found) < 70
    assert torch.equal(hifigan().synthesize(mel(40)), expected)
    assert narrow.parameters == reference.parameters


@pytest.mark.parametrize(
    ("backend", "dtype", "least_db"),
    [
        pytest.param("openvino", "float32", 90, marks=needs("openvino", extra="openvino")),
        pytest.param("openvino", "bfloat16", 30, marks=needs("openvino", extra="openvino")),
        pytest.param("onnxruntime", "float32", 90, marks=needs("onnx", "onnxscript", extra="onnx")),
    ],
)
def test_an_exported_network_takes_any_length(backend: str, dtype: str, least_db: float) -> None:
    reference, exported = hifigan(), hifigan(Execution(backend, dtype))
    for frames, channels in ((50, 1), (7, 1), (63, 2)):
        spectrogram = mel(frames, channels)
        expected, found = reference.synthesize(spectrogram), exported.synthesize(spectrogram)
        assert found.shape == expected.shape
        assert snr_db(expected, found) > least_db


@needs("openvino", extra="openvino")
@pytest.mark.parametrize("frames", [3, 75, 101])
def test_encodec_keeps_its_length_in_bfloat16(frames: int) -> None:
    network, _ = encodec_network.build("24khz", tiny_encodec("24khz"), None)
    with execution.using(Execution("openvino", "bfloat16")):
        exported, _ = encodec_network.build("24khz", tiny_encodec("24khz"), None)
    tokens = torch.randint(0, 1024, (1, 8, frames), generator=torch.Generator().manual_seed(0))
    segment = encodec_network.Segment(tokens, None)
    expected, found = network.decode([segment]), exported.decode([segment])
    assert found.shape == expected.shape
    if frames == 3:  # too short to be mirrored as the others are
        assert torch.equal(found, expected)
    else:
        assert 25 < snr_db(expected[0], found[0]) < 90


def test_int8_weights_of_lstm_layers() -> None:
    network, _ = encodec_network.build("24khz", tiny_encodec("24khz"), None)
    with execution.using(Execution(dtype="int8")):
        quantized, _ = encodec_network.build("24khz", tiny_encodec("24khz"), None)
    tokens = torch.randint(0, 1024, (1, 8, 900), generator=torch.Generator().manual_seed(0))
    segment = encodec_network.Segment(tokens, None)  # longer than what goes through at once
    assert snr_db(network.decode([segment])[0], quantized.decode([segment])[0]) > 25


@pytest.mark.parametrize("chosen", [Execution("openvino"), Execution(dtype="int8")])
def test_what_runs_on_the_processor_only_refuses_a_gpu(chosen: Execution) -> None:
    network = torch.nn.Linear(2, 2)
    with pytest.raises(UnavailableError, match="not on cuda"):
        backends.executed(network, chosen, torch.device("cuda"), (1, 2), (0,), 1)


def test_compiling_needs_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(UnavailableError, match=r"C\+\+ compiler, and g\+\+ is not here"):
        hifigan(Execution("compile"))


@pytest.mark.parametrize(("backend", "extra"), [("openvino", "openvino"), ("onnxruntime", "onnx")])
def test_a_missing_package_is_named(
    backend: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UnavailableError, match=rf"pip install 'codecmark\[{extra}\]'"):
        hifigan(Execution(backend))


def test_a_network_that_returns_less_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(network: torch.nn.Module, *_: object) -> object:
        return lambda values: network(torch.from_numpy(values)).numpy()[..., :-1]

    monkeypatch.setitem(exporters.EXPORTERS, "openvino", cut)
    with pytest.raises(UnavailableError, match="it returns"):
        hifigan(Execution("openvino"))


# what happens at a call


@pytest.mark.parametrize("spec", ["encodec:24khz@6k", "mimi@1.1k"])
def test_live_forms_run_on_the_device_of_the_spec(
    spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = Execution(device="cpu")
    with execution.using(chosen):
        codec = fresh(spec)
    assert isinstance(codec, EncodecCodec | MimiCodec)
    codec.execution = chosen
    monkeypatch.setenv("CODECMARK_DEVICE", "meta")
    encode, decode = codec.live_encoder(), codec.live_decoder()
    chunk = noise(codec.chunk_samples, rate_hz=24_000).samples[0]
    assert len(decode(encode(chunk))) == codec.chunk_samples


def test_layers_are_decoded_on_the_device_of_the_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = Execution(device="cpu")
    with execution.using(chosen):
        codec = fresh("audioldm2:compact+wave@8k")
    assert isinstance(codec, WaveformLayerCodec)
    codec.execution = chosen
    monkeypatch.setenv("CODECMARK_DEVICE", "meta")
    stream = codec.encode(noise(8_000))
    assert np.array_equal(codec.decode_layers(stream).clip.samples, codec.decode(stream).samples)


@pytest.mark.skipif(
    not any(map(shutil.which, ("g++", "clang++"))),
    reason="needs a C++ compiler: apt-get install g++",
)
def test_a_compiled_network_returns_what_eager_does() -> None:
    generator = torch.Generator().manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv1d(1, 2, 3), torch.nn.LeakyReLU(0.1)).eval()
    compiled = backends.executed(
        network, Execution("compile"), torch.device("cpu"), (1, 1, 8), (0, 2), 1
    )
    with torch.inference_mode():
        for length in (8, 11):
            values = torch.randn(1, 1, length, generator=generator)
            assert torch.allclose(compiled(values), network(values), atol=1e-6)


def test_what_cannot_be_compiled_is_no_fault_of_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise OSError("no Python.h")

    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=broken))
    codec = create(f"{SPEC}~compile")
    stream = codec.encode(noise(8_000))
    with pytest.raises(UnavailableError, match=r"backend: compile cannot compile.*no Python\.h"):
        codec.decode(stream)


def test_what_a_backend_cannot_run_is_no_fault_of_the_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def short_only(network: torch.nn.Module, *_: object) -> object:
        def call(values: np.ndarray) -> np.ndarray:
            if values.shape[-1] != 50:
                raise RuntimeError("out of memory")
            return runtime.to_array(network(torch.from_numpy(values)))

        return call

    monkeypatch.setitem(exporters.EXPORTERS, "openvino", short_only)
    codec = create(f"{SPEC}~openvino")
    with pytest.raises(CodecError, match=r"openvino failed on an input of shape .*out of memory"):
        codec.decode(codec.encode(noise(8_000)))


# agreement


def test_agreement_is_a_ratio_in_db() -> None:
    clip = noise(8_000)
    scaled = AudioClip(clip.samples * np.float32(1.1), 16_000)
    assert agreement.agreement_db(clip, scaled) == pytest.approx(20, abs=0.01)
    with pytest.raises(MetricError, match="infinite"):
        agreement.agreement_db(clip, clip)
    with pytest.raises(MetricError, match="different lengths"):
        agreement.agreement_db(clip, noise(7_000))


def test_streams_are_the_same_and_any_execution_decodes_them() -> None:
    codec, narrow = create(SPEC), create(f"{SPEC}~bfloat16")
    stream = narrow.encode(noise(8_000))
    assert stream == codec.encode(noise(8_000))
    assert 25 < agreement.agreement_db(codec.decode(stream), narrow.decode(stream)) < 90
    assert narrow.info.spec == f"{SPEC}~bfloat16"
    assert (narrow.info.backend, narrow.info.dtype) == ("eager", "bfloat16")
    coded = create(f"{SPEC}+ac~bfloat16")
    assert coded.info.spec == f"{SPEC}+ac~bfloat16"
    assert np.array_equal(
        coded.decode(coded.encode(noise(8_000))).samples, narrow.decode(stream).samples
    )
    assert agreement.reference_of(coded).info.spec == f"{SPEC}+ac"


def test_the_reference_stays_on_the_device() -> None:
    reference = agreement.reference_of(create(f"{SPEC}~bfloat16-cpu"))
    assert reference.info.spec == f"{SPEC}~cpu"
    assert reference.execution == Execution(device="cpu")


def test_the_reference_is_not_there_while_others_are_timed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built: list[str] = []
    reference_of = agreement.reference_of

    def noted(codec: Codec) -> Codec:
        built.append("reference")
        return reference_of(codec)

    monkeypatch.setattr(agreement, "reference_of", noted)

    def timer(*given: Any, **named: Any) -> list[Timed[Any]]:
        built.append("timed")
        return perf_counter_timer(*given, **named)

    codec = create(f"{SPEC}~bfloat16")
    measurement = Measurement(codec, [PreparedClip("n", "n", "music", noise(8_000))], CONDITION)
    for _ in range(2):
        measurement.encode(timer)
        measurement.decode(timer)
        measurement.rows("r", Scorer(workers=1), memory=False)
        assert measurement._comparison.reference is None
    assert built == ["timed", "timed", "reference"] * 2


def test_the_reference_multiplies_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    decode = Pcm16Codec.decode_payload

    def spy(*given: Any) -> Any:
        found.append([torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32])
        return decode(*given)

    monkeypatch.setattr(Pcm16Codec, "decode_payload", spy)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    codec = Pcm16Codec()
    clip = noise(100)
    assert agreement.decoded_by(codec, codec.encode(clip)).sha256() == clip.sha256()
    assert found == [[False, False]]
    assert torch.backends.cudnn.allow_tf32


def measured(codec: Codec) -> ResultRow:
    measurement = Measurement(codec, [PreparedClip("n", "n", "music", noise(8_000))], CONDITION)
    measurement.decode()
    (row,) = measurement.rows("r", Scorer(workers=1), memory=False)
    return row


def test_a_row_says_how_near_it_came_and_claims_no_quality() -> None:
    row = measured(create(f"{SPEC}~bfloat16"))
    assert row.agreement_db is not None
    assert 25 < row.agreement_db < 90
    assert (row.backend, row.dtype, row.snr_db) == ("eager", "bfloat16", None)
    assert measured(create(SPEC)).agreement_db is None


def test_output_equal_to_eagers_is_infinite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "_multiply_in_bfloat16", lambda _: None)
    row = measured(create(f"{SPEC}~bfloat16"))
    assert row.agreement_db is None
    assert row.reasons["agreement_db"].startswith("infinite")


# runs


def test_keys_tell_executions_apart() -> None:
    specs = [SPEC, f"{SPEC}~bfloat16", f"{SPEC}~openvino", f"{SPEC}~cpu"]
    assert len({content_key.codec_key(spec, CONDITION, None) for spec in specs}) == 4
    threaded = condition.with_threads(CONDITION, 4)
    assert content_key.codec_key(SPEC, threaded, None) != content_key.codec_key(
        SPEC, CONDITION, None
    )


def test_backends_count_only_for_those_that_use_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def digests() -> Sequence[str]:
        for cached in (content_key.code_digest, content_key.codec_digest):
            cached.cache_clear()
        return [content_key.codec_digest(spec) for spec in (SPEC, f"{SPEC}~bfloat16")]

    before, original = digests(), content_key._source
    monkeypatch.setattr(
        content_key,
        "_source",
        lambda name: (
            replace(original(name), digest="new")
            if name == "codecmark.networks.backends"
            else original(name)
        ),
    )
    after = digests()
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)
    monkeypatch.undo()
    digests()


def test_rows_of_two_executions_do_not_mix(tmp_path: Path) -> None:
    clips, _ = plan.survey(corpus.limited(corpus.load(), 1, 0), CONDITION)
    specs = (SPEC, f"{SPEC}~bfloat16", f"{SPEC}~onnxruntime-bfloat16")
    made = plan.make(specs, clips, CONDITION, tmp_path, timed=False)
    list(run(made, InProcess(), tmp_path))
    rows = store.latest(store.read(tmp_path))
    assert [row.status for row in rows] == ["ok", "ok", "unavailable"]
    assert [(summary.spec, len(summary.rows)) for summary in summarise(rows)] == [
        (spec, 1) for spec in specs
    ]
    assert not plan.make(specs, clips, CONDITION, tmp_path, timed=False).missing


def test_a_parquet_run_from_before_there_were_executions(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    old = measured(create(SPEC))
    store.append(tmp_path, [structs.replace(old, run_id="r")])
    store.compact(tmp_path, "r")
    path = tmp_path / store.ROWS / "r.parquet"
    older = tmp_path / "older.parquet"
    duckdb.execute(
        f"COPY (SELECT * EXCLUDE (dtype, agreement_db) FROM '{path}') TO '{older}'"  # noqa: S608
    )
    older.replace(path)
    if path.with_suffix(".jsonl").exists():
        path.with_suffix(".jsonl").unlink()
    (row,) = store.read(tmp_path)
    assert (row.spec, row.decode_s, row.dtype) == (SPEC, old.decode_s, None)
    assert [summary.spec for summary in summary_sql.read(path).summaries] == [SPEC]
    store.append(tmp_path, [structs.replace(old, run_id="r", spec=f"{SPEC}~cpu")])
    assert store.compact(tmp_path, "r") == 2
    assert [row.dtype for row in store.read(tmp_path)] == [None, "float32"]


def test_a_note_gives_the_lowest_agreement(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    one = measured(create(f"{SPEC}~bfloat16"))
    rows = [
        structs.replace(one, run_id="r", clip=name, agreement_db=found)
        for name, found in (("a", 51.0), ("b", 42.25), ("c", None), ("d", 47.0))
    ]
    store.append(tmp_path, rows)
    expected = [note for note in notes(rows) if "42.2 dB or more" in note]
    assert len(expected) == 1
    store.compact(tmp_path, "r")
    summarised = summary_sql.read(tmp_path / store.ROWS / "r.parquet")
    assert [note for note in notes(summarised) if "dB or more" in note] == expected


def test_sections_of_a_page_are_replaced() -> None:
    page = "# Page\n\nWhat.\n\n## One\n\n1\n\n## Two\n\n2\n"
    found = markdown.with_sections(page, {"Three": "3", "One": "first\n"})
    assert found == "# Page\n\nWhat.\n\n## One\n\nfirst\n\n## Two\n\n2\n\n## Three\n\n3\n"
    assert markdown.with_sections(found, {}) == found


def test_threads_are_part_of_the_condition() -> None:
    threaded = condition.with_threads(CONDITION, 4)
    assert (threaded.name, threaded.threads) == ("16k-mono-4threads", 4)
    assert condition.named("16k-mono-4threads") == threaded
    assert condition.with_threads(CONDITION, 1) is CONDITION
    with pytest.raises(InputError, match="threads: must be 1 to 9999, got 0"):
        condition.with_threads(CONDITION, 0)
    for name in ("16k-mono-4threads-2threads", "16k-mono" + "-1threads" * 5_000):
        with pytest.raises(InputError, match="condition: no"):
            condition.named(name)
    most = condition.with_threads(CONDITION, 9_999)
    assert condition.named(most.name) == most
    with pytest.raises(InputError, match="must be 1 to 9999, got 10000"):
        condition.with_threads(CONDITION, 10_000)
    with pytest.raises(InputError, match="condition: no '8k-mono-2threads'"):
        condition.named("8k-mono-2threads")
