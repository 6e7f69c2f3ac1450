"""The TOML file that turns two command lines into a codec.

The folder that `CODECMARK_COMMANDS` names holds `NAME.toml` for the spec `command:NAME`::

    encode = "speexenc --quality 6 {input} {output}"   # a WAV file to a coded file
    decode = "speexdec {input} {output}"               # and back to a WAV file
    sample_rate_hz = 16000        # of the WAV; without it, the clip's own
    channels = 1                  # 1: one channel after another; without it, the clip's own
    delay_samples = 0             # by how much the decoded WAV comes late
    coded_suffix = ".spx"         # where the programs look at it; ".bin" without it
    timeout_s = 60                # for each run of a program; 60 without it
    licence = "BSD-3-Clause"      # and reference: what `codecmark list` shows

`encode` and `decode` are needed. The commands are split as a shell would split them, but no shell
runs them. `{folder}` stands for the folder of the TOML file.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from codecmark.clip import MAX_CHANNELS, MAX_RATE_HZ, MIN_RATE_HZ
from codecmark.errors import InputError, UnavailableError

FOLDER_VARIABLE = "CODECMARK_COMMANDS"
_LIMITS = {
    "sample_rate_hz": (MIN_RATE_HZ, MAX_RATE_HZ),
    "channels": (1, MAX_CHANNELS),
    "delay_samples": (0, MAX_RATE_HZ),
}


@dataclass(frozen=True)
class CommandFile:
    """A checked file; see the module for what the fields mean."""

    path: Path
    encode: str
    decode: str
    sample_rate_hz: int | None = None
    channels: int | None = None
    delay_samples: int = 0
    coded_suffix: str = ".bin"
    timeout_s: float = 60.0
    licence: str = "that of the program"
    reference: str = ""

    @classmethod
    def load(cls, name: str) -> CommandFile:
        """Read `NAME.toml`.

        Raises
        ------
        UnavailableError
            If the folder is not named, or has no such file.
        InputError
            If the file is not usable; names the key.
        """
        folder = os.environ.get(FOLDER_VARIABLE)
        if not folder:
            raise UnavailableError(
                f"command:{name} needs a folder with {name}.toml",
                f"name it in the environment variable {FOLDER_VARIABLE}",
            )
        path = Path(folder).resolve() / f"{name}.toml"
        if not path.is_file():
            there = ", ".join(sorted(p.stem for p in path.parent.glob("*.toml"))) or "no command"
            raise UnavailableError(f"{path} does not exist", f"write it; there is {there}")
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: cannot be read as TOML ({error})") from error
        _check(path, values)
        return cls(path, **values)

    def command(self, phase: str, source: Path, target: Path) -> list[str]:
        """Return the words of the `encode` or `decode` command for these files."""
        places = {"{input}": source, "{output}": target, "{folder}": self.path.parent}
        words = shlex.split(getattr(self, phase))
        for place, value in places.items():
            words = [word.replace(place, str(value)) for word in words]
        return words

    def require_programs(self) -> None:
        """Raise `UnavailableError` if one of the programs is not here."""
        for phase in ("encode", "decode"):
            program = self.command(phase, Path("input"), Path("output"))[0]
            if shutil.which(program) is None:
                raise UnavailableError(
                    f"command:{self.path.stem} needs the program {program}",
                    f"install it, or correct {phase} in {self.path}",
                )


def _check(path: Path, values: dict[str, Any]) -> None:
    known = {field.name for field in fields(CommandFile)} - {"path"}
    for key, value in values.items():
        if key not in known:
            raise InputError(f"{path}: no key {key!r}; there are {', '.join(sorted(known))}")
        if key in _LIMITS:
            low, high = _LIMITS[key]
            if type(value) is not int or not low <= value <= high:
                raise InputError(f"{path}: {key} must be a whole number of {low} to {high}")
        elif key == "timeout_s":
            if type(value) not in (int, float) or not value > 0:
                raise InputError(f"{path}: timeout_s must be a number above 0")
        elif not isinstance(value, str):
            raise InputError(f"{path}: {key} must be a text in quotes")
    if "/" in values.get("coded_suffix", ""):
        raise InputError(f"{path}: coded_suffix must be the end of a name, such as '.spx'")
    for phase in ("encode", "decode"):
        if phase not in values:
            raise InputError(f"{path}: {phase} is missing; it is a command line")
        try:
            words = shlex.split(values[phase])
        except ValueError as error:
            raise InputError(f"{path}: {phase} cannot be split into words ({error})") from error
        for place in ("{input}", "{output}"):
            if not any(place in word for word in words[1:]):
                raise InputError(f"{path}: {phase} must have {place} among its arguments")
