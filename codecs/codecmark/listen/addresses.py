"""Where a test can be reached, and the token that the local network needs."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from pathlib import Path

from codecmark.listen.design import TOKEN
from codecmark.system import whole_files

_BYTES, _LEAST = 16, 16


def kept_token(folder: Path) -> str:
    """Return the test's token, the same one after a restart; never one that is too short."""
    path = folder / TOKEN
    kept = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    if len(kept) >= _LEAST:
        return kept
    token = secrets.token_urlsafe(_BYTES)
    whole_files.write_inside(folder, TOKEN, token, mode=0o600)
    return token


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
