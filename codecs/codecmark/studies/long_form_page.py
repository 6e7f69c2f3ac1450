"""The page of the study of long recordings, `results/long_form.md`."""

from __future__ import annotations

from collections.abc import Sequence

from codecmark.studies.long_form import EXACT_DB, LongForm
from codecmark.system.markdown import table

HEADINGS = (
    "codec", "length", "kbit/s", "encode RTF", "decode RTF", "peak MiB", "SNR dB, first minute",
    "last", "least", "moved, samples", "to begin in the middle",
)  # fmt: skip
_ABOUT = """\
# Long recordings

One minute of bundled clips (speech, music and ambient sound in turn, 16 kHz, one channel) again and
again, each codec and length in a fresh process, one thread, {host}. Made by
`codecmark longform --out results`, which keeps what `long_form.json` has.

- **RTF**: processor seconds over seconds of sound.
- **Peak** is the whole process: interpreter, libraries, and an hour of sound as it went in and as
  it came out, 220 MiB each.
- **First, last, least**: the signal is the same in every minute, so a difference between them is
  what a codec does differently after a while. *Moved*: by how much later the
  last minute is than the first.
- **To begin in the middle**: how long a decoder that is given the second half alone takes to come
  within 20 dB of one that heard everything, for codecs whose packets this package knows (measured
  on the minute); *by minutes*: parts of a minute are coded by themselves; *from the start*: the
  wrapper here decodes whole streams, whatever the format could do.

"""


def markdown(measured: Sequence[LongForm]) -> str:
    """Return the page: the lengths of a codec stand together."""
    specs = list(dict.fromkeys(each.spec for each in measured))
    measured = sorted(measured, key=lambda each: (specs.index(each.spec), each.seconds))
    host = " and ".join(dict.fromkeys(each.host for each in measured if each.host))
    shown = table(HEADINGS, [_cells(each, measured) for each in measured], numbers=9)
    page = _ABOUT.format(host=host) + shown + "\n"
    if failures := [each for each in measured if each.error]:
        page += "\n" + "".join(
            f"- `{each.spec}`, {each.seconds} s: {each.error}\n" for each in failures
        )
    return page


def _cells(each: LongForm, measured: Sequence[LongForm]) -> tuple[str, ...]:
    length = f"{each.seconds // 60} min"
    if each.error:
        return (f"`{each.spec}`", length, *("-",) * (len(HEADINGS) - 2))
    return (
        f"`{each.spec}`", length, f"{each.bitrate_kbps:.2f}",
        f"{each.encode_s / each.seconds:.4f}", f"{each.decode_s / each.seconds:.4f}",
        f"{each.peak_mib:.0f}",
        *(_db(value) for value in (each.snr_db[0], each.snr_db[-1], min(each.snr_db))),
        str(each.moved_samples), _in_the_middle(each, measured),
    )  # fmt: skip


def _in_the_middle(each: LongForm, measured: Sequence[LongForm]) -> str:
    if each.segment_s is not None:
        return "by minutes"
    of_spec = (other.run_up_s for other in measured if other.spec == each.spec)
    run_up_s = next((seconds for seconds in of_spec if seconds is not None), None)
    return "from the start" if run_up_s is None else f"{1_000 * run_up_s:.0f} ms"


def _db(value: float) -> str:
    return "exact" if value == EXACT_DB else f"{value:.2f}"
