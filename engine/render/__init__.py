"""From generated frames to finished pictures: context, interpolation, shader passes, safety, render scale."""
