"""What every section of a show file has in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

PRINTABLE = r"^[^\x00-\x1f]+$"
Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]


class Part(BaseModel):
    """A section of the show file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
