"""Which item a worker gets next, so that models are loaded as seldom as possible."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable

from codecmark.run.engines.worker import Item


class ItemQueue:
    """The items that are left, by codec."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items: dict[str, deque[Item]] = {}
        for item in items:
            self._items.setdefault(item.spec, deque()).append(item)

    def __bool__(self) -> bool:
        return any(self._items.values())

    def take(self, loaded: str | None, elsewhere: Collection[str | None]) -> Item:
        """Return an item for a worker that has `loaded`.

        It is of the same codec if one is left; else of a codec that no worker has loaded; else of
        the codec with the most items left.
        """
        left = {spec: items for spec, items in self._items.items() if items}
        if loaded in left:
            return left[loaded].popleft()
        free = [spec for spec in left if spec not in elsewhere]
        spec = free[0] if free else max(left, key=lambda spec: len(left[spec]))
        return left[spec].popleft()

    def put_back(self, items: Iterable[Item]) -> None:
        """Put items at the front of their codec's queue."""
        for item in items:
            self._items.setdefault(item.spec, deque()).appendleft(item)

    def drop(self, spec: str) -> None:
        """Remove all items of a codec."""
        self._items.pop(spec, None)
