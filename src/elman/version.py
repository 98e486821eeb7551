"""The version of the package, read by its build and written into model files."""

__version__ = "0.1.0"
