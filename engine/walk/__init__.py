"""Walks through latent space: one file each, on the contract of base.py; still.py is the smallest."""
