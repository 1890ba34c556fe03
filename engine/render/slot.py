"""One place in the chain of passes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.params import Parameter, Value
from engine.render.files import Stamp
from engine.render.isf import Shader
from engine.render.passes import ShaderPass, pass_parameters

Lookup = Callable[[str], Value]


@dataclass(slots=True)
class Slot:
    """The file of a pass, what it says and what runs of it: nothing while the pass is disabled.

    `stamp` is that of the file when it was last read, `initial` the show file's values.
    """

    name: str
    path: Path
    stamp: Stamp
    initial: Mapping[str, object]
    shader: Shader
    running: ShaderPass | None = None

    @property
    def prefix(self) -> str:
        """Where its parameters stand."""
        return f"/passes/{self.name}"

    def has_own_mix(self) -> bool:
        """Whether the shader has an input of that name, which then means what the shader makes of it."""
        return any(i.name == "mix" for i in self.shader.inputs)

    def has_quality(self) -> bool:
        """Whether the shader has an input of that name which means what ours do: a share of its cost."""
        return any((i.name, i.type, i.minimum, i.maximum) == ("quality", "float", 0.0, 1.0) for i in self.shader.inputs)

    def parameters(self) -> list[Parameter]:
        """Its inputs and its mix. A pass that is disabled has them too."""
        help_text = "How much of this pass is seen; 0 leaves it out and costs nothing"
        mix = Parameter(f"{self.prefix}/mix", "float", 1.0, 0.0, 1.0, label="Mix", help=help_text)
        inputs = pass_parameters(self.shader, self.name, self.initial, self.prefix)
        return inputs + ([] if self.has_own_mix() else [mix])

    def values(self, lookup: Lookup, quality: float = 1.0) -> dict[str, Value]:
        """What its inputs are now, by name; of its own quality `quality`, where it has one."""
        values = {i.name: lookup(f"{self.prefix}/{i.name}") for i in self.shader.inputs if not i.is_image}
        if quality < 1.0 and self.has_quality():
            own = values["quality"]
            assert isinstance(own, int | float)
            values["quality"] = own * quality
        return values

    def mix(self, lookup: Lookup) -> float:
        """How much of it is seen now."""
        value = 1.0 if self.has_own_mix() else lookup(f"{self.prefix}/mix")
        assert isinstance(value, int | float)
        return value
