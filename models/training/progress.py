"""What a state says of its run, besides the weights: checked, for anybody may have written the file."""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from models.training.recipe import known

MOST = 10**15  # pictures, iterations, seconds: more than any machine sees

Count = Annotated[int, Field(ge=0, le=MOST)]
Kimg = Annotated[str, Field(pattern=r"^[0-9]{4,13}\.[0-9]$")]  # it becomes part of a file's name
Text = Annotated[str, Field(max_length=10_000)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Adaptation(_Part):
    p: Annotated[float, Field(ge=0, le=1)]
    signs: Annotated[list[FiniteFloat], Field(max_length=100)]


class _Judge(_Part):
    varied: bool = False


class _Snapshots(_Part):
    names: list[Kimg] = []
    judge: _Judge = _Judge()


class _Origin(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: Text
    sha256: Text
    licence: Text


class _Progress(_Part):
    shown: Count
    iteration: Count
    seconds: Annotated[float, Field(ge=0, le=MOST)]
    attempt: Count = 0
    path_mean: FiniteFloat = 0.0
    adaptation: _Adaptation | None = None
    recipe: Annotated[dict[str, Any], AfterValidator(known)] = {}
    preset: Text = ""
    snapshots: _Snapshots = _Snapshots()
    data_sha256: Text = ""
    started_from: _Origin | None = None


def progress_of(text: str) -> dict[str, Any]:
    """Plain values of JSON. What an older Reverie did not say is not there. Raises ValueError with one sentence."""
    try:
        return _Progress.model_validate(json.loads(text)).model_dump(exclude_unset=True)
    except ValidationError as error:
        raise ValueError(reason(error)) from None


def reason(error: ValidationError) -> str:
    """The first complaint: where, and what was expected."""
    first = error.errors(include_url=False)[0]
    place, complaint = ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
    return f"{place}: {complaint}" if place else complaint
