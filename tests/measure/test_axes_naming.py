"""Combinations of axes by name: completed as rows have them, short as options, in sentences."""

from __future__ import annotations

import pytest

from codecmark import InputError
from codecmark.measure.impairments import naming
from codecmark.measure.impairments.treatment import Treatment
from codecmark.results import axes
from codecmark.studies import impairments

BURSTS = {"loss_percent": 10.0, "loss_pattern": "gilbert-elliott", "concealment": "own"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", {}),
        ("none", {}),
        ("loss_percent=10", BURSTS),
        (" concealment=own , loss_percent=1e1 ", BURSTS),
        ("passed_through=amr@12.2k", {"passes": 2, "passed_through": "amr@12.2k"}),
        (
            "loss_pattern=call-1a2b3c4d,loss_percent=7.25",
            {"loss_percent": 7.25, "loss_pattern": "call-1a2b3c4d", "concealment": "own"},
        ),
    ],
)
def test_what_is_left_out_is_completed_as_a_run_does(text: str, named: axes.Axes) -> None:
    found = naming.of_rows(text)
    assert found == named
    assert naming.of_rows(axes.in_words(found)) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("speed=2", "axes: no 'speed'; choose from loss_percent"),
        ("loss_percent=95", r"axes: loss_percent: 95.0 is outside 0..90"),
        ("loss_percent=nan", "axes: loss_percent: "),
        ("noise_snr_db=inf", "axes: noise_snr_db: "),
        ("loss_pattern=random", "axes: loss_pattern: random needs loss_percent, e.g. 10"),
        ("loss_percent=3,concealment=hope", "axes: concealment: no 'hope'; choose from own"),
        ("loss_pattern=/dev/zero", "no '/dev/zero'; choose from gilbert-elliott, random, or a rec"),
        ("loss_pattern=call-1a2b3c4d", "call-1a2b3c4d needs its loss_percent, as rows have it"),
        ("passed_through=nosuch@1k", "axes: passed_through: .*nosuch"),
        ("passed_through=@@", "spec"),
    ],
)
def test_what_no_row_can_have_is_refused_by_field(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        naming.of_rows(text)


@pytest.mark.parametrize("treatment", [each for each, _ in impairments.treatments() if each])
def test_the_short_name_asks_for_the_same(treatment: Treatment) -> None:
    short = naming.as_option(treatment.axes)
    assert len(short) <= len(str(treatment))
    assert Treatment.of(axes.parse(short)) == treatment


@pytest.mark.parametrize(
    ("text", "option", "prose"),
    [
        ("loss_percent=10", "loss_percent=10", "at 10 % loss"),
        (
            "loss_percent=2.5,loss_pattern=random,concealment=silence",
            "loss_percent=2.5,loss_pattern=random,concealment=silence",
            "at 2.5 % loss (random, silence)",
        ),
        (
            "loss_percent=7,loss_pattern=call-1a2b3c4d",
            "loss_pattern=FILE",
            "at 7 % loss (call-1a2b3c4d)",
        ),
        ("bit_error_rate=0.001", "bit_error_rate=0.001", "at a bit error rate of 0.001"),
        ("passes=3", "passes=3", "after 3 passes"),
        (
            "passed_through=amr@12.2k",
            "passed_through=amr@12.2k",
            "after 2 passes with amr@12.2k",
        ),
        (
            "noise_snr_db=20,level_db=-6,shift_samples=1,overdrive_db=12",
            "noise_snr_db=20,level_db=-6,overdrive_db=12,shift_samples=1",
            "with noise at 20 dB SNR, at -6 dB of level, overdriven by 12 dB, 1 sample late",
        ),
    ],
)
def test_a_combination_is_said_in_a_sentence(text: str, option: str, prose: str) -> None:
    named = naming.of_rows(text)
    assert naming.as_option(named) == option
    assert naming.in_prose(named) == prose
