"""What a server's keeper lets robots do: robots.txt (RFC 9309) and the X-Robots-Tag header."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from models.archive.net.policy import AGENT

NO_AI = {"noai", "noimageai"}
UNRESERVED = re.compile("[A-Za-z0-9._~-]")
VALUED = {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"}  # directives with a colon


@dataclass(frozen=True, slots=True)
class Rule:
    """Whether paths that match are allowed. `*` stands for any characters, a `$` at the end for the path's end."""

    allow: bool
    pattern: str

    def matches(self, path: str) -> bool:
        """Linear in the path's length, whatever the pattern."""
        first, *others = self.pattern.removesuffix("$").split("*")
        if not path.startswith(first):
            return False
        at = len(first)
        last = others.pop() if others and self.pattern.endswith("$") else None
        for part in others:
            found = path.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        if last is not None:
            return path.endswith(last) and len(path) - len(last) >= at
        return not self.pattern.endswith("$") or at == len(path)


class Robots:
    """The rules of one server for us."""

    def __init__(self, text: str = "") -> None:
        groups = list(_groups(text))
        named = [rules for agents, rules in groups if AGENT.lower() in agents]
        common = [rules for agents, rules in groups if "*" in agents]
        self._rules = [rule for rules in named or common for rule in rules]

    def allows(self, path: str) -> bool:
        """Whether we may ask for a path with its query. The longest rule that matches decides; of two, the milder."""
        path = _normal(path)
        matching = [(len(rule.pattern), rule.allow) for rule in self._rules if rule.matches(path)]
        return max(matching)[1] if matching else True


def forbids_ai(headers: Iterable[str]) -> bool:
    """Whether X-Robots-Tag headers ask that an image be kept from AI, of everyone or of us by name."""
    return any(_ours(header.lower()) & NO_AI for header in headers)


def _ours(header: str) -> set[str]:
    name, colon, rest = header.partition(":")
    if colon and "," not in name and name.strip() not in VALUED:
        header = rest if name.strip() in ("*", AGENT.lower()) else ""
    return {directive.strip() for directive in header.split(",")}


def _groups(text: str) -> Iterator[tuple[set[str], list[Rule]]]:
    agents: set[str] = set()
    rules: list[Rule] = []
    for field, value in _lines(text):
        if field == "user-agent":
            if rules:
                yield agents, rules
                agents, rules = set(), []
            agents.add(_token(value))
        elif agents and value and field in ("allow", "disallow"):
            rules.append(Rule(field == "allow", _normal(value)))
        elif agents and field == "disallow":
            rules.append(Rule(True, ""))  # "Disallow:" alone forbids nothing, and ends the list of agents
    yield agents, rules


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.removeprefix("\ufeff").splitlines():
        field, _, value = line.partition("#")[0].partition(":")
        yield field.strip().lower(), value.strip()


def _token(value: str) -> str:
    return "*" if value.startswith("*") else re.match("[A-Za-z_-]*", value)[0].lower()  # type: ignore[index]


def _normal(path: str) -> str:
    """One spelling for a path: what need not be escaped is not, what must be is, in capitals."""
    escaped = quote(path, safe="/?#[]@!$&'()*+,;=:%")
    return re.sub("%([0-9A-Fa-f]{2})", _unescape, escaped)


def _unescape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if UNRESERVED.fullmatch(character) else match[0].upper()
