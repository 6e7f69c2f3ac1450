"""`codecmark corpus`: the test half and the development half: list, fetch, verify, find."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from codecmark import corpus
from codecmark.commands.named_sets import problems_of
from codecmark.corpus import fingerprints
from codecmark.corpus.audio_files import read_audio
from codecmark.corpus.fingerprints import Fingerprint
from codecmark.corpus.halves import HALVES, Clip, Library
from codecmark.corpus.halves.library import named
from codecmark.corpus.halves.manifest import Half
from codecmark.errors import InputError, UnavailableError
from codecmark.system.counting import counted

HELP = "list, fetch, verify or find the test half and the development half of the clips"
_MOST_PROBLEMS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's actions; without one it lists."""
    parser.set_defaults(action=_list, clips=None)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    listing = actions.add_parser("list", help="what the halves hold, and whether it is here")
    listing.add_argument(
        "--clips", choices=HALVES, metavar="HALF", help="every clip with licence and author"
    )
    listing.set_defaults(action=_list)

    fetch = actions.add_parser("fetch", help="fetch what is not here; resumes downloads")
    fetch.add_argument("names", nargs="*", metavar="HALF", help="default: both")
    fetch.set_defaults(action=_fetch)

    verify = actions.add_parser("verify", help="hold every file to its digest")
    verify.add_argument("names", nargs="*", metavar="HALF", help="default: both")
    verify.add_argument(
        "--overlap", action="store_true",
        help="also compare the test half with the development half and with what was trained on, "
        "by name and by correlation",
    )  # fmt: skip
    verify.add_argument(
        "--against", type=Path, action="append", default=[], metavar="PATH",
        help="with --overlap: audio that the test half must not hold, e.g. the root that packages "
        "of training audio were unpacked to; may be repeated",
    )  # fmt: skip
    verify.set_defaults(action=_verify)

    path = actions.add_parser("path", help="print the folder that holds packages' files")
    path.set_defaults(action=_path)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; the exit status is 1 if a file is missing or damaged, or halves overlap."""
    status: int = arguments.action(arguments, Library.from_environment(), console)
    return status


def _list(arguments: argparse.Namespace, library: Library, console: Console) -> int:
    if arguments.clips is not None:
        _list_clips(library.manifest.half(named(arguments.clips)), console)
        return 0
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in (
        "half", "class", "clips", "sources", "languages", "lossless", "44.1 kHz up", "stereo",
        "here",
    ):  # fmt: skip
        table.add_column(heading)
    for half in HALVES:
        clips = library.manifest.half(half)
        for clip_class in dict.fromkeys(clip.clip_class for clip in clips):
            chosen = [clip for clip in clips if clip.clip_class == clip_class]
            here = sum(library.find(clip) is not None for clip in chosen)
            table.add_row(
                half,
                clip_class,
                str(len(chosen)),
                str(len({clip.source for clip in chosen})),
                " ".join(sorted({clip.language for clip in chosen} - {""})),
                str(sum(clip.lossless == "yes" for clip in chosen)),
                str(sum(clip.sample_rate_hz >= 44_100 for clip in chosen)),
                str(sum(clip.channels == 2 for clip in chosen)),
                "yes" if here == len(chosen) else f"{here} of {len(chosen)}",
            )
    console.print(table)
    return 0


def _list_clips(clips: Iterable[Clip], console: Console) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("clip", "class", "kind", "source", "coding", "licence", "author", "origin"):
        table.add_column(heading, overflow="fold")
    for clip in clips:
        table.add_row(
            clip.name, clip.clip_class, clip.kind, clip.source, clip.coding, clip.licence,
            clip.author, clip.origin,
        )  # fmt: skip
    console.print(table)


def _fetch(arguments: argparse.Namespace, library: Library, console: Console) -> int:
    halves = _halves(arguments.names)
    clips = [clip for half in halves for clip in library.manifest.half(half)]
    problems = []
    for origin in dict.fromkeys(clip.origin for clip in clips):
        _say(console, f"{origin}")
        try:
            moved = library.fetch(clips, origin)
        except UnavailableError as error:
            problems.append(str(error))
        else:
            if moved is not None:
                _say(console, f"moved: {moved}; its files are held to their own digests")
    for problem in problems:
        _say(console, f"not fetched: {problem}")
    return _hold_to_digests(halves, library, console) | bool(problems)


def _verify(arguments: argparse.Namespace, library: Library, console: Console) -> int:
    if arguments.against and not arguments.overlap:
        raise InputError("--against: is for --overlap; give both")
    status = _hold_to_digests(_halves(arguments.names), library, console)
    if arguments.overlap:
        status |= _overlap(arguments.against, library, console)
    return status


def _path(_arguments: argparse.Namespace, library: Library, console: Console) -> int:
    print(library.folder, file=console.file)
    return 0


def _hold_to_digests(halves: Iterable[Half], library: Library, console: Console) -> int:
    status = 0
    for half in halves:
        clips = library.manifest.half(half)
        problems = problems_of(clips, library.path, half, console)
        _say(
            console,
            f"{half}: {len(clips) - len(problems)} of {counted(len(clips), 'clip')} right",
        )
        for problem in problems[:_MOST_PROBLEMS]:
            _say(console, f"  {problem}")
        if len(problems) > _MOST_PROBLEMS:
            _say(console, f"  and {len(problems) - _MOST_PROBLEMS} more")
        status |= bool(problems)
    return status


def _overlap(against: Iterable[Path], library: Library, console: Console) -> int:
    from codecmark.training import overlap

    cards = {name: overlap.read_card(path) for name, path in overlap.cards().items()}
    test = library.manifest.half("test")
    shared = overlap.by_name(test, cards)
    _say(
        console,
        f"by name: {len(shared)} of {counted(len(test), 'clip')} with a source of "
        f"{counted(len(cards), 'model card')} or of the training recipe",
    )
    for problem in shared:
        _say(console, f"  {problem}")
    status = bool(shared)
    ours = [(clip.name, _of_clip(clip, library)) for clip in test]
    development = library.manifest.half("development")
    others = {"development": ((clip.name, library.path(clip)) for clip in development)}
    for path in against:
        others[str(path)] = ((clip.name, clip.path) for clip in corpus.load(path))
    for name, files in others.items():
        status |= _compare(ours, name, files, console)
    return status


def _compare(
    ours: list[tuple[str, Fingerprint]],
    name: str,
    files: Iterable[tuple[str, Path]],
    console: Console,
) -> bool:
    """Print what of the test half is in other files, whole; return whether anything is."""
    count, nearest, same = 0, "none was compared", False
    highest = -1.0
    unread: list[str] = []
    for our_name, their_name, best in fingerprints.near_duplicates(ours, _of_files(files, unread)):
        count += 1
        pair = f"{our_name} and {their_name} at {best.at_s:.1f} s: {best.correlation:.2f}"
        if best.correlation > highest:
            highest, nearest = best.correlation, pair
        if best.is_same:
            same = True
            _say(console, f"  the same recording: {pair}")
    _say(
        console,
        f"by correlation, {name}: {counted(count, 'file')}; nearest: {nearest}; same from "
        f"{fingerprints.SAME:g} on, below {fingerprints.LONG_S:g} s {fingerprints.SAME_IF_SHORT:g}",
    )
    for problem in unread[:_MOST_PROBLEMS]:
        _say(console, f"  not read: {problem}")
    return same


def _of_clip(clip: Clip, library: Library) -> Fingerprint:
    path = library.path(clip)
    return fingerprints.fingerprint(
        read_audio(path, start_s=clip.start_s, duration_s=clip.duration_s)
    )


def _of_files(
    files: Iterable[tuple[str, Path]], unread: list[str]
) -> Iterator[tuple[str, Fingerprint]]:
    for name, path in files:
        try:
            yield name, fingerprints.fingerprint(read_audio(path))
        except InputError as error:
            unread.append(str(error))


def _halves(names: Iterable[str]) -> list[Half]:
    return [named(name) for name in dict.fromkeys(names)] or list(HALVES)


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
