"""The published weights that codecs use: where each set comes from, at which revision.

A set whose files have digests is verified wherever it was found; one without is taken on trust,
and its rows say so. To pin one, add the SHA-256 that the source states.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WeightFile:
    """One file of a set: path inside the set and, where known, size and digest."""

    path: str
    sha256: str | None = None


@dataclass(frozen=True)
class WeightSet:
    """A published set of files at one pinned revision.

    `url` is a template with `{revision}` and `{path}`; `revision` None means that no revision is
    known to be good, so the set is never fetched, only taken from a folder or a cache.
    """

    name: str
    url: str
    revision: str | None
    licence: str
    files: tuple[WeightFile, ...]

    @property
    def on_hub(self) -> bool:
        """Whether the model hub's own cache may hold it."""
        return self.url.startswith(_HUB.partition("{")[0])

    @property
    def source(self) -> str:
        """Human-readable address of the set."""
        return self.url.format(revision=self.revision or "main", path="").rstrip("/")


_HUB = "https://huggingface.co/{repo}/resolve/{{revision}}/{{path}}"
_ENCODEC_ORIGINAL = "https://dl.fbaipublicfiles.com/encodec/v0/{path}"
_DAC_ORIGINAL = (
    "https://github.com/descriptinc/descript-audio-codec/releases/download/{release}/{{path}}"
)
_LYRA = "https://raw.githubusercontent.com/google/lyra/{revision}/lyra/model_coeffs/{path}"


def _single(repo: str, revision: str | None, licence: str, sha256: str | None = None) -> WeightSet:
    files = WeightFile("config.json"), WeightFile("model.safetensors", sha256)
    return WeightSet(repo, _HUB.format(repo=repo), revision, licence, files)


def _dac_original(variant: str, release: str, file: str) -> WeightSet:
    url = _DAC_ORIGINAL.format(release=release)
    return WeightSet(f"descriptinc/dac_{variant}", url, None, "MIT", (WeightFile(file),))


def _encodec_original(file: str) -> WeightSet:
    name = f"facebookresearch/{file.partition('-')[0]}"
    return WeightSet(name, _ENCODEC_ORIGINAL, None, "CC-BY-NC-4.0", (WeightFile(file),))


def _audioldm2(repo: str, revision: str | None) -> WeightSet:
    paths = (
        "vae/config.json", "vae/diffusion_pytorch_model.safetensors",
        "vocoder/config.json", "vocoder/model.safetensors",
    )  # fmt: skip
    files = tuple(map(WeightFile, paths))
    return WeightSet(repo, _HUB.format(repo=repo), revision, "CC-BY-NC-SA-4.0", files)


SETS: dict[str, WeightSet] = {
    weight_set.name: weight_set
    for weight_set in (
        WeightSet(
            "lyra", _LYRA, "47698dadf0010abff6a848e02642f55f806d4842", "Apache-2.0",
            (
                WeightFile(
                    "soundstream_encoder.tflite",
                    "237da0b16226fb0a68d49551c81bebf614e42142af72764448359f68581e88f1",
                ),
                WeightFile(
                    "quantizer.tflite",
                    "841ee05989687d32d1f616a8ad1419fc7eda37599d3c05c7cf5a0d60ccf8ac5c",
                ),
                WeightFile(
                    "lyragan.tflite",
                    "50e7839cda4f30599a3a34cfaddcd9c98449b049eee884e1a74295780448ad06",
                ),
            ),
        ),
        WeightSet(
            "hifigan-22khz-80mel",
            "https://raw.githubusercontent.com/rhasspy/glow-speak/{revision}/glow_speak/vocoders/"
            "hifi-gan_low/{path}",
            "772df2205fcf147f3477bb8c00c5ce108f7b972c", "GPL-3.0 (its repository's)",
            (
                WeightFile(
                    "generator.onnx",
                    "34a1374fe3e0b066a13df5e84db5de5796fd39def7ba776357ec727410e41ae4",
                ),
            ),
        ),
        _audioldm2("cvssp/audioldm2", "c8e7e189d324425c05c4c2f81214041ef4107983"),
        _audioldm2("cvssp/audioldm2-music", None),
        _audioldm2("cvssp/audioldm2-large", "4b0b875a9e0c5305dfc917da808584e50e1c7ed4"),
        WeightSet(
            "stabilityai/stable-audio-open-1.0",
            _HUB.format(repo="stabilityai/stable-audio-open-1.0"), None,
            "Stability AI Community License",
            (
                WeightFile("vae/config.json"),
                WeightFile("vae/diffusion_pytorch_model.safetensors"),
            ),
        ),
        _single(
            "facebook/encodec_24khz", "c1dbe2ae3f1de713481a3b3e7c47f357092ee040", "CC-BY-NC-4.0",
            "37a7cb100f71a29e6c1d815aca8666a1d7ea8885ebe44c306c751a5103559d57",
        ),
        _single("facebook/encodec_48khz", None, "CC-BY-NC-4.0"),
        _single("descript/dac_16khz", "7c2fc5e759f1f501aefc6e7a0265cc57f5d17ba7", "MIT"),
        _single(
            "descript/dac_24khz", "6ba020b5ba7d9d8076fb90db7e67f27e31980f6e", "MIT",
            "7452e3fc6972991da871ae1a1c9d3e8e219aa247cc0f757018867d6a7fe59aaf",
        ),
        _single(
            "descript/dac_44khz", "c1bc521685adf9cfe247bc39a5ca58917eda1ac4", "MIT",
            "6128ebff483a41422b0164d079a3773b0d8d82e64c4293d775994cbf8baf913a",
        ),
        # the same networks as their authors publish them
        _encodec_original("encodec_24khz-d7cc33bc.th"),
        _encodec_original("encodec_48khz-7e698e3e.th"),
        _dac_original("16khz", "0.0.5", "weights_16khz.pth"),
        _dac_original("24khz", "0.0.4", "weights_24khz.pth"),
        _dac_original("44khz", "0.0.1", "weights.pth"),
    )
}  # fmt: skip
