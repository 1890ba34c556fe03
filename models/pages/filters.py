"""How the pages of ours write numbers, words that came from elsewhere, and addresses."""

import re

LINK = re.compile(r"https?://[^\s/]+(/\S*)?$")
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")


def number(value: int) -> str:
    """With a comma at the thousands."""
    return f"{value:,}"


def share(part: int, whole: int) -> str:
    """Of a whole, in percent: never 0 % of something nor 100 % of what lacks something."""
    percent = 100 * part / max(whole, 1)
    if 0 < percent < 0.1 or 99.9 < percent < 100:
        return "< 0.1 %" if percent < 50 else "> 99.9 %"
    return f"{percent:.3g} %"


def text(value: object, longest: int = 200) -> str:
    """Words from elsewhere on one line, cut where they would not end."""
    line = CONTROLS.sub(" ", str(value)).strip()
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def link(address: str) -> str:
    """A page to go to, or nothing: a catalogue may hold `javascript:` and worse."""
    return address if LINK.match(address) else ""


FILTERS = {"number": number, "share": share, "text": text, "link": link}
