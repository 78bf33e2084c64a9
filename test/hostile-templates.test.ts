import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { postJson, upload } from './support/http.js';
import { sample } from './support/image-host.js';
import { ROOT } from './support/root.js';
import { ServerProcess } from './support/server-process.js';

const MODELS = join(ROOT, 'models');
const GOOD = 'smollm2-135m-instruct';
const LONG =
  '{% set ns = namespace(x="aa") %}{% for i in range(24) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}';
const HOSTILE = [
  ['range', '{% set x = range(1000000000) %}x', 500, 'INTERNAL'],
  ['doubling', LONG.replace('24', '60'), 500, 'INTERNAL'],
  // Fills the heap before there is a value to weigh: only the limits of its thread end that.
  ['splitting', `${LONG}{{ ns.x.split("a") | length }}`, 503, 'WORKER_LOST'],
] as const;

describe('a language model whose chat template is hostile', () => {
  let repository: string;
  let server: ServerProcess;

  beforeAll(async () => {
    repository = mkdtempSync(join(tmpdir(), 'aerie-hostile-'));
    for (const name of [GOOD, 'efficientnet-lite0', 'minilm-l6-v2'])
      symlinkSync(join(MODELS, name), join(repository, name));
    for (const [name, template] of HOSTILE) {
      const folder = join(repository, name);
      mkdirSync(folder);
      for (const file of ['1', 'tokenizer.json', 'tokenizer_config.json'])
        symlinkSync(join(MODELS, GOOD, file), join(folder, file));
      writeFileSync(join(folder, 'chat_template.jinja'), template);
      writeFileSync(join(folder, 'model.json'), JSON.stringify({ task: 'text-generation', load: 'lazy' }));
    }
    server = await ServerProcess.start({
      MODEL_PATH: repository,
      MODEL_LINKS: MODELS,
      RATE_LIMIT_CHAT: 'off',
      REPLICA_STALL_TIMEOUT: '3',
    });
  });

  afterAll(async () => {
    await server.stop();
    rmSync(repository, { recursive: true, force: true });
  });

  const chat = (model: string) =>
    postJson(`${server.url}/api/v1/chat`, { model, message: 'Hi', max_tokens: 4, stream: false });
  const generate = () =>
    postJson(`${server.url}/api/v1/generate`, {
      model: GOOD,
      prompt: 'The capital of France is',
      temperature: 0,
      max_tokens: 4,
    });

  it.each(HOSTILE)(
    'gets an error for its own chats alone: %s',
    async (model, _template, status, code) => {
      const [refused, text, image, embedding] = await Promise.all([
        chat(model),
        generate(),
        upload(`${server.url}/api/v1/predict`, sample('cat.jpg')),
        postJson(`${server.url}/api/v1/embed`, { text: 'a lamp' }),
      ]);
      expect(refused.status).toBe(status);
      expect(refused.body).toMatchObject({ error: code, message: expect.any(String) });
      expect(text.body.text).toContain('Paris');
      expect([image.status, embedding.status]).toEqual([200, 200]);
      expect((await chat(GOOD)).status).toBe(200);
      // No process was replaced.
      expect(server.log.filter(({ msg }) => msg === 'ready')).toHaveLength(1);
    },
    60_000,
  );
});
