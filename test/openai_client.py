"""OpenAI's client for Python against a running server. Usage: python test/openai_client.py http://127.0.0.1:8000/v1"""

import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1], api_key="unused")
MODEL = "smollm2-135m-instruct"
MESSAGES = [{"role": "user", "content": "What is the capital of France?"}]

completion = client.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=8)
assert completion.choices[0].message.content
assert completion.usage.total_tokens == completion.usage.prompt_tokens + 8

chunks = list(
    client.chat.completions.create(
        model=MODEL, messages=MESSAGES, max_tokens=8, stream=True, stream_options={"include_usage": True}
    )
)
assert chunks[-1].usage.completion_tokens == 8 and chunks[-1].choices == []
assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1])

text = client.completions.create(model=MODEL, prompt="The capital of France is", max_tokens=4, temperature=0)
assert "Paris" in text.choices[0].text

packed = client.embeddings.create(model="minilm-l6-v2", input=["A cat sits on the mat."])
floats = client.embeddings.create(model="minilm-l6-v2", input=["A cat sits on the mat."], encoding_format="float")
assert all(abs(a - b) < 1e-6 for a, b in zip(packed.data[0].embedding, floats.data[0].embedding, strict=True))

assert MODEL in [model.id for model in client.models.list()]
for changes, expected in [
    ({"model": "gpt-4"}, openai.NotFoundError),
    ({"temperature": 9}, openai.BadRequestError),
    ({"tools": [{"type": "function", "function": {"name": "f"}}]}, openai.BadRequestError),
]:
    try:
        client.chat.completions.create(**{"model": MODEL, "messages": MESSAGES, **changes})
    except expected:
        continue
    raise AssertionError(f"{changes} was not refused with {expected.__name__}")

with client.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=1500, stream=True) as stream:
    next(iter(stream))
print("ok")
