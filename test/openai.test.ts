import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI, { APIUserAbortError, AuthenticationError, BadRequestError, NotFoundError } from 'openai';
import { postJson, send } from './support/http.js';
import { ServerProcess } from './support/server-process.js';

const MODEL = 'smollm2-135m-instruct';
const QUESTION = [{ role: 'user' as const, content: 'What is the capital of France?' }];

describe("OpenAI's client for Node", () => {
  let server: ServerProcess;
  let openai: OpenAI;

  beforeAll(async () => {
    server = await ServerProcess.start({ API_KEYS: 'the-key' });
    openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'the-key' });
  });

  afterAll(() => server.stop());

  it('gets a chat completion with usage', async () => {
    const completion = await openai.chat.completions.create({
      model: MODEL,
      messages: QUESTION,
      max_tokens: 4,
      temperature: 0,
    });
    expect(completion).toMatchObject({
      object: 'chat.completion',
      model: MODEL,
      system_fingerprint: `${MODEL}@1`,
      usage: { prompt_tokens: 37, completion_tokens: 4, total_tokens: 41 },
    });
    expect(completion.id).toMatch(/^chatcmpl-/);
    expect(completion.choices).toHaveLength(1);
    expect(completion.choices[0]).toMatchObject({
      index: 0,
      finish_reason: 'length',
      logprobs: null,
      message: { role: 'assistant', content: expect.any(String), refusal: null },
    });
  });

  it('streams a chat completion with one id, the role once and usage at the end', async () => {
    const stream = await openai.chat.completions.create({
      model: MODEL,
      messages: QUESTION,
      max_completion_tokens: 6,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(chunks.map(({ choices }) => choices[0]?.delta.role).filter((role) => role !== undefined)).toEqual([
      'assistant',
    ]);
    expect(chunks.at(-2)?.choices[0]).toEqual({
      index: 0,
      delta: {},
      logprobs: null,
      finish_reason: 'length',
    });
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 37, completion_tokens: 6, total_tokens: 43 },
    });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  });

  it("works with the client's helper for streams", async () => {
    const runner = openai.chat.completions.stream({
      model: MODEL,
      messages: QUESTION,
      max_tokens: 5,
      seed: 1,
    });
    let text = '';
    runner.on('content', (delta) => (text += delta));
    const completion = await runner.finalChatCompletion();
    expect(text).not.toBe('');
    expect(completion.choices[0]?.message.content).toBe(text);
  });

  it('generates the same text for a seeded request, streamed or not', async () => {
    const request = { model: MODEL, messages: QUESTION, max_tokens: 20, seed: 7, temperature: 1 };
    const { choices } = await openai.chat.completions.create(request);
    let streamed = '';
    for await (const chunk of await openai.chat.completions.create({ ...request, stream: true })) {
      streamed += chunk.choices[0]?.delta.content ?? '';
    }
    expect(streamed).toBe(choices[0]?.message.content);
  });

  it('gets several choices, and the log probabilities of their tokens', async () => {
    const { choices, usage } = await openai.chat.completions.create({
      model: MODEL,
      messages: QUESTION,
      max_tokens: 3,
      n: 2,
      seed: 3,
      logprobs: true,
      top_logprobs: 2,
    });
    expect(choices.map(({ index }) => index)).toEqual([0, 1]);
    expect(usage?.completion_tokens).toBe(6);
    for (const { logprobs, message } of choices) {
      expect(logprobs?.content).toHaveLength(3);
      expect(logprobs?.content?.map(({ token }) => token).join('')).toBe(message.content);
      for (const { logprob, top_logprobs } of logprobs?.content ?? []) {
        expect(logprob).toBeLessThanOrEqual(0);
        expect(top_logprobs).toHaveLength(2);
      }
    }
  });

  it('applies logit_bias, so that a forbidden token does not occur', async () => {
    const request = { model: MODEL, prompt: 'The capital of France is', max_tokens: 1, temperature: 0 };
    const free = await openai.completions.create({ ...request, logprobs: 1 });
    expect(free.choices[0]?.text).toBe(' Paris');
    // 7042 is " Paris" in this tokenizer.
    const biased = await openai.completions.create({ ...request, logit_bias: { '7042': -100 } });
    expect(biased.choices[0]?.text).not.toBe(' Paris');
  });

  it('gets completions, which end at their stop sequences', async () => {
    const completion = await openai.completions.create({
      model: MODEL,
      prompt: 'The capital of France is',
      temperature: 0,
      max_tokens: 20,
      stop: ['\n', '.'],
      logprobs: 2,
    });
    expect(completion).toMatchObject({ object: 'text_completion', model: MODEL });
    expect(completion.choices[0]).toMatchObject({ text: ' Paris', finish_reason: 'stop' });
    expect(completion.choices[0]?.logprobs).toMatchObject({ tokens: [' Paris'], text_offset: [0] });
    let streamed = '';
    const stream = await openai.completions.create({
      model: MODEL,
      prompt: 'One, two,',
      max_tokens: 4,
      stream: true,
    });
    for await (const chunk of stream) streamed += chunk.choices[0]?.text ?? '';
    expect(streamed).not.toBe('');
  });

  it('gets the same completions for several prompts as for each prompt alone', async () => {
    const prompts = ['The capital of France is', 'One, two,', 'Roses are red,'];
    const request = { model: MODEL, max_tokens: 5, temperature: 0, reproducible: true };
    const alone = [];
    for (const prompt of prompts) alone.push(await openai.completions.create({ ...request, prompt }));
    const texts = alone.map(({ choices }) => choices[0]?.text);
    const { choices, usage } = await openai.completions.create({ ...request, prompt: prompts });
    expect(choices.map(({ index, text }) => [index, text])).toEqual([...texts.entries()]);
    const tokens = alone.reduce((sum, one) => sum + (one.usage?.total_tokens ?? 0), 0);
    expect(usage).toMatchObject({ total_tokens: tokens });

    const streamed = ['', '', ''];
    const ends = new Set<number>();
    const stream = await openai.completions.create({ ...request, prompt: prompts, stream: true });
    for await (const { choices: pieces } of stream) {
      for (const { index, text, finish_reason } of pieces) {
        streamed[index] = (streamed[index] ?? '') + text;
        if ((finish_reason as string | null) === 'length') ends.add(index);
      }
    }
    expect([streamed, ends.size]).toEqual([texts, 3]);
    const several = await openai.completions.create({ ...request, prompt: ['A', 'B'], n: 2, temperature: 1 });
    expect(several.choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  });

  it('gets the same embeddings in base64, its default, and in floats', async () => {
    const input = ['A cat sits on the mat.', 'Stock markets fell sharply today.'];
    const packed = await openai.embeddings.create({ model: 'minilm-l6-v2', input });
    const floats = await openai.embeddings.create({ model: 'minilm-l6-v2', input, encoding_format: 'float' });
    expect(packed.data.map(({ index }) => index)).toEqual([0, 1]);
    expect(packed.data[0]?.embedding).toHaveLength(384);
    packed.data.forEach(({ embedding }, text) => {
      embedding.forEach((value, index) =>
        expect(value).toBeCloseTo(floats.data[text]?.embedding[index] ?? NaN, 6),
      );
    });
    expect(packed.usage.prompt_tokens).toBeGreaterThan(10);
    const same = await openai.embeddings.create({ model: 'minilm-l6-v2', input: 'x', dimensions: 384 });
    expect(same.data).toHaveLength(1);
    await expect(
      openai.embeddings.create({ model: 'minilm-l6-v2', input: 'x', dimensions: 128 }),
    ).rejects.toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'dimensions' });
  });

  it("accepts the model's token ids for embeddings, and refuses unknown ones", async () => {
    const create = (input: string | number[] | number[][]) =>
      openai.embeddings.create({ model: 'minilm-l6-v2', input, encoding_format: 'float' });
    const [text] = (await create('cat')).data;
    // [CLS] cat [SEP] in this tokenizer.
    const { data, usage } = await create([[101, 4937, 102]]);
    expect(data[0]?.embedding).toEqual(text?.embedding);
    expect(usage.prompt_tokens).toBe(3);
    expect((await create([101, 4937, 102])).data).toHaveLength(1);
    await expect(create([101, 99_999, 102])).rejects.toMatchObject({ status: 400, param: 'input' });
  });

  it('truncates inputs of embeddings on request, and otherwise names the parameter', async () => {
    const request = { model: 'minilm-l6-v2', input: 'word '.repeat(400) };
    await expect(openai.embeddings.create(request)).rejects.toMatchObject({ status: 400, param: 'input' });
    const tokensOf = async (more: object) =>
      (await openai.embeddings.create({ ...request, ...more })).usage.prompt_tokens;
    expect(await tokensOf({ truncate: true })).toBe(256);
    expect(await tokensOf({ truncate_prompt_tokens: -1 })).toBe(256);
    expect(await tokensOf({ truncate_prompt_tokens: 16 })).toBe(16);
  });

  it('lists the models, and describes one of them', async () => {
    const names = [];
    for await (const { id } of openai.models.list()) names.push(id);
    expect(names).toEqual(['minilm-l6-v2', MODEL]);
    expect(await openai.models.retrieve(MODEL)).toMatchObject({ id: MODEL, object: 'model' });
    expect(await openai.models.retrieve(`${MODEL}@1`)).toMatchObject({ id: `${MODEL}@1` });
    await expect(openai.models.retrieve('gpt-4')).rejects.toThrow(NotFoundError);
    await expect(openai.models.retrieve('efficientnet-lite0')).rejects.toThrow(NotFoundError);
    await expect(openai.models.retrieve(`${MODEL}@9`)).rejects.toMatchObject({ code: 'model_not_found' });
  });

  it("throws the client's error classes", async () => {
    const ask = (changes: object, client = openai) =>
      client.chat.completions.create({
        model: MODEL,
        messages: QUESTION,
        max_tokens: 1,
        ...changes,
      } as never);
    const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'wrong' });
    await expect(ask({}, stranger)).rejects.toThrow(AuthenticationError);
    await expect(ask({ model: 'gpt-4' })).rejects.toThrow(NotFoundError);
    await expect(ask({ model: 'gpt-4' })).rejects.toMatchObject({ code: 'model_not_found', param: 'model' });
    await expect(ask({ temperature: 9 })).rejects.toThrow(BadRequestError);
    await expect(ask({ temperature: 9 })).rejects.toMatchObject({
      type: 'invalid_request_error',
      param: 'temperature',
      code: null,
    });
    const long = [{ role: 'user', content: 'word '.repeat(3000) }];
    for (const stream of [false, true]) {
      await expect(ask({ messages: long, stream })).rejects.toMatchObject({
        status: 400,
        code: 'context_length_exceeded',
        message: expect.stringMatching(/30\d\d tokens.*2048 tokens/),
      });
    }
  });

  it.each([
    [{ tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools'],
    [{ response_format: { type: 'json_object' } }, 'response_format'],
    [{ modalities: ['text', 'audio'] }, 'modalities'],
    [{ store: true }, 'store'],
    [{ messages: [{ role: 'tool', content: 'x', tool_call_id: '1' }] }, 'messages.0.role'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
      'messages.0.content.0',
    ],
  ])('refuses %j as not supported', async (changes, param) => {
    await expect(
      openai.chat.completions.create({ model: MODEL, messages: QUESTION, ...changes } as never),
    ).rejects.toMatchObject({ status: 400, code: 'unsupported_parameter', param });
  });

  it('accepts parameters that have no effect', async () => {
    const { choices } = await openai.chat.completions.create({
      model: MODEL,
      messages: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'user', content: [{ type: 'text', text: 'Hi' }], name: 'ann' },
      ],
      max_tokens: 1,
      user: 'ann',
      metadata: { a: 'b' },
      store: false,
      tools: [],
      response_format: { type: 'text' },
      service_tier: 'auto',
      parallel_tool_calls: true,
      logit_bias: null,
      made_up: 1,
    } as never);
    expect(choices).toHaveLength(1);
  });

  it('cancels by leaving the loop or by a signal, which ends the work', async () => {
    const request = { model: MODEL, messages: QUESTION, max_tokens: 1500, stream: true } as const;
    for await (const chunk of await openai.chat.completions.create(request)) {
      if (chunk.choices[0]?.delta.content !== undefined) break;
    }
    const controller = new AbortController();
    const stream = await openai.chat.completions.create(request, { signal: controller.signal });
    const read = async () => {
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content !== '') controller.abort();
    };
    // The client ends the loop quietly when its own signal aborts.
    await read();
    const whole = new AbortController();
    const answer = openai.chat.completions.create({ ...request, stream: false }, { signal: whole.signal });
    whole.abort();
    await expect(answer).rejects.toThrow(APIUserAbortError);
    const { usage } = await openai.chat.completions.create({
      model: MODEL,
      messages: QUESTION,
      max_tokens: 2,
    });
    expect(usage?.completion_tokens).toBe(2);
    const metrics = await send(`${server.url}/metrics`, { headers: { authorization: 'Bearer the-key' } });
    expect(metrics.text).toContain(`vllm:num_requests_running{model_name="${MODEL}"} 0`);
    expect(metrics.text).toContain(`vllm:num_requests_waiting{model_name="${MODEL}"} 0`);
  });
});

describe("routes under OpenAI's prefix", () => {
  let server: ServerProcess;

  beforeAll(async () => {
    server = await ServerProcess.start();
  });

  afterAll(() => server.stop());

  it('answer every failure in its error shape, with all four keys', async () => {
    for (const { status, body } of [
      await send(`${server.url}/v1/no/such/route`),
      await postJson(`${server.url}/v1/chat/completions`, '{'),
      await postJson(`${server.url}/v1/chat/completions`, {}),
      await send(`${server.url}/V1/no/such/route`),
      await postJson(`${server.url}/V1/chat/completions`, {}),
      await postJson(`${server.url}/v1/embeddings`, { model: 'minilm-l6-v2', input: [99_999] }),
      await postJson(`${server.url}/v1/completions`, { model: MODEL, prompt: [1, 2] }),
    ]) {
      expect([400, 404]).toContain(status);
      expect(Object.keys(body.error as object)).toEqual(['message', 'type', 'param', 'code']);
      expect(body.error.type).toBe('invalid_request_error');
    }
  });
});
