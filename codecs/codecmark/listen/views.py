"""What a page may know: wording and the layout of one listener's pages, but no stimulus's name."""

from __future__ import annotations

from typing import Any

from codecmark.listen.design import Design
from codecmark.listen.journal import Journal
from codecmark.listen.turns import Turn
from codecmark.listen.wording import wording


def about(design: Design) -> dict[str, Any]:
    """Return what everybody may know of a test."""
    plan = design.plan
    return {"test": design.sha256, "title": plan.title, "method": plan.method,
            "wording": wording(plan.method), "break_after": plan.break_after}  # fmt: skip


def page(turn: Turn) -> dict[str, Any]:
    """Return what a page shows of one turn."""
    return {
        "page": turn.page, "items": len(turn.items), "answers": turn.answers,
        "reference": turn.reference is not None, "training": turn.training, "hear_s": turn.hear_s,
    }  # fmt: skip


def state(journal: Journal, session: str) -> dict[str, Any]:
    """Return what a listener's page needs to go on."""
    return {
        **about(journal.design),
        "session": session,
        "listener": journal.session(session).listener,
        "done": journal.done(session),
        "pages": [page(turn) for turn in journal.turns(session).values()],
    }
