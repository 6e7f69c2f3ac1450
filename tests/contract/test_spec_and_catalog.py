from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import EntryPoint

import pytest
from hypothesis import given
from hypothesis import strategies as st

import codecmark
from codecmark import CodecError, InputError, UnavailableError, UnknownCodecError, catalog
from codecmark.catalog import factories
from codecmark.catalog.families import FAMILIES
from codecmark.catalog.family import Family
from codecmark.classic.pcm import Pcm16Codec
from codecmark.networks.setup import Setup
from codecmark.spec import Spec


@pytest.mark.parametrize("spec", list(catalog.all_specs()))
def test_every_catalog_spec_parses_to_itself(spec: str) -> None:
    assert str(Spec.parse(spec)) == spec


def test_parts_of_a_spec() -> None:
    spec = Spec.parse("mel:16k-64/griffinlim-64")
    assert (spec.family, spec.stages, spec.setting) == ("mel", ("16k-64", "griffinlim-64"), None)
    assert Spec.parse("lyra@9.2k").bitrate_kbps(3, 10) == 9.2
    coded = Spec.parse("snac:24khz+ac")
    assert (coded.variant, coded.range_coded, str(coded.plain)) == ("24khz", True, "snac:24khz")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Opus",
        "opus@",
        "opus:",
        ":a",
        "a b",
        "opus@24k@2",
        "a:b//c",
        "opus@24k#",
        "a#b@c",
        None,
    ],
)
def test_malformed_specs(text: str) -> None:
    with pytest.raises(InputError, match="spec:"):
        Spec.parse(text)


@given(st.text(max_size=30) | st.text("ab:@/#+~.1k-", max_size=12))
def test_any_text_either_parses_or_is_refused(text: str) -> None:
    with suppress(InputError):
        assert str(Spec.parse(text)) == text


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("opus", "needs a bitrate in kbit/s"),
        ("opus@fast", "needs a bitrate in kbit/s"),
        ("opus@999k", "bitrate must be 6k to 256k"),
        ("opus:x@24k", "takes no variant"),
        ("pcm16@24k", "takes no setting"),
        ("vorbis@q11", "quality from q0 to q10"),
        ("lyra@4k", "one of 3.2k, 6k, 9.2k"),
        ("encodec:24khz@5k", "one of 1.5k, 3k, 6k, 12k, 24k"),
        ("encodec:32khz@6k", "variant must be one of 24khz, 48khz"),
        ("encodec:48khz@1.5k", "bitrate must be one of 3k, 6k, 12k, 24k"),
        ("encodec:48khz@4k", "one of 3k, 6k, 12k, 24k"),
        ("encodec:24khz@6k#mine", "after '#' encodec takes one of original or nothing"),
        ("opus@24k#original", "after '#' opus takes nothing"),
        ("dac:8khz@6k", "variant must be one of"),
        ("lc3@8k", "bitrate must be 16k to 320k"),
        ("g722@48k", "one of 64k"),
        ("amr@12k", "one of 4.75k, 5.15k"),
        ("codec2@2k", "one of 3.2k, 2.4k, 1.6k, 1.3k, 0.7k"),
        ("noise@10", "needs a number and 'db'"),
        ("lowpass@30k", "must be 0.1k to 20k"),
        ("pcm@17bit", "must be 2bit to 16bit"),
        ("pcm@7.5bit", "number of bits must be an integer"),
        ("silence@0db", "takes no setting"),
        ("command", "needs the name of a TOML file"),
        ("command:../passwd", "needs the name of a TOML file"),
        ("command:top-byte@1k", "takes no setting"),
        ("dac:16khz@60k", "bitrate must be"),
        ("mimi:24khz@1.1k", "takes no variant"),
        ("mimi@9k", "bitrate must be 0.06875k to 4.4k"),
        ("snac:16khz", "variant must be one of 24khz, 32khz, 44khz"),
        ("snac:24khz@1k", "takes no setting"),
        ("xcodec:general@3k", "one of 0.5k, 1k, 1.5k, 2k, 4k"),
        ("xcodec@2k", "variant must be one of speech, general"),
        ("wavtokenizer:unify", "variant must be one of unify-40, speech-75"),
        ("neucodec@0.8k", "takes no setting"),
        ("flac+ac", "flac has no tokens to range code"),
        ("mel:16k-64/wavenet", "griffinlim-N"),
        ("mel:16k-64", "needs a mel format"),
        ("audioldm2:huge/hifigan", "checkpoint must be one of"),
        ("audioldm2:base", "needs a checkpoint"),
    ],
)
def test_wrong_settings_name_the_remedy(spec: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        codecmark.create(spec)


def test_unknown_codec_suggests_and_lists() -> None:
    with pytest.raises(UnknownCodecError, match=r"did you mean opus.*known families: pcm16, flac"):
        codecmark.create("opsu@24k")


def test_unlisted_settings_work() -> None:
    assert codecmark.create("opus@20k").info.nominal_bitrate_kbps == 20


def test_select() -> None:
    assert catalog.select("flac, opus@20k") == ("flac", "opus@20k")
    assert catalog.select("lyra") == ("lyra@3.2k", "lyra@6k", "lyra@9.2k")
    assert catalog.select("flac,flac") == ("flac",)
    assert catalog.select("command") == ("command:top-byte",)
    assert catalog.select("snac") == FAMILIES["snac"].more  # it has no default
    assert len(catalog.select("replay")) > 30
    assert len(catalog.select(None)) < len(catalog.select(None, everything=True))
    with pytest.raises(InputError, match="codecs: the list is empty"):
        catalog.select(" , ")
    with pytest.raises(UnknownCodecError, match="did you mean"):
        catalog.select("flacc")


def test_the_default_set_names_every_family() -> None:
    families = {Spec.parse(spec).family for spec in catalog.select(None)}
    on_request = {  # --all, or the user's own
        "command", "replay", "oobleck", "mimi", "snac", "xcodec", "wavtokenizer", "neucodec",
        "xcodec2", "noise", "lowpass", "pcm", "ltx2", "mmaudio",
    }  # fmt: skip
    assert families == set(FAMILIES) - on_request
    assert len(catalog.select(None)) >= 25


class PluginCodec(Pcm16Codec):
    catalog_specs = ("plugged",)

    def __init__(self) -> None:
        super().__init__()
        self.info = replace(self.info, spec="plugged", family="plugged")


def test_a_plugin_needs_one_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("plugged", f"{__name__}:PluginCodec", factories.ENTRY_POINT_GROUP)
    monkeypatch.setitem(sys.modules, __name__, sys.modules[PluginCodec.__module__])
    monkeypatch.setattr(factories, "entry_points", lambda group: [point])
    factories.scan.cache_clear()
    try:
        assert isinstance(codecmark.create("plugged"), PluginCodec)
        assert "plugged" in catalog.select(None, everything=True)
        assert "plugged" not in [*catalog.select(None), *catalog.all_specs()]
    finally:
        factories.scan.cache_clear()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    family = Family("no_such_package.codec:Codec", "", ())
    monkeypatch.setitem(FAMILIES, "ghost", family)
    with pytest.raises(UnavailableError, match="pip install no_such_package"):
        codecmark.create("ghost")


def test_a_broken_plugin_does_not_break_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("lacking", "no_such_package:Codec", factories.ENTRY_POINT_GROUP),
        EntryPoint("classless", "codecmark.spec:NoSuchClass", factories.ENTRY_POINT_GROUP),
    ]
    monkeypatch.setattr(factories, "entry_points", lambda group: points)
    factories.scan.cache_clear()
    try:
        assert {"lacking", "classless"} <= set(catalog.select(None, everything=True))
        with pytest.raises(UnknownCodecError, match="did you mean opus"):
            codecmark.create("opsu@24k")
        for name in ("lacking", "classless"):
            with pytest.raises(UnavailableError):
                codecmark.create(name)
    finally:
        factories.scan.cache_clear()


class Nameless(Pcm16Codec):
    """Takes a device and does not say so in its spec."""

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> Nameless:
        setup.device_name()
        return cls()


def test_a_codec_says_how_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factories, "load", lambda target: Nameless)
    with pytest.raises(CodecError, match=r"pcm16~cpu: the codec.s info\.spec is pcm16"):
        codecmark.create("pcm16~cpu")


class Explosive:
    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> None:
        raise RuntimeError("no such device")


def test_what_a_constructor_raises_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factories, "load", lambda target: Explosive)
    with pytest.raises(CodecError, match="pcm16 could not be built: RuntimeError: no such device"):
        codecmark.create("pcm16")


def test_dac_stays_within_its_codebooks() -> None:
    from codecmark.neural.dac import DacCodec
    from tiny_networks import tiny_dac

    for kbps, books in ((0.1, 1), (6.2, 12), (99.0, 12)):
        assert (
            DacCodec("16khz", kbps, Setup.from_environment(), tiny_dac("16khz")).codebooks == books
        )


@pytest.mark.parametrize(("module", "package"), [("lc3", "lc3py"), ("pycodec2", "pycodec2")])
def test_a_package_is_named_as_pip_knows_it(
    module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    for wrapper in ("lc3", "codec2", "libcodec2"):
        monkeypatch.delitem(sys.modules, f"codecmark.classic.{wrapper}", raising=False)
    with pytest.raises(UnavailableError, match=f"pip install {package}$"):
        codecmark.create({"lc3": "lc3@16k", "pycodec2": "codec2@3.2k"}[module])


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    program = (
        "import sys, codecmark, codecmark.__main__\n"
        "codecmark.create('opus@24k')\n"
        "heavy = {'torch', 'transformers', 'diffusers', 'librosa', 'ai_edge_litert', 'visqol'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_exported_names_are_sorted_and_real() -> None:
    assert codecmark.__all__ == sorted(codecmark.__all__)
    assert all(hasattr(codecmark, name) for name in codecmark.__all__)


def test_sentinels_are_told_by_the_catalog() -> None:
    sentinels = [name for name in FAMILIES if catalog.is_sentinel(name)]
    assert sentinels == ["silence", "noise", "lowpass", "pcm"]
    assert not catalog.is_sentinel("no such family")
