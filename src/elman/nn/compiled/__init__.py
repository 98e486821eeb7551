"""Trained networks as programs of the native core, on arrays: nothing here imports torch."""
