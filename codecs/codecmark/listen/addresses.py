"""Where a test can be reached, and the token that the local network needs."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from pathlib import Path

TOKEN = ".token"  # noqa: S105 - the file that holds it


def kept_token(folder: Path) -> str:
    """Return the test's token, the same one after a restart."""
    path = folder / TOKEN
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(16))
    return path.read_text().strip()


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def own_address() -> str:
    """Return this machine's address in the local network; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
