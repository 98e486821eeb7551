"""A trained model in other forms: a folder that a browser runs, a graph for ONNX Runtime, a page
of the Hugging Face hub."""

from elman.export.hub import pull, push
from elman.export.onnx_file import write_onnx
from elman.export.web import write_web

__all__ = ["pull", "push", "write_onnx", "write_web"]
