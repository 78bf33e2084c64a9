import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { GenerationEvent, GenerationUsage, LanguageModel, TextStream } from '@aerie/generation';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryLogger } from '@aerie/test-support';
import type { ServedTextStream } from '../loaded-model.js';
import { ModelRegistry } from '../model-registry.js';
import type { ModelRegistryOptions } from '../model-registry.js';
import { FakeEngine } from '../testing/fake-engine.js';
import { TemporaryRepository } from '../testing/temporary-repository.js';
import { GENERATION_SECTIONS } from './generation-section.js';
import type { ModelLoader } from './model-loader.js';
import { UpstreamModelLoader } from './upstream-model-loader.js';
import { isUpstream } from '../manifest/upstream-section.js';

const REQUEST = { kind: 'chat', messages: [{ role: 'user', content: 'Hi' }] } as const;
const USAGE: GenerationUsage = { promptTokens: 1, cachedTokens: 0, completionTokens: 1 };

/** A model of this process that generates one word. */
class WordModel implements LanguageModel {
  left = 0;

  generate(): TextStream {
    const events: GenerationEvent[] = [
      { type: 'text', index: 0, text: 'local', tokens: 1 },
      { type: 'finish', index: 0, finishReason: 'stop', usage: USAGE },
    ];
    const stream: TextStream = {
      usage: USAGE,
      next: async () => {
        const event = events.shift();
        return event === undefined ? { done: true, value: undefined } : { done: false, value: event };
      },
      return: async () => {
        this.left += 1;
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => stream,
    };
    return stream;
  }
}

describe('models on upstreams', () => {
  let repository: TemporaryRepository;
  let logger: MemoryLogger;
  let upstream: Server;
  let address: string;
  let status: number;
  let word: WordModel;
  let registry: ModelRegistry;

  beforeEach(async () => {
    repository = new TemporaryRepository();
    logger = new MemoryLogger();
    word = new WordModel();
    status = 200;
    upstream = createServer((request, response) => {
      request.resume();
      response.writeHead(status, { 'content-type': 'text/event-stream' });
      const choice = { index: 0, delta: { content: 'theirs' }, finish_reason: 'stop' };
      response.end(`data: ${JSON.stringify({ choices: [choice] })}\n\ndata: [DONE]\n\n`);
    });
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    address = `http://127.0.0.1:${String((upstream.address() as AddressInfo).port)}/v1`;
  });

  afterEach(async () => {
    await registry.close();
    upstream.closeAllConnections();
    upstream.close();
    repository.remove();
  });

  const local: ModelLoader = {
    sections: GENERATION_SECTIONS,
    accepts: ({ versions }) => !versions.some(({ options }) => isUpstream(options)),
    load: async ({ model, version }) => ({
      model: { name: model.name, version: version.version, model: word, contextLength: 9 },
      inputs: [],
      outputs: [],
      labels: null,
      activity: () => ({ queueLength: 0, runningBatches: 0, stalledForMs: null }),
      replicas: () => [],
      injectFault: () => undefined,
      close: async () => undefined,
    }),
  };

  async function scan(
    models: Readonly<Record<string, object>>,
    options: Partial<ModelRegistryOptions> = {},
  ): Promise<void> {
    for (const [name, manifest] of Object.entries(models)) {
      repository.write({ [`${name}/model.json`]: { task: 'text-generation', ...manifest } });
    }
    registry = new ModelRegistry({
      settings: repository.settings(),
      engine: new FakeEngine(),
      logger,
      loaders: [
        local,
        new UpstreamModelLoader({
          secrets: (name) => (name === 'A_KEY' ? 'the-key' : null),
          logger,
          firstTokenTimeoutMs: 30_000,
        }),
      ],
      ...options,
    });
    await registry.scan();
  }

  const remote = (more: object = {}, fallbacks: readonly string[] = []) => ({
    provider: { base_url: address, model: 'theirs', retries: 0, ...more },
    fallbacks,
  });

  const ask = (model: string) =>
    registry.use('text-generation', { model }, undefined, async (loaded) => {
      const stream = loaded.model.generate(REQUEST) as ServedTextStream;
      const before = stream.servedBy;
      let said = '';
      for await (const event of stream) if (event.type === 'text') said += event.text;
      return { before, said, servedBy: stream.servedBy, contextLength: loaded.contextLength };
    });

  function writeLocal(): void {
    repository.write({ 'local/model.onnx': '' });
  }

  it('answers, names the model that served, and counts the answer', async () => {
    await scan({ remote: remote({ api_key_env: 'A_KEY' }) });
    expect(await ask('remote')).toEqual({
      before: null,
      said: 'theirs',
      servedBy: { name: 'remote', version: '1' },
      contextLength: null,
    });
    const [version] = registry.describeModel('remote').versions;
    expect(version).toMatchObject({ state: 'ready', replicas: [], provider: null });
    expect(version?.statistics.requests).toEqual({ succeeded: 1, failed: 0 });
  });

  it('reports its own answers to the metrics, but not those of a fallback', async () => {
    writeLocal();
    await scan({ local: { default_for_task: true }, remote: remote({}, ['local']) });
    const told: string[] = [];
    registry.onGeneration((event) => {
      told.push(
        `${event.model}@${event.version} ${event.type === 'end' ? event.record.outcome : event.type}`,
      );
    });
    await ask('remote');
    status = 500;
    await ask('remote');
    expect(told).toEqual(['remote@1 first-token', 'remote@1 completed', 'remote@1 failed']);
  });

  it('is not loaded without its key, and callers do not see the name of the key', async () => {
    await scan({ remote: remote({ api_key_env: 'B_KEY' }) });
    await expect(ask('remote')).rejects.toMatchObject({
      code: 'MODEL_NOT_LOADED',
      message: expect.not.stringContaining('B_KEY'),
    });
    expect(registry.describeModel('remote').versions[0]?.error).toBe('its upstream is not configured');
  });

  it('falls back on a model of this process, leased from the registry', async () => {
    writeLocal();
    status = 500;
    await scan({ local: { default_for_task: true }, remote: remote({}, ['local']) });
    expect(await ask('remote')).toMatchObject({ said: 'local', servedBy: { name: 'local', version: '1' } });
    expect(registry.describeModel('local').versions[0]?.state).toBe('ready');
  });

  it('releases a leased model when its reader leaves, so that it can be unloaded', async () => {
    writeLocal();
    status = 500;
    await scan({ local: { default_for_task: true }, remote: remote({}, ['local']) });
    await registry.use('text-generation', { model: 'remote' }, undefined, async ({ model }) => {
      const stream = model.generate(REQUEST);
      await stream.next();
      await stream.return?.();
    });
    expect(word.left).toBe(1);
    const gaveUp = new AbortController();
    const closed = registry.close(gaveUp.signal);
    await closed;
    expect(gaveUp.signal.aborted).toBe(false);
  });

  it('does not follow the fallbacks of a fallback', async () => {
    writeLocal();
    status = 500;
    await scan({
      local: { default_for_task: true },
      second: remote({}, ['local']),
      remote: remote({}, ['second']),
    });
    await expect(ask('remote')).rejects.toMatchObject({ code: 'UPSTREAM_ERROR' });
  });

  it.each([['absent'], ['remote']])('refuses the fallback %s at the start', async (fallback) => {
    await expect(scan({ remote: remote({}, [fallback]) })).rejects.toThrow(
      `fallbacks: expected names of other models for text-generation (there are none), got "${fallback}"`,
    );
  });

  it('reports an open circuit to health', async () => {
    status = 500;
    await scan({ remote: remote({ circuit: { failures: 1 } }) });
    expect(registry.health().models[0]).not.toHaveProperty('circuit');
    await expect(ask('remote')).rejects.toMatchObject({ code: 'UPSTREAM_ERROR' });
    expect(registry.health().models[0]).toMatchObject({ state: 'ready', circuit: 'open' });
  });

  describe('of the settings', () => {
    const entry = () => ({
      name: 'gpt-4',
      options: {
        name: 'gpt-4',
        baseUrl: address,
        apiKey: 'k',
        upstreamModel: 'gpt-4',
        firstTokenTimeoutMs: 30_000,
      },
      fallbacks: [],
    });

    it('serve requests that name them, and are not a default', async () => {
      await scan({}, { upstreams: [entry()] });
      expect(await ask('gpt-4')).toMatchObject({ said: 'theirs', servedBy: { name: 'gpt-4' } });
      expect(() => registry.resolve('text-generation', {})).toThrow(
        'No model is the default for text-generation: name it. There are: gpt-4.',
      );
    });

    it('leave the only model of the repository the default', async () => {
      writeLocal();
      await scan({ local: {} }, { upstreams: [entry()] });
      expect(registry.resolve('text-generation', {})).toEqual({ name: 'local', version: '1' });
    });

    it('give way to a folder of the same name', async () => {
      repository.write({ 'gpt-4/model.onnx': '' });
      await scan({ 'gpt-4': {} }, { upstreams: [entry()] });
      expect(await ask('gpt-4')).toMatchObject({ said: 'local' });
    });
  });
});
