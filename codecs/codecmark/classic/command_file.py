"""The TOML file that turns two command lines into a codec.

The folder that `CODECMARK_COMMANDS` names (`Setup.command_folder`) holds `NAME.toml` for the spec
`command:NAME`::

    encode = "speexenc --quality 6 {input} {output}"   # a WAV file to a coded file
    decode = "speexdec {input} {output}"               # and back to a WAV file
    sample_rate_hz = 16000        # of the WAV file; default: the clip's
    channels = 1                  # 1 codes channels one by one; default: the clip's
    delay_samples = 0             # of the decoded WAV file
    coded_suffix = ".spx"         # for programs that look at it; default: ".bin"
    timeout_s = 60                # for each run of a program; default: 60, at most a day
    licence = "BSD-3-Clause"      # this and `reference` are shown by `codecmark list`

Only `encode` and `decode` are required. The commands are split as a shell would split them, but
run without a shell. `{folder}` stands for the folder of the TOML file.
"""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from codecmark.clip import MAX_CHANNELS, MAX_RATE_HZ, MIN_RATE_HZ
from codecmark.errors import InputError, UnavailableError, UnknownCodecError
from codecmark.system import schema
from codecmark.system.environment import COMMANDS

_LONGEST_S = 86_400
_FOLDER = "{folder}"
_COMMAND = Meta(description="a command line, e.g. 'sox {input} {output}'")
_RATE = Meta(description=f"a whole number of Hz from {MIN_RATE_HZ} to {MAX_RATE_HZ}")
_CHANNELS = Meta(description=f"a whole number from 1 to {MAX_CHANNELS}")
_DELAY = Meta(
    ge=0, le=MAX_RATE_HZ, description=f"a whole number of samples from 0 to {MAX_RATE_HZ}"
)
_SUFFIX = Meta(pattern=r"^[^/\\]*$", description="the end of a file name, e.g. '.spx'")
_TIME = Meta(gt=0, le=_LONGEST_S, description=f"a number of seconds above 0, up to {_LONGEST_S}")


class _Keys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a file; the module describes them."""

    encode: Annotated[str, _COMMAND]
    decode: Annotated[str, _COMMAND]
    sample_rate_hz: Annotated[
        Annotated[int, Meta(ge=MIN_RATE_HZ, le=MAX_RATE_HZ)] | None, _RATE
    ] = None
    channels: Annotated[Annotated[int, Meta(ge=1, le=MAX_CHANNELS)] | None, _CHANNELS] = None
    delay_samples: Annotated[int, _DELAY] = 0
    coded_suffix: Annotated[str, _SUFFIX] = ".bin"
    timeout_s: Annotated[float, _TIME] = 60.0
    licence: str = "that of the program"
    reference: str = ""

    def __post_init__(self) -> None:
        for name, value in msgspec.structs.asdict(self).items():
            if isinstance(value, str) and "\0" in value:
                raise ValueError(f"{name}: holds a NUL character; leave it out")
        for phase in ("encode", "decode"):
            command = getattr(self, phase)
            try:
                words = shlex.split(command)
            except ValueError as error:
                raise ValueError(
                    f"{phase}: {command!r:.80} cannot be split into words ({error})"
                ) from error
            for placeholder in ("{input}", "{output}"):
                if not any(placeholder in word for word in words[1:]):
                    raise ValueError(
                        f"{phase}: must be {_COMMAND.description}; {placeholder} is not among the "
                        f"arguments of {command!r:.80}"
                    )


def names(folder: Path | None) -> tuple[str, ...]:
    """Return the names of all command files in a folder.

    Raises
    ------
    UnknownCodecError
        If no folder is given.
    InputError
        If it has none.
    """
    folder = _required(folder)
    if not (files := _files(folder)):
        raise InputError(f"command: no NAME.toml in {folder}, which {COMMANDS} names")
    return tuple(sorted(files))


def _files(folder: Path) -> list[str]:
    return [path.stem for path in folder.glob("*.toml")]


def _required(folder: Path | None) -> Path:
    if folder is None:
        raise UnknownCodecError(
            "command: needs a folder of files NAME.toml, which CONTRIBUTING.md describes; set the "
            f"environment variable {COMMANDS} to it"
        )
    return folder.resolve()


class CommandFile(_Keys, frozen=True, kw_only=True):
    """A checked file and its path."""

    path: Path

    @classmethod
    def load(cls, name: str, folder: Path | None) -> CommandFile:
        """Read `NAME.toml` in a folder.

        Raises
        ------
        UnknownCodecError
            If no folder is given, or it has no such file.
        InputError
            If a key is missing or invalid; names the key, its value and the remedy.
        """
        path = _required(folder) / f"{name}.toml"
        if not path.is_file():
            others = sorted(_files(path.parent))
            raise UnknownCodecError(
                f"command:{name}: {path} does not exist;{schema.near(name, others)} command files "
                f"in this folder: {', '.join(others) or 'none'}"
            )
        values = schema.read_toml(path)
        try:
            keys = schema.convert(values, _Keys)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
        return cls(path=path, **msgspec.structs.asdict(keys))

    def command(self, phase: str, source: Path, target: Path) -> list[str]:
        """Return the arguments of the `encode` or `decode` command for these files."""
        placeholders = {"{input}": source, "{output}": target, _FOLDER: self.path.parent}
        arguments = shlex.split(getattr(self, phase))
        for placeholder, path in placeholders.items():
            arguments = [argument.replace(placeholder, str(path)) for argument in arguments]
        return arguments

    def named_paths(self) -> list[Path]:
        """Return the programs of both commands, and the files that their words name.

        A word names a file where it is an absolute path or holds `{folder}`, as a whole or after
        the name of an option: `{folder}/codec.py`, `--model={folder}/model`. A folder counts
        where `{folder}` is in its word.
        """
        named: list[Path] = []
        for command in (self.encode, self.decode):
            program, *words = (self._filled(word) for word in shlex.split(command))
            found = shutil.which(program)
            named += [Path(found)] if found else []
            for original, word in zip(shlex.split(command)[1:], words, strict=True):
                texts = [word, word.partition("=")[2]]
                if _FOLDER in original:
                    texts.append(self._filled(original[original.index(_FOLDER) :]))
                paths = [Path(text) for text in texts if text.startswith(os.sep)]
                named += [p for p in paths if p.is_file() or (_FOLDER in original and p.is_dir())]
        return list(dict.fromkeys(named))

    def _filled(self, word: str) -> str:
        return word.replace(_FOLDER, str(self.path.parent))

    def require_programs(self) -> None:
        """Raise `UnavailableError` if one of the programs is not installed."""
        for phase in ("encode", "decode"):
            program = self.command(phase, Path("input"), Path("output"))[0]
            if shutil.which(program) is None:
                raise UnavailableError(
                    f"command:{self.path.stem} needs the program {program}",
                    f"install it, or correct {phase} in {self.path}",
                )
