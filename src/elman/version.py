"""The version of the package, read by its build and written into model files."""

from __future__ import annotations

__version__ = "0.1.0"
