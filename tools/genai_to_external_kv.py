"""Grouped-query decoder of onnxruntime-genai's model builder -> the external-KV form (contract: models/README.md).

The builder's graph returns the whole key-value cache with every step; the converted one takes it as an input and
returns only the new keys and values, so that many texts share one batch. Weights stay as they are.
Needs: onnx, numpy.
Usage: python -m onnxruntime_genai.models.builder -i MODEL -o BUILT -p int4 -e cpu -c CACHE   (or -p fp32)
       genai_to_external_kv.py BUILT OUT_DIR
"""

import argparse
import json
import os
import shutil

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

COPIED = ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "generation_config.json"]
HEAD_OPS = {"MatMul", "MatMulNBits", "Gemm"}


class Converter:
    def __init__(self, model, decoder):
        self.graph = model.graph
        self.heads = decoder["num_attention_heads"]
        self.kv_heads = decoder["num_key_value_heads"]
        self.size = decoder["head_size"]
        self.groups = self.heads // self.kv_heads
        self.nodes, self.constants, self.layers = [], {}, 0

    def add(self, op, inputs, outputs, domain="", **attributes):
        name = f"external_kv/{outputs[0]}"
        self.nodes.append(helper.make_node(op, inputs, outputs, domain=domain, name=name, **attributes))
        return outputs[0]

    def ints(self, values):
        name = "external_kv/" + "_".join(map(str, values))
        self.constants[name] = numpy_helper.from_array(np.array(values, np.int64), name)
        return name

    def convert(self):
        past = [i for i in self.graph.input if i.name.startswith("past_key_values.")]
        wrong = next((i for i in past if i.type.tensor_type.elem_type != TensorProto.FLOAT), None)
        if not past or wrong is not None:
            raise SystemExit("expected float32 inputs past_key_values.N.key|value; build with -p fp32 or -p int4 -e cpu")
        self.add("Shape", ["past.0.key"], ["external_kv/T"], start=2, end=3)
        self.add("Shape", ["input_ids"], ["external_kv/S"], start=1, end=2)
        self.add("Concat", ["external_kv/T", "external_kv/S"], ["external_kv/TS"], axis=0)
        last = self.head()
        for node in self.graph.node:
            if node is last:
                self.cut_last_position(node)
            if node.op_type == "GroupQueryAttention":
                self.attention(node)
            else:
                self.nodes.append(node)
        self.finish()

    def head(self):
        """The product with the vocabulary: logits are followed up through what is done to each of them."""
        producers = {name: node for node in self.graph.node for name in node.output}
        node = producers["logits"]
        while node.op_type not in HEAD_OPS:
            node = producers[node.input[0]]
        return node

    def cut_last_position(self, node):
        limits = [self.ints([-1]), self.ints([np.iinfo(np.int64).max]), self.ints([1])]
        node.input[0] = self.add("Slice", [node.input[0], *limits], ["external_kv/last"])

    def attention(self, node):
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if attributes.get("local_window_size", -1) != -1 or any(node.input[10:]):
            raise SystemExit(f"{node.name}: sliding windows, biases and sinks of attention are not supported")
        layer, self.layers = self.layers, self.layers + 1
        p = f"external_kv/{layer}/"
        query, key, value = node.input[:3]
        if not key:
            widths = self.ints([self.heads * self.size, self.kv_heads * self.size, self.kv_heads * self.size])
            parts = [p + "q", p + "k", p + "v"]
            self.add("Split", [query, widths], parts, axis=-1)
            query, key, value = parts
        if attributes.get("do_rotary", 0):
            query, key = (self.rotate(node, attributes, x, p + y, n) for x, y, n in ((query, "qr", self.heads), (key, "kr", self.kv_heads)))
        # Heads of a group lie side by side: [B, S, KV, G*D] -> [B, KV, S*G, D] has query s of head g in row s*G+g.
        wide = self.ints([0, 0, self.kv_heads, self.groups * self.size])
        query = self.turned(query, wide, p + "qt")
        query = self.add("Reshape", [query, self.ints([0, self.kv_heads, -1, self.size])], [p + "rows"])
        narrow = self.ints([0, 0, self.kv_heads, self.size])
        key = self.turned(key, narrow, f"new.{layer}.key")
        value = self.turned(value, narrow, f"new.{layer}.value")
        scale = attributes.get("scale", 0) or self.size**-0.5
        scores = [
            self.add("FusedMatMul", [query, k], [p + o], domain="com.microsoft", transB=1, alpha=float(scale))
            for k, o in ((f"past.{layer}.key", "past"), (key, "new"))
        ]
        scores = self.add("Concat", scores, [p + "scores"], axis=-1)
        softcap = attributes.get("softcap", 0)
        if softcap:
            cap = f"external_kv/softcap_{softcap}"
            self.constants[cap] = numpy_helper.from_array(np.array(softcap, np.float32), cap)
            scores = self.add("Div", [scores, cap], [p + "capped.in"])
            scores = self.add("Mul", [self.add("Tanh", [scores], [p + "tanh"]), cap], [p + "capped"])
        scores = self.add("Add", [scores, "attn_bias"], [p + "masked"])
        shares = self.add("Softmax", [scores], [p + "shares"], axis=-1)
        self.add("Split", [shares, "external_kv/TS"], [p + "shares.past", p + "shares.new"], axis=-1)
        old = self.add("MatMul", [p + "shares.past", f"past.{layer}.value"], [p + "old"])
        new = self.add("MatMul", [p + "shares.new", value], [p + "fresh"])
        both = self.add("Add", [old, new], [p + "both"])
        both = self.add("Reshape", [both, self.ints([0, self.kv_heads, -1, self.groups * self.size])], [p + "wide"])
        both = self.add("Transpose", [both], [p + "back"], perm=[0, 2, 1, 3])
        self.add("Reshape", [both, self.ints([0, 0, self.heads * self.size])], [node.output[0]])

    def turned(self, x, shape, name):
        """[B, S, heads * size] -> [B, heads, S, size]"""
        return self.add("Transpose", [self.add("Reshape", [x, shape], [name + ".split"])], [name], perm=[0, 2, 1, 3])

    def rotate(self, node, attributes, x, name, heads):
        cos, sin = node.input[7], node.input[8]
        rotary = 2 * next(i.dims[1] for i in self.graph.initializer if i.name == cos)
        partial = {"rotary_embedding_dim": rotary} if rotary != self.size else {}
        interleaved = attributes.get("rotary_interleaved", 0)
        inputs = [x, "position_ids", cos, sin]
        return self.add("RotaryEmbedding", inputs, [name], domain="com.microsoft", num_heads=heads, interleaved=interleaved, **partial)

    def finish(self):
        vocabulary = next(o for o in self.graph.output if o.name == "logits").type.tensor_type.shape.dim[2].dim_value
        info, B, KV, D = helper.make_tensor_value_info, "B", self.kv_heads, self.size
        names = [f"{layer}.{part}" for layer in range(self.layers) for part in ("key", "value")]
        integers = [info(n, TensorProto.INT64, [B, "S"]) for n in ("input_ids", "position_ids")]
        bias = info("attn_bias", TensorProto.FLOAT, [B, 1, "GS", "TS"])
        inputs = [*integers, bias, *(info(f"past.{n}", TensorProto.FLOAT, [B, KV, "T", D]) for n in names)]
        logits = info("logits", TensorProto.FLOAT, [B, 1, vocabulary])
        outputs = [logits, *(info(f"new.{n}", TensorProto.FLOAT, [B, KV, "S", D]) for n in names)]
        nodes = needed(self.nodes, {o.name for o in outputs})
        used = {name for node in nodes for name in node.input}
        initializers = [i for i in [*self.graph.initializer, *self.constants.values()] if i.name in used]
        for field, items in (("node", nodes), ("initializer", initializers), ("input", inputs), ("output", outputs)):
            kept = [type(item).FromString(item.SerializeToString()) for item in items]
            self.graph.ClearField(field)
            getattr(self.graph, field).extend(kept)
        self.graph.ClearField("value_info")


def needed(nodes, wanted):
    """The nodes that the wanted values depend on, in order."""
    kept, wanted = [], set(wanted)
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            kept.append(node)
            wanted.update(node.input)
    return kept[::-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("built", help="folder that the builder wrote")
    parser.add_argument("out", help="folder to write; weights go to OUT/1")
    arguments = parser.parse_args()
    with open(os.path.join(arguments.built, "genai_config.json"), encoding="utf-8") as file:
        config = json.load(file)["model"]
    model = onnx.load(os.path.join(arguments.built, config["decoder"]["filename"]))
    Converter(model, config["decoder"]).convert()
    version = os.path.join(arguments.out, "1")
    os.makedirs(version, exist_ok=True)
    data = os.path.join(version, "model.onnx.data")
    if os.path.exists(data):
        os.remove(data)  # It would be appended to.
    onnx.save(model, os.path.join(version, "model.onnx"), save_as_external_data=True, location="model.onnx.data")
    for name in COPIED:
        if os.path.exists(os.path.join(arguments.built, name)):
            shutil.copy(os.path.join(arguments.built, name), arguments.out)
    decoder = config["decoder"]
    kept = {
        "num_attention_heads": decoder["num_attention_heads"],
        "num_key_value_heads": decoder["num_key_value_heads"],
        "head_dim": decoder["head_size"],
        "eos_token_id": config["eos_token_id"],
        "max_position_embeddings": config["context_length"],
    }
    with open(os.path.join(arguments.out, "config.json"), "w", encoding="utf-8") as file:
        json.dump(kept, file, indent=2)
    print(f"{arguments.out}: context {config['context_length']}, {decoder['num_hidden_layers']} layers")


if __name__ == "__main__":
    main()
