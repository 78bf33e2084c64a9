import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SseStream } from './sse-stream.js';
import { textFrame } from './sse-frame.js';

const FOREVER = 60_000;

describe('a stream of events', () => {
  let server: Server;
  let client: Socket;
  let received: string;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    received = '';
  });

  afterEach(async () => {
    client.destroy();
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });

  /** A request on a raw connection, and the response to write to. */
  async function accept(): Promise<ServerResponse> {
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('data', (chunk: Buffer) => (received += chunk.toString()));
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const [, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
    return response;
  }

  async function until(pattern: RegExp): Promise<void> {
    while (!pattern.test(received)) await once(client, 'data');
  }

  it('sends its headers before the first event, and each event at once', async () => {
    const sut = new SseStream(await accept(), { pingIntervalMs: FOREVER, stallTimeoutMs: FOREVER });
    sut.open();
    await until(/\r\n\r\n$/);
    expect(received).toMatch(/^HTTP\/1.1 200 /);
    expect(received).toMatch(/Content-Type: text\/event-stream; charset=utf-8\r\n/);
    expect(received).toMatch(/Cache-Control: no-cache\r\n/);
    expect(received).toMatch(/Connection: keep-alive\r\n/);
    expect(received).toMatch(/X-Accel-Buffering: no\r\n/);
    await sut.send(textFrame('one'));
    await until(/data: one\n\n/);
    sut.end();
    await until(/\r\n0\r\n\r\n$/);
  });

  it('sends comments while it is silent', async () => {
    const sut = new SseStream(await accept(), { pingIntervalMs: 5, stallTimeoutMs: FOREVER });
    sut.open();
    await until(/: ping\n\n[^]*: ping\n\n/);
    sut.end();
  });

  it('holds the writer while the reader reads nothing, resumes with it, and buffers little', async () => {
    const response = await accept();
    const sut = new SseStream(response, { pingIntervalMs: 1, stallTimeoutMs: FOREVER });
    sut.open();
    client.pause();
    const frame = textFrame('x'.repeat(65_536));
    let sent = 0;
    let held: Promise<void> | null = null;
    while (held === null) {
      const sending = sut.send(frame);
      if (response.writableNeedDrain && !(await settledSoon(sending))) held = sending;
      sent++;
    }
    expect(response.writableLength).toBeLessThan(3 * frame.length);
    client.resume();
    await held;
    sut.end();
    while (!received.endsWith('\r\n0\r\n\r\n')) await once(client, 'data');
    expect(received.split('data: ')).toHaveLength(sent + 1);
  });

  it('disconnects a client that reads nothing for too long', async () => {
    const response = await accept();
    const onCut = jest.fn();
    const sut = new SseStream(response, { pingIntervalMs: FOREVER, stallTimeoutMs: 50, onCut });
    sut.open();
    client.pause();
    const flood = async (): Promise<never> => {
      for (;;) await sut.send(textFrame('x'.repeat(65_536)));
    };
    await expect(flood()).rejects.toMatchObject({
      code: 'CANCELED',
      message: expect.stringMatching(/STALL/),
    });
    expect(onCut).toHaveBeenCalledTimes(1);
    expect(response.destroyed).toBe(true);
  });

  it('tells the writer that the reader is gone', async () => {
    const response = await accept();
    const sut = new SseStream(response, { pingIntervalMs: FOREVER, stallTimeoutMs: FOREVER });
    sut.open();
    client.pause();
    const flood = async (): Promise<never> => {
      for (;;) await sut.send(textFrame('x'.repeat(65_536)));
    };
    const flooding = flood();
    client.destroy();
    await expect(flooding).rejects.toMatchObject({ code: 'CANCELED' });
    await expect(sut.send(textFrame('late'))).rejects.toMatchObject({ code: 'CANCELED' });
  });
});

/** Whether the connection accepted the event, checked for a few turns while the kernel's buffers empty. */
async function settledSoon(promise: Promise<void>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  const later = async (): Promise<false> => {
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    return false;
  };
  return Promise.race([settled, later()]);
}
