#!/usr/bin/env bash
# Library: openvino 2026.4.1, its reader of ONNX graphs, CPU.
# Date: 2026-11-30, Linux, x86-64.
#
# ONNX lets the body of a Scan leave out the shapes of its inputs: they follow from what the Scan is
# given. The checker passes such a graph, and onnx's reference evaluator computes it. OpenVINO converts
# the body without them, so an operator with an axis, such as ArgMax, has an unknown rank, and the whole
# graph is refused. With the shapes declared in the body the same graph is read, and its output is
# equal:
#
#     shapes in the body None: onnx equal, openvino refused: unknown axis
#     shapes in the body [2, 3]: onnx equal, openvino equal
#
# Declare the shapes of a body's inputs, even where each dimension is only a name.
packages=(openvino==2026.4.1 onnx==1.23.2)
source "$(dirname "$0")/common.sh"

cat >"$folder/scan.py" <<'PY'
import numpy as np
import onnx
import openvino
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator


def graph(shape):
    """The place of the largest value, for each row of each step, in a Scan."""
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["before"], ["after"]),
            helper.make_node("ArgMax", ["x"], ["place"], axis=1, keepdims=0),
        ],
        "body",
        [value("before", TensorProto.FLOAT, shape), value("x", TensorProto.FLOAT, shape)],
        [value("after", TensorProto.FLOAT, None), value("place", TensorProto.INT64, None)],
    )
    scan = helper.make_node("Scan", ["s", "xs"], ["last", "places"], body=body, num_scan_inputs=1)
    whole = helper.make_graph(
        [scan],
        "whole",
        [value("s", TensorProto.FLOAT, [2, 3]), value("xs", TensorProto.FLOAT, [4, 2, 3])],
        [value("places", TensorProto.INT64, [4, 2])],
    )
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model


inputs = {"s": np.zeros((2, 3), "f4"), "xs": np.random.default_rng(0).random((4, 2, 3), "f4")}
expected = inputs["xs"].argmax(2)


def answer(model):
    try:
        read = openvino.Core().read_model(model.SerializeToString())
        found = openvino.Core().compile_model(read, "CPU")(inputs)[0]
        return "equal" if (found == expected).all() else "other places"
    except RuntimeError as error:
        return "refused: unknown axis" if "UNKNOWN_NORMALIZED_AXIS" in str(error) else "refused"


for shape in (None, [2, 3]):
    model = graph(shape)
    reference = (ReferenceEvaluator(model).run(None, inputs)[0] == expected).all()
    result = answer(model)
    print(f"shapes in the body {shape}: onnx {'equal' if reference else 'other'}, openvino {result}")
    assert reference
    assert result == ("refused: unknown axis" if shape is None else "equal")
PY
"$python" "$folder/scan.py"
