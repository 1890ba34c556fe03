"""Where every request to change something is judged before it reaches the display loop's queue."""

from collections.abc import Mapping

from engine.control.hub import Hub
from engine.params import Parameter, ParameterError, Value

REASON_LENGTH = 240
TEXT_LENGTH = 200
LIST_LENGTH = 16


class Desk:
    """Takes requests from clients. Control thread only."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._known: tuple[Parameter, ...] = ()
        self._index: dict[str, Parameter] = {}

    def parameter(self, address: str) -> Parameter | None:
        """The declaration at an address, or None."""
        if self._known is not self._hub.parameters:
            self._known = self._hub.parameters
            self._index = {parameter.address: parameter for parameter in self._known}
        return self._index.get(address)

    def ask(self, changes: Mapping[str, object]) -> dict[str, str]:
        """Submit what is valid; return why the rest was refused, by address."""
        refused: dict[str, str] = {}
        for address, raw in changes.items():
            try:
                self.set(address, raw)
            except ParameterError as error:
                refused[address[:TEXT_LENGTH]] = str(error)[:REASON_LENGTH]
        return refused

    def set(self, address: str, raw: object) -> Value:
        """Submit one value and return it as the show will store it. Raises ParameterError."""
        parameter = self.parameter(address)
        if parameter is None:
            raise ParameterError(f"there is no parameter {address[:TEXT_LENGTH]}; the panel lists them all")
        if not _plain(raw):
            raise ParameterError(f"{address}: send a number, true or false, a short text or a list of numbers")
        value = parameter.coerce(raw)
        self._hub.commands.submit(address, value)
        return value


def _plain(raw: object) -> bool:
    """Whether `raw` is flat and small: nothing deep or long is ever looked at, stored or quoted back."""
    if isinstance(raw, str):
        return len(raw) <= TEXT_LENGTH
    if isinstance(raw, list):
        return len(raw) <= LIST_LENGTH and all(isinstance(item, float | int) for item in raw)
    return isinstance(raw, float | int)
