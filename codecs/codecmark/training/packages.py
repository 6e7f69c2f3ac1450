"""Audio of the shipped training recipe: Debian packages under permissive licences.

Only BSD-like, CC0, CC-BY and MIT terms, no share-alike and no GPL. None has a speaker of the
English, French and Spanish bundled clips. Licences are as stated in each package's copyright file.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from codecmark.system import debian


@dataclass(frozen=True)
class PackageAudio:
    """Files of one author in one package.

    Attributes
    ----------
    folder : str
        Path below the root.
    source : str or None
        Speaker or kit; None if each file is a source of its own.
    without : tuple of str
        Prefixes of file names to leave out.
    """

    package: str
    folder: str
    pattern: str
    clip_class: str
    source: str | None
    licence: str
    author: str
    without: tuple[str, ...] = ()


_ASTERISK = "usr/share/asterisk/sounds"
_KITS = "usr/share/hydrogen/data/drumkits"
AUDIO = (
    PackageAudio(
        "festvox-ru", "usr/share/festival/voices/russian/msu_ru_nsh_clunits/wav", "*.wav",
        "speech", "shmyrev_msu_ru", "BSD-like (Festival style)", "Nickolay V. Shmyrev",
    ),
    PackageAudio(
        "asterisk-core-sounds-it-g722", f"{_ASTERISK}/it_IT_m_Carlo", "**/*.g722",
        "speech", "carlo_flora", "CC-BY-3.0", "Carlo Flora", ("demo-",),
    ),
    PackageAudio(
        "asterisk-core-sounds-ru-g722", f"{_ASTERISK}/ru_RU_f_IvrvoiceRU", "**/*.g722",
        "speech", "ivrvoice_ru", "CC-BY-3.0", "IvrvoiceRU", ("demo-",),
    ),
    PackageAudio(
        "sonic-pi-samples", "usr/share/sonic-pi/samples", "*.flac",
        "music", None, "CC0-1.0", "see the package's copyright file",
        ("loop_amen",),  # a sampled recording that the uploader may not own
    ),
    PackageAudio(
        "hydrogen-drumkits", f"{_KITS}/Audiophob", "*.*",
        "music", "kit_audiophob", "CC0-1.0", "audiophobdubstep",
    ),
    PackageAudio(
        "hydrogen-drumkits", f"{_KITS}/rumpf_kit_z01_h2", "*.*",
        "music", "kit_rumpf", "CC-BY-3.0", "Emanuel Rumpf",
    ),
)  # fmt: skip
SOUNDFONT_PACKAGE, SOUNDFONT = "fluid-soundfont-gm", "usr/share/sounds/sf2/FluidR3_GM.sf2"
SOUNDFONT_LICENCE, SOUNDFONT_AUTHOR = "MIT (samples)", "Frank Wen (SoundFont)"
NAMES = (*dict.fromkeys(audio.package for audio in AUDIO), SOUNDFONT_PACKAGE)


def missing(root: Path) -> tuple[str, ...]:
    """Return the packages missing below `root`, which is `/` or a folder of unpacked packages."""
    absent = [audio.package for audio in AUDIO if not (root / audio.folder).is_dir()]
    if not (root / SOUNDFONT).is_file():
        absent.append(SOUNDFONT_PACKAGE)
    return tuple(dict.fromkeys(absent))


def fetch(root: Path, names: tuple[str, ...]) -> None:
    """Download packages with apt and unpack them below `root`, without installing them.

    Raises
    ------
    UnavailableError
        If apt or dpkg is missing or fails; states the remedy.
    """
    remedy = f"unpack or install {' '.join(names)} yourself and name their root with --packages"
    root.mkdir(parents=True, exist_ok=True)
    # in a folder of its own: an archive that lies in the root is somebody else's
    with tempfile.TemporaryDirectory(prefix="codecmark-", dir=root) as folder:
        for name in names:
            archive = debian.download(name, Path(folder), remedy=remedy)
            debian.unpack(archive, root, remedy=remedy)
            archive.unlink()
