import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createParser } from 'eventsource-parser';
import { type FreshBackend, freshBackend } from './support/fresh-backend.js';
import { dataUrl, postJson, send } from './support/http.js';
import { JOB_BACKENDS, uniqueKey } from './support/job-backends.js';
import { exchange, head } from './support/raw-http.js';
import { ServerProcess } from './support/server-process.js';
import { WebhookReceiver } from './support/webhook-receiver.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

interface StreamEvent {
  readonly id: string | undefined;
  readonly type: string | undefined;
  readonly body: { readonly sequence: number; readonly data: { readonly status: string } };
}

/** Reads the event stream of a job to its end. */
async function readEvents(url: string, lastEventId?: string): Promise<StreamEvent[]> {
  const response = await fetch(url, {
    headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
  });
  const events: StreamEvent[] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) => {
      events.push({ id, type: event, body: JSON.parse(data) as StreamEvent['body'] });
    },
  });
  parser.feed(await response.text());
  return events;
}

describe.each(JOB_BACKENDS)('jobs on %s', (name) => {
  let backend: FreshBackend;
  let server: ServerProcess;
  let receiver: WebhookReceiver;
  const api = (path: string) => `${server.url}/api/v1${path}`;
  const submit = async (body: object, headers: Record<string, string> = {}) => {
    const reply = await postJson(api('/embed/async'), body, headers);
    expect([reply.status, reply.text]).toEqual([202, expect.any(String)]);
    return reply.body.job_id as string;
  };
  const finished = async (id: string) => (await send(api(`/jobs/${id}?wait=30`))).body;

  beforeAll(async () => {
    backend = await freshBackend(name);
    receiver = await WebhookReceiver.start(SECRET);
    server = await ServerProcess.start({
      ...backend.environment,
      // Longer than any wait here: a kept connection is not closed as it is used again.
      KEEP_ALIVE: '120',
      WEBHOOK_SECRET: SECRET,
      ALLOWED_WEBHOOK_HOSTS: receiver.address,
      FAULT_INJECTION: 'true',
    });
    // The queue may come after the models.
    await send(api('/jobs'));
  }, 120_000);

  afterAll(async () => {
    await server.stop();
    await receiver.stop();
    await backend.remove();
  });

  it('answers a submission with the URL of the job, whose result is the synchronous reply', async () => {
    const reply = await postJson(api('/predict/async'), { image_url: dataUrl('cat.jpg'), top_k: 2 });
    expect(reply.status).toBe(202);
    expect(reply.headers.get('location')).toBe(reply.body.status_url);
    expect(reply.headers.get('retry-after')).toBe('1');
    const job = await finished(reply.body.job_id as string);
    const sync = await postJson(api('/predict'), { image_url: dataUrl('cat.jpg'), top_k: 2 });
    expect(job).toMatchObject({ status: 'completed', progress: 1, attempts: 1, model: 'efficientnet-lite0' });
    expect(job.result.predictions).toHaveLength(2);
    expect(job.result.predictions[0].label).toBe(sync.body.predictions[0].label);
    expect(Object.keys(job.result).sort()).toEqual(Object.keys(sync.body).sort());
  });

  it('answers 304 if the poller already has the state', async () => {
    const id = await submit({ text: 'seen' });
    await finished(id);
    const first = await send(api(`/jobs/${id}`));
    const again = await send(api(`/jobs/${id}`), {
      headers: { 'if-none-match': first.headers.get('etag') ?? '' },
    });
    expect([first.status, first.headers.get('retry-after')]).toEqual([200, null]);
    expect([again.status, again.text]).toEqual([304, '']);
  });

  it('answers 404 for an id that is not a job', async () => {
    for (const id of ['nothing', '0197a3c2-6d0e-7000-8c1d-9a1f0c3b2e4d']) {
      const { status, body } = await send(api(`/jobs/${id}`));
      expect([status, body.error]).toEqual([404, 'JOB_NOT_FOUND']);
    }
  });

  it('returns the result with Prefer: wait, and turns a synchronous route into a job', async () => {
    const waited = await postJson(api('/embed/async'), { text: 'now' }, { prefer: 'wait=20' });
    expect([waited.status, waited.body.dimensions]).toEqual([200, 384]);
    expect(waited.headers.get('preference-applied')).toBe('wait=20');
    const later = await postJson(api('/embed'), { text: 'later' }, { prefer: 'respond-async' });
    expect([later.status, later.headers.get('preference-applied')]).toEqual([202, 'respond-async']);
    expect((await finished(later.body.job_id as string)).result.dimensions).toBe(384);
  });

  it('creates one job for 200 concurrent submissions with one Idempotency-Key, and refuses another body', async () => {
    const headers = { 'idempotency-key': uniqueKey() };
    const ids = await Promise.all(Array.from({ length: 200 }, () => submit({ text: 'once' }, headers)));
    expect(new Set(ids).size).toBe(1);
    const other = await postJson(api('/embed/async'), { text: 'twice' }, headers);
    expect([other.status, other.body.error]).toEqual([422, 'IDEMPOTENCY_MISMATCH']);
  });

  it('cancels a waiting job at once, and refuses to cancel it again', async () => {
    const id = await submit({ text: 'never', delay: 600 });
    const waiting = await send(api(`/jobs/${id}`));
    expect(waiting.body).toMatchObject({ status: 'pending', queue_position: expect.any(Number) });
    const canceled = await send(api(`/jobs/${id}`), { method: 'DELETE' });
    expect([canceled.status, canceled.body.status]).toEqual([200, 'canceled']);
    const again = await send(api(`/jobs/${id}`), { method: 'DELETE' });
    expect([again.status, again.body.error]).toEqual([409, 'CONFLICT']);
    expect((await send(api(`/jobs/${id}`))).body.status).toBe('canceled');
  });

  it('never repeats bad input, and retries a failed job as a new one', async () => {
    const bad = await postJson(api('/predict/async'), { image_url: 'data:image/png;base64,AAAA' });
    const id = bad.body.job_id as string;
    const job = await finished(id);
    expect(job).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'INVALID_INPUT' } });
    const retry = await send(api(`/jobs/${id}/retry`), { method: 'POST' });
    expect(retry.status).toBe(202);
    expect(retry.body.job_id).not.toBe(id);
    expect(await finished(retry.body.job_id as string)).toMatchObject({ status: 'failed', retry_of: id });
  });

  it('repeats retryable errors after a delay, up to the requested number of attempts', async () => {
    const die = () =>
      postJson(api('/faults'), { model: 'minilm-l6-v2', version: '1', kind: 'die' }).then(({ status }) => {
        expect(status).toBe(200);
      });
    await die();
    const again = await finished(await submit({ text: 'tried twice', attempts: 2 }));
    expect(again).toMatchObject({ status: 'completed', attempts: 2 });
    const waited = Date.parse(again.finished_at as string) - Date.parse(again.started_at as string);
    // The first wait is 0.5 to 1 s; each further one is twice as long.
    expect(waited).toBeGreaterThanOrEqual(500);
    await die();
    const once = await finished(await submit({ text: 'tried once', attempts: 1 }));
    expect(once).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'WORKER_LOST' } });
  }, 60_000);

  it('fails a job that has not started within its ttl, without running it', async () => {
    const id = await submit({ text: 'late', delay: 1.5, ttl: 0.3 });
    expect(await finished(id)).toMatchObject({
      status: 'failed',
      started_at: null,
      error: { code: 'TIMEOUT' },
    });
  });

  it('lists jobs by status, page by page, newest first', async () => {
    const ids: string[] = [];
    for (const text of ['one', 'two', 'three']) ids.push(await submit({ text, delay: 500 }));
    const first = await send(api('/jobs?status=pending&limit=2'));
    const second = await send(api(`/jobs?status=pending&limit=2&cursor=${first.body.next_cursor as string}`));
    const listed = [...first.body.jobs, ...second.body.jobs].map(({ job_id }) => job_id as string);
    expect(listed.slice(0, 3)).toEqual([...ids].reverse());
    for (const id of ids) await send(api(`/jobs/${id}`), { method: 'DELETE' });
  });

  it('answers HEAD for streamed routes with only the headers', async () => {
    const id = await submit({ text: 'later', delay: 60 });
    const batch = await postJson(api('/batches'), { task: 'embed', items: [{ text: 'a' }] });
    const lineOf = (path: string) => `HEAD ${path} HTTP/1.1`;
    const responses = await exchange(
      server.url,
      head(lineOf(`/api/v1/jobs/${id}/events`), 'Host: localhost'),
      head(lineOf(batch.body.urls.results as string), 'Host: localhost', 'Connection: close'),
    );
    expect(responses.map(({ status, headers }) => [status, headers['content-type']])).toEqual([
      [200, 'text/event-stream'],
      [200, 'application/x-ndjson'],
    ]);
    await send(api(`/jobs/${id}`), { method: 'DELETE' });
  });

  it('shows a poller, a stream and a webhook the same numbered events', async () => {
    const path = `/${uniqueKey()}`;
    const texts = Array.from({ length: 64 }, (_unused, index) => `text number ${String(index)}`);
    const events = ['job.processing', 'job.progress', 'job.completed'];
    const id = await submit({ text: texts, delay: 0.3, webhook: { url: receiver.url(path), events } });
    const streamed = await readEvents(api(`/jobs/${id}/events`));
    const final = streamed.at(-1);
    expect(final).toMatchObject({
      type: 'job.completed',
      body: { data: { job_id: id, status: 'completed' } },
    });
    const sequences = streamed.map(({ body }) => body.sequence);
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
    expect(await readEvents(api(`/jobs/${id}/events`), final?.id)).toEqual([]);
    const over = await fetch(api(`/jobs/${id}/events`), { headers: { 'last-event-id': final?.id ?? '' } });
    expect(over.status).toBe(204);
    expect(await readEvents(api(`/jobs/${id}/events`), '1')).toEqual([final]);
    await receiver.until((all) => all.some(({ event }) => event.id === final?.id));
    const typeOf = new Map(
      receiver.received.filter(({ path: to }) => to === path).map(({ event }) => [event.id, event.type]),
    );
    for (const { id: eventId, type } of streamed) {
      expect([eventId, typeOf.get(eventId ?? '') ?? type]).toEqual([eventId, type]);
    }
    expect(receiver.refused).toEqual([]);
  });

  it('repeats a webhook with the same id until it is accepted, and shows each attempt', async () => {
    const path = `/${uniqueKey()}`;
    let answered = 0;
    receiver.answer = (_count, to) => (to === path && answered++ === 0 ? 302 : 204);
    const id = await submit({ text: 'call me', webhook: { url: receiver.url(path) } });
    await receiver.until((all) => all.filter(({ path: to }) => to === path).length === 2);
    const ids = receiver.received.filter(({ path: to }) => to === path).map((webhook) => webhook.id);
    expect(new Set(ids).size).toBe(1);
    await finished(id);
    const { body } = await send(api(`/jobs/${id}/webhooks`));
    expect(body.webhooks[0]).toMatchObject({ id: ids[0], type: 'job.completed' });
    expect(body.webhooks[0].attempts[0]).toMatchObject({ status: 302 });
  }, 30_000);

  it('stops sending after 410', async () => {
    const path = `/${uniqueKey()}`;
    receiver.answer = (_count, to) => (to === path ? 410 : 204);
    const id = await submit({ text: 'gone', webhook: { url: receiver.url(path) } });
    await receiver.until((all) => all.some(({ path: to }) => to === path));
    await finished(id);
    let webhook = { status: 'pending' };
    while (webhook.status === 'pending') webhook = (await send(api(`/jobs/${id}/webhooks`))).body.webhooks[0];
    expect(webhook).toMatchObject({ status: 'failed', next_attempt_at: null });
  });

  it('refuses unknown fields, large payloads and webhooks into a private network', async () => {
    const unknown = await postJson(api('/embed/async'), { text: 'x', color: 'red' });
    expect([unknown.status, unknown.body.details[0].field]).toEqual([422, 'color']);
    const large = await postJson(api('/predict/async'), {
      image_url: `data:image/png;base64,${'A'.repeat(1_100_000)}`,
    });
    expect([large.status, large.body.error]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    for (const url of [
      'http://127.0.0.1:9999/',
      'http://[::1]/',
      'http://10.0.0.1/',
      'http://192.0.2.1:25/',
      'http://localhost./',
    ]) {
      const refused = await postJson(api('/embed/async'), { text: 'x', webhook: { url } });
      expect([url, refused.status, refused.body.details[0].field]).toEqual([url, 422, 'webhook.url']);
    }
  });

  it('refuses jobs and batches for models that do not exist', async () => {
    for (const reply of [
      await postJson(api('/embed/async'), { text: 'x', model: 'none' }),
      await postJson(api('/embed/async'), { text: 'x', model: 'efficientnet-lite0' }),
      await postJson(api('/batches'), { task: 'embed', model: 'none', items: [{ text: 'x' }] }),
    ]) {
      expect([reply.status, reply.body.error]).toEqual([404, 'MODEL_NOT_FOUND']);
    }
    const version = await postJson(api('/embed/async'), { text: 'x', version: '99' });
    expect([version.status, version.body.error]).toEqual([404, 'MODEL_VERSION_NOT_FOUND']);
  });

  it('refuses a whole batch if one item is too large', async () => {
    const newest = async () => (await send(api('/jobs?limit=1'))).body.jobs[0]?.job_id;
    const before = await newest();
    const items = Array.from({ length: 600 }, () => ({ image_url: 'https://images.example/cat.jpg' }));
    items.push({ image_url: `data:image/png;base64,${'A'.repeat(1_100_000)}` });
    const batch = await postJson(api('/batches'), { task: 'predict', items });
    expect([batch.status, batch.body.error]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    expect(await newest()).toBe(before);
  });

  it('takes a batch as JSON Lines and streams its results in order', async () => {
    const lines = Array.from({ length: 120 }, (_unused, index) =>
      JSON.stringify({ text: `item ${String(index)}` }),
    );
    const batch = await send(api('/batches?task=embed'), {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines.join('\n'),
    });
    expect([batch.status, batch.body.counts.total]).toEqual([202, 120]);
    const id = batch.body.batch_id as string;
    let status = 'processing';
    while (status === 'processing') {
      const { jobs } = (await send(api('/jobs?status=pending&limit=1'))).body as {
        jobs: { job_id: string }[];
      };
      if (jobs[0] !== undefined) await finished(jobs[0].job_id);
      status = (await send(api(`/batches/${id}`))).body.status as string;
    }
    const results = await (await fetch(api(`/batches/${id}/results`))).text();
    const items = results
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { index: number; status: string });
    expect(items.map(({ index }) => index)).toEqual(lines.map((_line, index) => index));
    expect(new Set(items.map((item) => item.status))).toEqual(new Set(['completed']));
  }, 60_000);

  it('cancels the unfinished jobs of a batch', async () => {
    const items = Array.from({ length: 1_200 }, (_unused, index) => ({ text: `item ${String(index)}` }));
    const { body } = await postJson(api('/batches'), { task: 'embed', items });
    const batch = api(`/batches/${String(body.batch_id)}`);
    expect((await send(batch, { method: 'DELETE' })).status).toBe(202);
    let view = (await send(batch)).body;
    while (view.status === 'processing') view = (await send(batch)).body;
    expect([view.status, view.progress]).toEqual(['canceled', 1]);
    const { completed, canceled } = view.counts as { completed: number; canceled: number };
    expect(completed + canceled).toBe(1_200);
    const last = (await (await fetch(`${batch}/results`)).text()).trim().split('\n').at(-1);
    expect(JSON.parse(last ?? '')).toMatchObject({ index: 1_199, status: 'canceled' });
    const again = await send(batch, { method: 'DELETE' });
    expect([again.status, again.body.error]).toEqual([409, 'CONFLICT']);
  });

  it('names the invalid items of a batch', async () => {
    const reply = await postJson(api('/batches'), {
      task: 'embed',
      items: [{ text: 'fine' }, { text: '' }, { txt: 1 }],
    });
    expect([reply.status, reply.body.error]).toEqual([422, 'VALIDATION_ERROR']);
    expect(reply.body.details.map(({ field }: { field: string }) => field.split('.')[1])).toEqual(
      expect.arrayContaining(['1', '2']),
    );
  });
});

describe('the embedded queue', () => {
  it('refuses a second server on the same data directory, and names the remedy', async () => {
    const first = await ServerProcess.start();
    const { code, output } = await ServerProcess.runToExit({ DATA_DIR: first.dataDir });
    await first.stop();
    expect(code).toBe(78);
    expect(output).toMatch(/Another server already keeps its jobs in .*REDIS_URL or DATABASE_URL/);
  }, 60_000);

  it('is shared by the processes of one server, and keeps jobs if the server is killed', async () => {
    const server = await ServerProcess.start({ WORKERS: '2', KEEP_ALIVE: '0' });
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) {
      const { body } = await postJson(`${server.url}/api/v1/embed/async`, {
        text: `kept ${String(i)}`,
        delay: 1,
      });
      ids.push(body.job_id as string);
    }
    const dataDir = server.keepData();
    server.signal('SIGKILL');
    await server.exited;
    const again = await ServerProcess.start({ DATA_DIR: dataDir });
    for (const id of ids) {
      const { body } = await send(`${again.url}/api/v1/jobs/${id}?wait=60`);
      expect([id, body.status]).toEqual([id, 'completed']);
    }
    await again.stop();
  }, 120_000);
});
