"""Finding a port to listen on, before anything else depends on it."""

import errno
import socket

from engine.errors import ReverieError

DEFAULT_PORT = 8700
TRIES = 21  # the default port and twenty after it

BACKLOG = 512  # the accepting side tells floods from clients; the kernel would drop both
SEND_BUFFER = 128 * 1024
RECEIVE_BUFFER = 64 * 1024
STALLED_AFTER_MS = 20_000


def listen(host: str, port: int | None) -> tuple[socket.socket, str]:
    """A listening socket, and a sentence to show if it is not where one would look for it.

    One asked for is had or refused; with none asked for it is DEFAULT_PORT or the next free. Raises ReverieError.
    """
    if port is not None:
        return _bind(host, port), ""
    for candidate in range(DEFAULT_PORT, DEFAULT_PORT + TRIES):
        try:
            listener = _bind(host, candidate)
        except PortTakenError:
            continue
        return (
            listener,
            "" if candidate == DEFAULT_PORT else f"port {DEFAULT_PORT} is taken; the panel is on {candidate}",
        )
    raise ReverieError(
        f"panel: ports {DEFAULT_PORT} to {DEFAULT_PORT + TRIES - 1} on {host} are taken; name a free one with --port"
    )


class PortTakenError(ReverieError):
    """Another program listens there."""


def _bind(host: str, port: int) -> socket.socket:
    listener = _socket(host)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError, TypeError) as error:  # TypeError: no name can be such a text
        listener.close()
        raise _explained(host, port, error) from None
    return listener


def _socket(host: str) -> socket.socket:
    """Connections inherit these: small buffers keep a slow client's pictures new, and a dead one is dropped."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else a small answer waits 40 ms for its receipt
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_AFTER_MS)
    return listener


def _explained(host: str, port: int, error: Exception) -> ReverieError:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return PortTakenError(
            f"panel: port {port} on {host} is taken by another program; "
            "name another with --port, or name none to take the next free one"
        )
    if isinstance(error, PermissionError):
        return ReverieError(f"panel: this user may not listen on port {port}; name one above 1023 with --port")
    if isinstance(error, OverflowError):
        return ReverieError(f"panel: {port} is no port; name one from 1 to 65535 with --port")
    return ReverieError(f"panel: cannot listen on {host}, port {port} ({error}); name an address of this machine")
