"""Parameters from the show file's own models: one annotation gives validation, help and slider."""

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from engine.params import Curve, Parameter


def declared(config: BaseModel, root: str) -> list[Parameter]:
    """A parameter below `root` for each number of `config`, at its value: `speed` at `root`/speed.

    Bounds, title and description are the slider's; `json_schema_extra` may add a `unit`, and `curve: log`.
    """
    fields = type(config).model_fields
    values = {name: getattr(config, name) for name in fields}
    return [_parameter(root, name, fields[name], v) for name, v in values.items() if type(v) in (int, float)]


def _parameter(root: str, name: str, field: FieldInfo, value: float) -> Parameter:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    curve: Curve = "log" if extra.get("curve") == "log" else "linear"
    return Parameter(
        address=f"{root}/{name}",
        type="float",
        default=value,
        minimum=_bound(field, annotated_types.Ge, "ge"),
        maximum=_bound(field, annotated_types.Le, "le"),
        unit=str(extra.get("unit", "")),
        label=field.title or name.replace("_", " "),
        help=field.description or "",
        curve=curve,
    )


def _bound(field: FieldInfo, kind: type, attribute: str) -> float | None:
    return next((float(getattr(m, attribute)) for m in field.metadata if isinstance(m, kind)), None)
