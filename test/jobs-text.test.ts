import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { postJson, send } from './support/http.js';
import { ServerProcess } from './support/server-process.js';

const FRANCE = { prompt: 'The capital of France is', temperature: 0, max_tokens: 4 };

describe('text as a job', () => {
  let server: ServerProcess;
  const api = (path: string) => `${server.url}/api/v1${path}`;
  const finished = async (id: string) => (await send(api(`/jobs/${id}?wait=30`))).body;

  beforeAll(async () => {
    server = await ServerProcess.start({ RATE_LIMIT_CHAT: 'off', KEEP_ALIVE: '120' });
    await send(api('/jobs'));
  }, 120_000);

  afterAll(() => server.stop());

  it('has the synchronous reply as its result', async () => {
    const reply = await postJson(api('/generate/async'), FRANCE);
    expect([reply.status, reply.text]).toEqual([202, expect.stringContaining('job_id')]);
    const job = await finished(reply.body.job_id as string);
    const sync = await postJson(api('/generate'), FRANCE);
    expect(job).toMatchObject({ status: 'completed', model: 'smollm2-135m-instruct' });
    expect(job.result.text).toBe(sync.body.text);
    expect(Object.keys(job.result).sort()).toEqual(Object.keys(sync.body).sort());
  });

  it('turns chat into a job with Prefer, or waits for it', async () => {
    const body = { message: 'What is the capital of France?', max_tokens: 16, seed: 3, reproducible: true };
    const later = await postJson(api('/chat'), body, { prefer: 'respond-async' });
    expect([later.status, later.headers.get('preference-applied')]).toEqual([202, 'respond-async']);
    const job = await finished(later.body.job_id as string);
    const waited = await postJson(api('/chat/async'), body, { prefer: 'wait=30' });
    expect([waited.status, waited.body.content]).toEqual([200, job.result.content]);
    expect(job.result.usage.completion_tokens).toBeGreaterThan(0);
  });

  it('is canceled in the middle of the text', async () => {
    const long = { prompt: 'Once upon a time', max_tokens: 4000, temperature: 0, repetition_penalty: 1.3 };
    const { body } = await postJson(api('/generate/async'), long);
    const id = body.job_id as string;
    const events = await fetch(api(`/jobs/${id}/events`));
    const reader = (events.body as ReadableStream<Uint8Array>).getReader();
    let seen = '';
    while (!seen.includes('job.progress')) seen += Buffer.from((await reader.read()).value ?? []).toString();
    const canceled = await send(api(`/jobs/${id}`), { method: 'DELETE' });
    expect(canceled.status).toBe(202);
    const startedAt = performance.now();
    expect(await finished(id)).toMatchObject({ status: 'canceled', result: null });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await reader.cancel();
  });

  it('accepts batches of prompts, and refuses streams as jobs', async () => {
    const items = [FRANCE, { ...FRANCE, prompt: 'The capital of Italy is' }];
    const batch = await postJson(api('/batches'), { task: 'generate', items });
    expect(batch.status).toBe(202);
    const { jobs } = (await send(api('/jobs?limit=2'))).body as { jobs: { job_id: string }[] };
    for (const { job_id } of jobs) expect((await finished(job_id)).result.text).toMatch(/Paris|Rome/);
    const streamed = await postJson(api('/chat/async'), { message: 'x', stream: true });
    expect([streamed.status, streamed.body.details?.[0]?.field]).toEqual([422, 'stream']);
    const blank = await postJson(api('/generate/async'), { prompt: ' ' });
    expect([blank.status, blank.body.details?.[0]?.field]).toEqual([422, 'prompt']);
  });
});
