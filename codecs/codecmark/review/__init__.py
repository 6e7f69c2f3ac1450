"""Rows and requirements to a decision record: `decide` computes, `record` writes Markdown."""

from __future__ import annotations

from codecmark.review.choice import Candidate
from codecmark.review.decision import Decision, Outcome, decide
from codecmark.review.requirements import Option, Requirement, Requirements
from codecmark.review.requirements_file import load
from codecmark.review.verdict import Finding

__all__ = [
    "Candidate", "Decision", "Finding", "Option", "Outcome", "Requirement", "Requirements",
    "decide", "load",
]  # fmt: skip
