"""A decoder with an external key-value cache (contract: models/README.md) -> the form that Hugging Face's libraries run:
past_key_values and present, attention_mask, attention by GroupQueryAttention. The weights stay the same, bit for bit; those
of q and o are put back into the order of heads that GroupQueryAttention expects. With --float32 the weights are widened
to what they stand for, the precision that transformers.js loads unless it is told otherwise.

Needs: onnx, numpy.
Usage: ordinary_decoder.py MODEL.onnx OUT.onnx [--float32]
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HEADS, KV_HEADS, SIZE, BLOCK = 9, 3, 64, 32
GROUPS, WIDTH = HEADS // KV_HEADS, HEADS * SIZE

model = onnx.load(sys.argv[1])
graph = model.graph
initializers = {i.name: i for i in graph.initializer}
layers = sum(i.name.startswith("past.") and i.name.endswith(".key") for i in graph.input)


def change(name, change_array):
    array = numpy_helper.to_array(initializers[name])
    changed = np.ascontiguousarray(change_array(array)).reshape(array.shape)
    initializers[name].CopyFrom(numpy_helper.from_array(changed, name))


def constant(name, values, dtype=np.int64):
    graph.initializer.append(numpy_helper.from_array(np.array(values, dtype), name))
    return name


def query_rows(array, columns):
    """The rows of q lie by group, then by key-value head; those of k and v follow."""
    rows = array.reshape(-1, columns)
    q = rows[:WIDTH].reshape(GROUPS, KV_HEADS, SIZE, columns).swapaxes(0, 1).reshape(WIDTH, columns)
    return np.concatenate([q, rows[WIDTH:]])


def output_columns(array, rows):
    """The same order in the columns of o, in whole blocks."""
    return array.reshape(rows, GROUPS, KV_HEADS, SIZE // BLOCK, -1).swapaxes(1, 2)


def computed_between(start, end):
    """Everything that is computed on the way from `start` to `end`, by name."""
    by_output = {output: node for node in graph.node for output in node.output if output}
    found, wanted = set(), [end]
    while wanted:
        name = wanted.pop()
        if name in start or name in found or name not in by_output:
            continue
        found.update(by_output[name].output)
        wanted.extend(by_output[name].input)
    return found


blocks = WIDTH // BLOCK
dropped = set()
attention = {}
for layer in range(layers):
    p = f"l{layer}."
    change(p + "qkv.q", lambda a: query_rows(a, blocks * 16))
    change(p + "qkv.d.f16", lambda a: query_rows(a, blocks))
    change(p + "qkv.m.f16", lambda a: query_rows(a.T, blocks).T)
    change(p + "att.q", lambda a: output_columns(a, WIDTH))
    change(p + "att.d.f16", lambda a: output_columns(a, WIDTH))
    change(p + "att.m.f16", lambda a: output_columns(a.T, WIDTH).reshape(WIDTH, blocks).T)
    dropped |= computed_between({p + "qkv"}, p + "o")
    packed = helper.make_node("Reshape", [p + "qkv", "shape.packed"], [p + "packed"])
    inputs = [p + "packed", "", "", f"past_key_values.{layer}.key", f"past_key_values.{layer}.value"]
    grouped = helper.make_node(
        "GroupQueryAttention",
        [*inputs, "last_positions", "total_length", "rope.cos", "rope.sin"],
        [p + "oa", f"present.{layer}.key", f"present.{layer}.value"],
        domain="com.microsoft",
        num_heads=HEADS,
        kv_num_heads=KV_HEADS,
        do_rotary=1,
    )
    attention[p + "qkv"] = [packed, grouped, helper.make_node("Reshape", [p + "oa", "shape.heads"], [p + "o"])]

constant("shape.qkv_width", [(HEADS + 2 * KV_HEADS) * SIZE])
constant("axis.sequence", [1])
nodes = [
    helper.make_node("Shape", ["input_ids"], ["dim.BS"], start=0, end=2),
    helper.make_node("Concat", ["dim.BS", "shape.qkv_width"], ["shape.packed"], axis=0),
    helper.make_node("ReduceSum", ["attention_mask", "axis.sequence"], ["lengths"], keepdims=0),
    helper.make_node("Sub", ["lengths", constant("one", [1])], ["last_positions.int64"]),
    helper.make_node("Cast", ["last_positions.int64"], ["last_positions"], to=TensorProto.INT32),
    helper.make_node("Shape", ["attention_mask"], ["total_length.int64"], start=1, end=2),
    helper.make_node("Squeeze", ["total_length.int64"], ["total_length.scalar"]),
    helper.make_node("Cast", ["total_length.scalar"], ["total_length"], to=TensorProto.INT32),
]
made = {output for node in nodes for output in node.output}
for node in graph.node:
    if dropped.union(made).intersection(node.output):
        continue
    nodes.append(node)
    for output in node.output:
        nodes += attention.get(output, [])



def float32(name, array):
    graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(array, np.float32), name))
    return name


def array_of(name):
    """An initializer, widened where the graph casts it."""
    node = by_output.get(name)
    found = node.input[0] if node is not None and node.op_type in ("Cast", "Reshape") else name
    return array_of(found) if found in by_output else numpy_helper.to_array(initializers[found])


def widened(product, correction):
    """MatMulNBits of 4 bits, and the Gemm that adds the minimum of each block, as one MatMul."""
    size = {a.name: a.i for a in product.attribute}
    blocks = size["K"] // BLOCK
    packed = array_of(product.input[1]).reshape(size["N"], blocks, BLOCK // 2)
    levels = np.stack([packed & 15, packed >> 4], -1).reshape(size["N"], blocks, BLOCK).astype(np.float32) - 8
    scales = array_of(product.input[2]).reshape(size["N"], blocks, 1).astype(np.float32)
    minimums = array_of(correction.input[1]).T.reshape(size["N"], blocks, 1).astype(np.float32)
    weight = (levels * scales + minimums).reshape(size["N"], size["K"]).T
    name = float32(correction.output[0] + ".weight", weight)
    return helper.make_node("MatMul", [product.input[0], name], [correction.output[0]])


if "--float32" in sys.argv:
    by_output = {output: node for node in nodes for output in node.output if output}
    gather = next(node for node in nodes if node.op_type == "GatherBlockQuantized")
    levels = array_of(gather.input[0]).reshape(-1, blocks, BLOCK).astype(np.float32) - 128
    scales = array_of(gather.input[2]).reshape(-1, blocks, 1).astype(np.float32)
    table = float32("embed.float32", (levels * scales).reshape(-1, WIDTH))
    changed = []
    for node in nodes:
        product = by_output.get(node.input[2]) if node.op_type == "Gemm" else None
        if product is not None and product.op_type == "MatMulNBits":
            changed.append(widened(product, node))
        elif node is gather:
            changed.append(helper.make_node("Gather", [table, node.input[1]], [node.output[0]]))
        elif node.op_type == "MatMulNBits" and node.output[0] == "logits":
            changed.append(helper.make_node("Reshape", [node.input[0], constant("shape.last", [-1, WIDTH])], ["last.rows"]))
            changed.append(helper.make_node("Gemm", ["last.rows", table], ["logits.rows"], transB=1))
            changed.append(helper.make_node("Reshape", ["logits.rows", constant("shape.logits", [-1, 1, len(levels)])], ["logits"]))
        else:
            changed.append(node)
    nodes = changed

# What only the dropped nodes needed goes with them.
wanted = {"logits", *(f"present.{layer}.{part}" for layer in range(layers) for part in ("key", "value"))}
kept = []
for node in reversed(nodes):
    if wanted.intersection(node.output):
        kept.append(node)
        wanted.update(node.input)

info = helper.make_tensor_value_info
vocabulary = next(o for o in graph.output if o.name == "logits").type.tensor_type.shape.dim[2].dim_value
parts = [f"{layer}.{part}" for layer in range(layers) for part in ("key", "value")]
cache = lambda name, length: info(name, TensorProto.FLOAT, ["batch_size", KV_HEADS, length, SIZE])  # noqa: E731
inputs = [info("input_ids", TensorProto.INT64, ["batch_size", "sequence_length"]), info("attention_mask", TensorProto.INT64, ["batch_size", "total_sequence_length"])]
inputs += [cache(f"past_key_values.{part}", "past_sequence_length") for part in parts]
outputs = [info("logits", TensorProto.FLOAT, ["batch_size", 1, vocabulary]), *(cache(f"present.{part}", "total_sequence_length") for part in parts)]
used = [i for i in graph.initializer if i.name in wanted]
for field, items in (("node", kept[::-1]), ("initializer", used), ("input", inputs), ("output", outputs)):
    copies = [type(item).FromString(item.SerializeToString()) for item in items]
    graph.ClearField(field)
    getattr(graph, field).extend(copies)
graph.ClearField("value_info")
onnx.save(model, sys.argv[2])
