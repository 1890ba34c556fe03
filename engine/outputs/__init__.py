"""Where presented frames go: one file an output, each on the contract of base.py."""
