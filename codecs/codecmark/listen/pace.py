"""How fast sessions may begin at one machine, so that nobody takes all places or votes in bulk."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable

AT_ONCE = 40  # a class in one room behind one router
EACH_S = 30.0
_MOST_MACHINES = 10_000


class Pace:
    """Admits so many beginnings of one machine at once, then one after each interval.

    This machine itself is always admitted: a tunnel or a proxy on it may serve anybody.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free_at: dict[str, float] = {}  # when all that began will have been waited for

    def admits(self, peer: str) -> bool:
        """Count a beginning of a machine; False if it comes too soon."""
        machine = machine_of(peer)
        if machine is None:
            return True
        now = self._clock()
        if len(self._free_at) >= _MOST_MACHINES:
            self._free_at = {each: at for each, at in self._free_at.items() if at > now}
        free_at = max(self._free_at.get(machine, now), now) + EACH_S
        if free_at - now > AT_ONCE * EACH_S:
            return False
        self._free_at[machine] = free_at
        return True


def machine_of(peer: str) -> str | None:
    """Return what stands for the machine of an address, None for this one.

    Of IPv6 it is a network of 64 bits, since one machine has all of its addresses.
    """
    address = ipaddress.ip_address(peer.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            network = ipaddress.ip_network((address, 64), strict=False)
            return None if address.is_loopback else str(network)
        address = address.ipv4_mapped
    return None if address.is_loopback else str(address)
