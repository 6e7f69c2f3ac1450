"""Rows and requirements to a decision: everything that judges codecs asks here.

`decide` computes a `Decision`, `stored` keeps it as JSON, `record` writes it as Markdown.
"""

from __future__ import annotations

from codecmark.review.choice import Candidate
from codecmark.review.decision import Decision, Outcome, decide
from codecmark.review.finding import Finding, Verdict
from codecmark.review.judgement import Judged, judged
from codecmark.review.options import Option
from codecmark.review.requirement import Requirement
from codecmark.review.requirements import Requirements
from codecmark.review.requirements_file import default, load

__all__ = [
    "Candidate", "Decision", "Finding", "Judged", "Option", "Outcome", "Requirement",
    "Requirements", "Verdict", "decide", "default", "judged", "load",
]  # fmt: skip
