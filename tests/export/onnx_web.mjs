// Run an ONNX graph in onnxruntime-web: node onnx_web.mjs RUNTIME GRAPH < batches > outputs
// A batch is an object of tensors by input, { type, dims, data }; NaN is null.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [runtime, graph] = process.argv.slice(2);
const loaded = await import(pathToFileURL(runtime));
const ort = loaded.default ?? loaded;
ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

const ARRAYS = { int64: BigInt64Array, float32: Float32Array, float64: Float64Array };

function tensor({ type, dims, data }) {
  const values = type === "int64" ? data.map(BigInt) : data.map((each) => each ?? NaN);
  return new ort.Tensor(type, ARRAYS[type].from(values), dims);
}

const session = await ort.InferenceSession.create(readFileSync(graph));
const answers = [];
for (const batch of JSON.parse(readFileSync(0, "utf8"))) {
  const inputs = Object.entries(batch).map(([name, each]) => [name, tensor(each)]);
  const outputs = await session.run(Object.fromEntries(inputs));
  answers.push(
    Object.fromEntries(
      Object.entries(outputs).map(([name, { dims, data }]) => [name, { dims, data: [...data].map(Number) }]),
    ),
  );
}
process.stdout.write(JSON.stringify(answers));
