"""Logits of an external-KV decoder (models/README.md), computed in floating point by NumPy.

Walks the ONNX graph node by node: quantized weights are expanded exactly, activations are never rounded to int8, and
the whole text is one prompt with an empty cache. So it shares neither kernels, nor chunks, nor cache with the server.
Needs: onnx, numpy.
Usage: float_reference.py MODEL.onnx [--double] < TOKEN_IDS.json > LOGITS   (float32, [tokens, vocabulary], every position)
"""

import json
import sys

import numpy as np
import onnx
from onnx import numpy_helper

FLOAT = np.float64 if "--double" in sys.argv else np.float32


def expand(q, scales, bits, block, zero):
    """Blocks of packed integers, low part first, times their scales -> [rows, columns]."""
    q = q.reshape(q.shape[0], -1)
    if bits == 4:
        q = np.stack([q & 15, q >> 4], -1).reshape(q.shape[0], -1)
    values = q.astype(FLOAT) - zero
    return (values.reshape(-1, block) * scales.reshape(-1, 1)).reshape(q.shape)


def rms_norm(x, weight, epsilon):
    return x / np.sqrt(np.mean(x * x, -1, keepdims=True) + epsilon) * weight


def rotate(x, positions, cos, sin):
    """x [tokens, 1, heads * size], halves rotated against each other."""
    half = cos.shape[1]
    heads = x.reshape(len(positions), -1, 2 * half)
    c, s = cos[positions][:, None, :], sin[positions][:, None, :]
    a, b = heads[..., :half], heads[..., half:]
    return np.concatenate([a * c - b * s, b * c + a * s], -1).reshape(x.shape)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def reshape(x, shape):
    return x.reshape([x.shape[i] if d == 0 else int(d) for i, d in enumerate(shape)])


def run_node(node, x, a):
    """Outputs of one node. x: inputs, None where left out; a: attributes."""
    match node.op_type:
        case "Shape":
            return [np.array(x[0].shape[a.get("start", 0) : a.get("end", None)], np.int64)]
        case "Concat":
            return [np.concatenate(x, a["axis"])]
        case "Reshape":
            return [reshape(x[0], x[1])]
        case "Transpose":
            return [x[0].transpose(a["perm"])]
        case "Cast":
            return [x[0].astype(FLOAT)]
        case "Split":
            return np.split(x[0], np.cumsum(x[1])[:-1], a["axis"])
        case "Add":
            return [x[0] + x[1]]
        case "Mul":
            return [x[0] * x[1]]
        case "Sigmoid":
            return [1 / (1 + np.exp(-x[0]))]
        case "QuickGelu":
            return [x[0] / (1 + np.exp(-a["alpha"] * x[0]))]
        case "MatMul":
            return [x[0] @ x[1]]
        case "FusedMatMul":
            return [a["alpha"] * (x[0] @ (x[1].swapaxes(-1, -2) if a.get("transB") else x[1]))]
        case "Gemm":
            return [x[0] @ x[1] + x[2]]
        case "Softmax":
            return [softmax(x[0])]
        case "MatMulNBits":
            weights = expand(x[1].reshape(a["N"], -1), x[2], a["bits"], a["block_size"], 1 << (a["bits"] - 1))
            return [x[0] @ weights.T]
        case "Gather":
            return [np.take(x[0], x[1], a.get("axis", 0))]
        case "GatherBlockQuantized":
            rows = x[1].reshape(-1)
            values = expand(x[0][rows], x[2][rows], a["bits"], a["block_size"], 1 << (a["bits"] - 1))
            return [values.reshape(*x[1].shape, -1)]
        case "RotaryEmbedding":
            return [rotate(x[0], x[1].reshape(-1), x[2], x[3])]
        case "SimplifiedLayerNormalization":
            return [rms_norm(x[0], x[1], a["epsilon"])]
        case "SkipSimplifiedLayerNormalization":
            total = x[0] + x[1]
            return [rms_norm(total, x[2], a["epsilon"]), None, None, total]
        case "Slice":
            # The graph cuts the last position out before the head: all of them are wanted here.
            return [x[0]]
        case _:
            raise SystemExit(f"{node.op_type} ({node.name}) is not known to the reference")


def main():
    path = sys.argv[1]
    ids = np.array([json.load(sys.stdin)], np.int64)
    graph = onnx.load(path).graph
    tokens = ids.shape[1]
    values = {}
    for tensor in graph.initializer:
        array = numpy_helper.to_array(tensor)
        values[tensor.name] = array.astype(FLOAT) if array.dtype.kind == "f" else array
    shapes = {i.name: [d.dim_value for d in i.type.tensor_type.shape.dim] for i in graph.input}
    groups = query_groups(graph, shapes)
    values["input_ids"] = ids
    values["position_ids"] = np.arange(tokens)[None]
    causal = np.where(np.tri(tokens, dtype=bool), 0.0, -1e9).astype(FLOAT)
    values["attn_bias"] = np.repeat(causal, groups, 0)[None, None]
    for name, (_, heads, _, size) in ((n, s) for n, s in shapes.items() if n.startswith("past.")):
        values[name] = np.zeros((1, heads, 0, size), FLOAT)
    for node in graph.node:
        attributes = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
        inputs = [values[name] if name else None for name in node.input]
        for name, value in zip(node.output, run_node(node, inputs, attributes)):
            if name:
                values[name] = value
    sys.stdout.buffer.write(values["logits"][0].astype(np.float32).tobytes())


def query_groups(graph, shapes):
    """Query heads per key-value head, from the rotation that turns both at once."""
    rotation = next(node for node in graph.node if node.op_type == "RotaryEmbedding")
    heads = next(item.i for item in rotation.attribute if item.name == "num_heads")
    return heads // shapes["past.0.key"][1] - 1


main()
