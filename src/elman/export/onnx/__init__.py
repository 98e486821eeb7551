"""The parts of ONNX export that all tasks share."""
