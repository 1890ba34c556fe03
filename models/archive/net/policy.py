"""What may be asked of whom, how fast and how much: the operator's word on the network."""

from dataclasses import dataclass
from importlib.metadata import version

from yarl import URL

from models.archive.errors import ArchiveError
from models.archive.net.hosts import HOSTS, PACES, TRUSTED, Pace

AGENT = "Reverie"  # the product token that robots.txt knows us by


def host_named(text: str) -> str:
    """A host as addresses have it: lower case, ASCII. Raises ArchiveError where it is none alone."""
    url = _url(text)
    if url is None or url.explicit_port is not None or not url.raw_host:
        raise ArchiveError(f"--allow-host {text!r}: write the name alone, such as images.example.org")
    return url.raw_host.rstrip(".")


def server_named(text: str) -> str:
    """A host and port as `Policy.trusts` compares them. Raises ArchiveError where one is missing."""
    url = _url(text)
    if url is None or url.explicit_port is None or not url.raw_host:
        raise ArchiveError(f"--trust-host {text!r}: write HOST:PORT, such as 127.0.0.1:8123")
    return url.raw_authority


def _url(authority: str) -> URL | None:
    try:
        url = URL(f"http://{authority}/")
    except ValueError:
        return None
    return url if url.raw_path == "/" and not url.raw_query_string and url.user is None else None


@dataclass(frozen=True, slots=True)
class Policy:
    """Caps are of one address. Times are in seconds. Raises ArchiveError for a contact that no header can carry."""

    contact: (
        str  # an e-mail or web address under which a server's keeper reaches the operator; empty: trusted ones only
    )
    hosts: frozenset[str] = HOSTS
    trusted: frozenset[str] = frozenset()  # "host:port" of the operator's own: private, plain http but on 443
    connections: int = 2  # a host, where the host has not asked for less
    rate: float = 2.0  # requests a second and host
    byte_cap: int = 256 * 2**20  # a picture
    document_cap: int = 512 * 2**20  # a catalogue, a manifest
    pixel_cap: int = 150_000_000  # Pillow itself opens nothing above 178,956,970
    connect_timeout: float = 20.0
    idle_timeout: float = 30.0  # without a byte
    total_timeout: float = 900.0
    attempts: int = 5
    backoff: float = 1.0  # before the second attempt; doubles
    longest_wait: float = 300.0  # that a server may ask for; beyond it, its records are left for another run

    def __post_init__(self) -> None:
        if not self.contact.isascii() or not self.contact.isprintable():
            raise ArchiveError(f"contact {self.contact!r}: give an e-mail or web address in plain ASCII")

    @property
    def user_agent(self) -> str:
        """Who is asking, and where to complain."""
        return f"{AGENT}/{version('reverie')}" + (f" (+{self.contact})" if self.contact else "")

    def trusts(self, host: str, port: int) -> bool:
        """Whether a server is the operator's own."""
        return (f"[{host}]:{port}" if ":" in host else f"{host}:{port}") in self.trusted

    def pace(self, host: str, port: int) -> Pace:
        """What is asked of a host at most."""
        if self.trusts(host, port):
            return TRUSTED
        return PACES.get(host) or Pace(self.connections, self.rate)
