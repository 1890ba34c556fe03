"""From a template and a style to a page."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.pages.filters import FILTERS

HERE = Path(__file__).parent


def render(folder: Path, values: Mapping[str, Any], filters: Mapping[str, Callable[..., Any]]) -> str:
    """`page.html` of a folder, which extends `base.html`, in our style and that of its `page.css`.

    `values` holds at least `name`, the heading, and `made`, a UTC datetime. All of them are escaped.
    """
    environment = Environment(
        loader=FileSystemLoader([folder, HERE]),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {**FILTERS, **filters}
    style = "\n".join(path.read_text(encoding="utf-8") for path in (HERE / "base.css", folder / "page.css"))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("page.html").render(values, style=style, style_hash=digest)
