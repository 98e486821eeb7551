"""Export of trained models: web pages, ONNX graphs, and repositories on the Hugging Face hub."""

from elman.export.hub import pull, push
from elman.export.onnx_file import write_onnx
from elman.export.web import write_web

__all__ = ["pull", "push", "write_onnx", "write_web"]
