"""The answer of /api/parameters, made once for each state of the show however often it is asked for."""

from engine.control.hub import Hub
from engine.control.wire import declaration, encode
from engine.params import Parameter, Snapshot


class Listing:
    """Every declaration with its value and the value in force, as JSON. Control thread only."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._parameters: tuple[Parameter, ...] | None = None
        self._declared: list[tuple[str, str]] = []  # address, and its declaration without the closing brace
        self._snapshot: Snapshot | None = None
        self._body = ""

    def body(self) -> str:
        """The newest state."""
        parameters, snapshot = self._hub.parameters, self._hub.snapshot
        if parameters is not self._parameters or snapshot is not self._snapshot:
            if parameters is not self._parameters:
                self._declared = [(p.address, encode(declaration(p))[:-1]) for p in parameters]
            self._parameters, self._snapshot = parameters, snapshot
            self._body = self._written(snapshot)
        return self._body

    def _written(self, snapshot: Snapshot) -> str:
        head = encode({"title": self._hub.title, "revision": self._hub.revision})[:-1]
        rows = (
            f"{declared},{encode({'value': snapshot.values.get(a), 'effective': snapshot.effective.get(a)})[1:]}"
            for a, declared in self._declared
        )
        return f'{head},"parameters":[{",".join(rows)}]}}'
