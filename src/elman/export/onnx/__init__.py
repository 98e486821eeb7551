"""A model as one file for ONNX Runtime: a file for each task, and what all of them share."""

from elman.export.onnx.file import write_onnx

__all__ = ["write_onnx"]
