"""`reverie bench generator`: how fast the generator is on this machine, beside others in alternation."""
