"""Networks as ONNX graphs: what the graphs of all tasks share."""
