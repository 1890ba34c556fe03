"""Frame sources: latents in, generated frames out, at the generator's own rate. `source.open_source` picks one.

Nothing is imported here: the worker process imports this package and should be quick about it.
"""
