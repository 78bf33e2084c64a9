"""A small Llama with random weights, for trying decoders: made with transformers, exported by onnxruntime-genai's builder.

Writes OUT/built (the builder's model) and OUT/expected.json: the greedy continuation that transformers gives, with the
logarithm of each token's probability.
Needs: onnxruntime-genai, onnx-ir, tokenizers, torch, transformers.
Usage: tiny_llama.py OUT PROMPT TOKENS
"""

import json
import os
import subprocess
import sys

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

out, prompt, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
source = os.path.join(out, "source")

special = {"<pad>": 0, "<s>": 1, "</s>": 2}
# Byte-level spelling: visible ASCII characters stand for themselves, and this letter for the space.
SPACE = "\u0120"
letters = [*map(chr, range(33, 127)), SPACE]
vocabulary = special | {letter: index + len(special) for index, letter in enumerate(letters)}
tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
names = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(source)

torch.manual_seed(0)
config = LlamaConfig(
    vocab_size=len(vocabulary),
    hidden_size=64,
    intermediate_size=128,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=512,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=0,
    # Wide enough for attention to matter and for tokens not to be ties.
    initializer_range=0.3,
)
model = LlamaForCausalLM(config).eval()
model.save_pretrained(source)

ids = tokenizer.encode(prompt).ids
start, logprobs = len(ids), []
with torch.no_grad():
    for _ in range(count):
        scores = torch.log_softmax(model(torch.tensor([ids])).logits[0, -1], -1)
        ids.append(int(scores.argmax()))
        logprobs.append(float(scores.max()))
with open(os.path.join(out, "expected.json"), "w", encoding="utf-8") as file:
    tokens = [tokenizer.id_to_token(token).replace(SPACE, " ") for token in ids[start:]]
    json.dump({"tokens": tokens, "logprobs": logprobs}, file)

command = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-i", source, "-o", os.path.join(out, "built")]
subprocess.run([*command, "-p", "fp32", "-e", "cpu", "-c", os.path.join(out, "cache")], check=True, stdout=sys.stderr)
