"""Where no hard requirement asks for good sound: who of those that pass is predicted best."""

from __future__ import annotations

from codecmark import review
from codecmark.results.row import ResultRow
from codecmark.review.record import first_screen
from codecmark.review.stored import decoded, encoded
from reviewed import MOS, RATIO, asked, changed, codec

WISH = changed(MOS, hard=False)


def narrow() -> list[ResultRow]:
    return codec("opus@8k", stream_bytes=5_000, zimtohrli=1.75, distillmos=3.35,
                 distillmos_reference=4.0)  # fmt: skip


def rows() -> list[ResultRow]:
    """Three that pass: the fewest bits, the best by Zimtohrli, the best by DistillMOS."""
    full = codec("opus@12k", stream_bytes=7_000, zimtohrli=4.47, distillmos=3.5,
                 distillmos_reference=4.0)  # fmt: skip
    clean = codec("lc3@9k", stream_bytes=6_000, zimtohrli=3.96, distillmos=3.75,
                  distillmos_reference=4.0)  # fmt: skip
    return [*narrow(), *full, *clean]


def test_a_wish_that_nobody_grants_leaves_bits_to_decide_and_that_is_said() -> None:
    wish = changed(WISH, stand_in=changed(WISH.others[0], threshold=4.9, hard=False))
    decision = review.decide(rows(), asked(RATIO, wish))
    assert decision.recommended == "opus@8k"
    by_zimtohrli, by_distillmos = decision.predicted_best
    assert (by_zimtohrli.figure.spec, by_zimtohrli.figure.value) == ("opus@12k", 4.47)
    assert by_zimtohrli.chosen.value == 1.75
    assert (by_distillmos.figure.spec, by_distillmos.figure.value) == ("lc3@9k", -0.25)
    assert decoded(encoded(decision)) == decision
    text = first_screen(decision)
    assert "**Good sound is no hard requirement here**, so it decides nothing by itself." in text
    assert "Zimtohrli puts `opus@12k` first (4.47 at 11.2 kbit/s; the recommended has 1.75)" in text
    assert "DistillMOS difference puts `lc3@9k` first (-0.25 at 9.6 kbit/s" in text
    assert "kbit/s.** Others that pass are predicted to sound better. It passes every" in text


def test_the_recommended_may_be_the_one() -> None:
    text = first_screen(review.decide(rows(), asked(RATIO, prefer=("zimtohrli",))))
    assert "Zimtohrli (4.47) puts the recommended first and DistillMOS difference puts" in text
    assert "predicted to sound better" not in text


def test_nothing_is_said_where_it_is_asked_for_or_one_alone_passes() -> None:
    assert review.decide(rows(), asked(RATIO, MOS)).predicted_best == ()
    assert review.decide(narrow(), asked(RATIO)).predicted_best == ()
    ears = review.Requirement("ears", "zimtohrli", ">=", 1.5)
    assert review.decide(rows(), asked(ears)).predicted_best == ()
    words = review.Requirement("words", "estoi", ">=", 0.5)
    spoken = [changed(row, estoi=0.9) for row in rows()]
    assert len(review.decide(spoken, asked(words)).predicted_best) == 2


def test_it_is_the_class_that_is_worst_or_the_one_that_is_asked_about() -> None:
    music = [
        changed(row, clip=f"m{row.clip}", clip_class="music", zimtohrli=value)
        for row, value in zip(rows(), [4.6] * 5 + [1.5] * 5 + [4.5] * 5, strict=True)
    ]
    best, _ = review.decide([*rows(), *music], asked(RATIO)).predicted_best
    assert (best.figure.spec, best.figure.clip_class) == ("lc3@9k", "speech")
    words = review.Requirement("words", "estoi", ">=", 0.5)
    spoken = [changed(row, estoi=0.9) for row in rows()]
    best, _ = review.decide([*spoken, *music], asked(RATIO, words)).predicted_best
    assert best.figure.spec == "opus@12k"
