"""Buffers a shader draws into and reads from, also from one frame to the next."""

import moderngl

from engine.render.draw import COPY, Draw, Size, Surface


class Copy(Draw):
    """Draws one texture over another surface, whatever their sizes."""

    def __init__(self, context: moderngl.Context) -> None:
        super().__init__(context, COPY)
        self.context = context

    def resized(self, surface: Surface, size: Size) -> Surface:
        """A surface of that size with the same picture; the old one is released."""
        fresh = Surface(self.context, size, surface.dtype)
        self(fresh, image=surface.texture)
        surface.release()
        return fresh


class Buffer:
    """A pair of surfaces: one is read while the other is drawn, so that a pass may read what it drew last.

    Raises moderngl.Error where the GPU has no memory for it.
    """

    def __init__(self, context: moderngl.Context, size: Size, dtype: str) -> None:
        self.front = Surface(context, size, dtype)
        try:
            self.back = Surface(context, size, dtype)
        except Exception:
            self.front.release()
            raise

    def resize(self, size: Size, copy: Copy) -> None:
        """Change the size and keep what is in it."""
        if size != self.front.size:
            self.front = copy.resized(self.front, size)
            self.back = copy.resized(self.back, size)

    def swap(self) -> None:
        """What was drawn is now what is read."""
        self.front, self.back = self.back, self.front

    def release(self) -> None:
        """Give the memory back."""
        self.front.release()
        self.back.release()
