"""Links from figures to the rows that they come from."""

from __future__ import annotations

from codecmark.review.figure import Figure


class Links:
    """Reference links of one record, numbered as they are used.

    Parameters
    ----------
    plain : bool
        Leave figures as they are, for text that stands by itself.
    """

    def __init__(self, *, plain: bool = False) -> None:
        self._plain = plain
        self._numbers: dict[str, int] = {}

    def cite(self, figure: Figure, text: str) -> str:
        """Return `text` as a link to the rows of `figure`; as it is where there are none."""
        if self._plain or not figure.run_ids:
            return text
        clips = "all clips" if figure.clip_class == "all" else f"clips of {figure.clip_class}"
        touched = f", {figure.axes}" if figure.axes else ""
        title = _plain(f"spec {figure.spec}, field {figure.metric}, {clips}{touched}")
        folder = f"{_plain(figure.results)}/rows" if figure.results else "rows"
        target = f'<../{folder}/{_plain(figure.run_ids[-1])}.jsonl> "{title}"'
        number = self._numbers.setdefault(target, len(self._numbers) + 1)
        return f"[{text}][{number}]"

    def definitions(self) -> str:
        """Return what the links point to."""
        return "\n".join(f"[{number}]: {target}" for target, number in self._numbers.items())


def _plain(text: str) -> str:
    """Leave out what would end a link's target or its title."""
    return "".join(c for c in text if c.isprintable() and c not in '<>"\\')
