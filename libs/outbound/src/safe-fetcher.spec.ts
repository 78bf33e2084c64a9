import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, jest } from '@jest/globals';

import type { ResolveHost } from './host-resolver.js';
import { SafeFetcher, type SafeFetcherOptions } from './safe-fetcher.js';

const REFUSED = /^the host of the URL is not known or not allowed/;
const ACCEPT = { accept: 'image/*', maxBytes: 1_000_000, maxRedirects: 3 };
const LOOPBACK = { address: '127.0.0.1', family: 4 };
const toLoopback: ResolveHost = () => Promise.resolve([LOOPBACK]);
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function newFetcher(options: SafeFetcherOptions = {}): SafeFetcher {
  const fetcher = new SafeFetcher({
    allowedHosts: ['img.test'],
    resolve: toLoopback,
    timeoutMs: 5000,
    ...options,
  });
  closers.unshift(() => fetcher.close());
  return fetcher;
}

async function newServer(
  listener: RequestListener,
): Promise<{ server: Server; port: number; url: string; connections: () => number }> {
  const server = createServer(listener);
  let connections = 0;
  server.on('connection', () => (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { server, port, url: `http://img.test:${String(port)}`, connections: () => connections };
}

async function newTcpServer(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

describe('SafeFetcher.fetchBytes', () => {
  it('fetches the bytes, sends the name as Host, asks for no encoding, and connects to the looked-up address', async () => {
    const requests: IncomingMessage[] = [];
    const { url, port } = await newServer((request, response) => {
      requests.push(request);
      response.setHeader('content-type', 'image/png').end('image');
    });
    const fetched = await newFetcher({ userAgent: 'aerie-test' }).fetchBytes(`${url}/a.png?x=1#f`, ACCEPT);
    expect(fetched).toEqual({
      bytes: Buffer.from('image'),
    });
    expect(requests[0]?.url).toBe('/a.png?x=1');
    expect(requests[0]?.headers).toMatchObject({
      host: `img.test:${String(port)}`,
      accept: 'image/*',
      'accept-encoding': 'identity',
      'user-agent': 'aerie-test',
    });
  });

  it.each([
    ['with a Content-Length', true],
    ['in chunks', false],
  ])('collects a large body %s', async (_name, hasLength) => {
    const body = Buffer.from(Array.from({ length: 300_000 }, (_value, index) => index % 251));
    const { url } = await newServer((_request, response) => {
      if (hasLength) response.setHeader('content-length', body.length);
      response.write(body.subarray(0, 100));
      response.end(body.subarray(100));
    });
    expect((await newFetcher().fetchBytes(url, ACCEPT)).bytes.equals(body)).toBe(true);
  });

  it('uses one connection and one lookup for consecutive requests', async () => {
    const { url, connections } = await newServer((_request, response) => response.end('x'));
    const resolve = jest.fn(toLoopback);
    const fetcher = newFetcher({ resolve });
    for (let index = 0; index < 5; index += 1) await fetcher.fetchBytes(url, ACCEPT);
    expect(connections()).toBe(1);
    expect(resolve).toHaveBeenCalledTimes(1);
  });

  it('repeats the request on a new connection if the peer closed the idle one', async () => {
    let served = 0;
    const port = await newTcpServer((socket) => {
      let onSocket = 0;
      socket.on('data', () => {
        onSocket += 1;
        // The second request on a connection meets a peer that was just hanging up.
        if (onSocket === 2) socket.destroy();
        else socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n${String((served += 1))}`);
      });
    });
    const fetcher = newFetcher();
    const url = `http://img.test:${String(port)}/`;
    expect((await fetcher.fetchBytes(url, ACCEPT)).bytes.toString()).toBe('1');
    expect((await fetcher.fetchBytes(url, ACCEPT)).bytes.toString()).toBe('2');
  });

  it('refuses private addresses and unknown names with the same message, and connects to none', async () => {
    const { port, connections } = await newServer((_request, response) => response.end('secret'));
    const answers: Record<string, ResolveHost> = {
      private: toLoopback,
      mapped: () => Promise.resolve([{ address: '::ffff:127.0.0.1', family: 6 }]),
      empty: () => Promise.resolve([]),
      unknown: () => Promise.reject(new Error('ENOTFOUND')),
    };
    const fetcher = newFetcher({ resolve: (host) => answers[host]?.(host) ?? Promise.resolve([]) });
    const failures: unknown[] = [];
    for (const host of [...Object.keys(answers), '127.0.0.1', '[::1]']) {
      failures.push(
        await fetcher.fetchBytes(`http://${host}:${String(port)}/`, ACCEPT).catch((error: unknown) => error),
      );
    }
    for (const failure of failures)
      expect(failure).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringMatching(REFUSED) });
    expect(new Set(failures.map((failure) => (failure as Error).message)).size).toBe(1);
    expect(connections()).toBe(0);
  });

  it('checks a name on each new connection, and refuses one whose address has become private', async () => {
    const { url, port, connections } = await newServer((_request, response) => {
      response.writeHead(302, { location: `http://rebind.test:${String(port)}/` }).end();
    });
    const resolve = jest.fn<ResolveHost>((host) =>
      Promise.resolve(host === 'img.test' ? [LOOPBACK] : [LOOPBACK, { address: '10.0.0.1', family: 4 }]),
    );
    await expect(newFetcher({ resolve }).fetchBytes(url, ACCEPT)).rejects.toThrow(REFUSED);
    expect(resolve.mock.calls.map(([host]) => host)).toEqual(['img.test', 'rebind.test']);
    expect(connections()).toBe(1);
  });

  it('follows redirects up to the limit on one connection, and refuses more', async () => {
    const { url, connections } = await newServer((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end('here');
      else response.writeHead(302, { location: String(left - 1) }).end('moved');
    });
    const fetcher = newFetcher();
    expect(await fetcher.fetchBytes(`${url}/3`, ACCEPT)).toMatchObject({ bytes: Buffer.from('here') });
    expect(connections()).toBe(1);
    await expect(fetcher.fetchBytes(`${url}/4`, ACCEPT)).rejects.toThrow(/redirects more than 3 times/);
  });

  it.each([
    ['http://169.254.169.254/latest/meta-data', REFUSED],
    ['//2130706433/', REFUSED],
    ['file:///etc/passwd', /scheme file:/],
    ['http://a:b@img.test/', /user name/],
  ])('refuses a redirect to %s', async (location, message) => {
    const { url } = await newServer((_request, response) => response.writeHead(301, { location }).end());
    await expect(newFetcher().fetchBytes(url, ACCEPT)).rejects.toThrow(message);
  });

  it.each([204, 304, 302, 404, 500])('refuses the status %d and names it', async (status) => {
    const { url } = await newServer((_request, response) => response.writeHead(status).end());
    await expect(newFetcher().fetchBytes(url, ACCEPT)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: `img.test answered with HTTP status ${String(status)}, expected 200 and a body`,
    });
  });

  it.each([
    ['by its Content-Length', true, /with 11 bytes, the limit is 10 bytes/],
    ['while it streams', false, /with more bytes, the limit is 10 bytes/],
  ])('refuses a body over the limit %s and closes the connection', async (_name, hasLength, message) => {
    const closed: Promise<unknown>[] = [];
    const { url } = await newServer((_request, response) => {
      closed.push(once(response, 'close'));
      if (hasLength) response.setHeader('content-length', 11);
      response.write('0123456789');
      if (!hasLength) response.write('0');
    });
    await expect(newFetcher().fetchBytes(url, { ...ACCEPT, maxBytes: 10 })).rejects.toThrow(message);
    await Promise.all(closed);
    expect(closed).toHaveLength(1);
  });

  it('accepts a body of exactly the limit', async () => {
    const { url } = await newServer((_request, response) => response.end('0123456789'));
    expect((await newFetcher().fetchBytes(url, { ...ACCEPT, maxBytes: 10 })).bytes).toHaveLength(10);
  });

  it('refuses an encoded body', async () => {
    const { url } = await newServer((_request, response) =>
      response.setHeader('content-encoding', 'gzip').end(gzipSync('x')),
    );
    await expect(newFetcher().fetchBytes(url, ACCEPT)).rejects.toThrow(/Content-Encoding "gzip"/);
  });

  it.each([
    ['head', false],
    ['rest of the body', true],
  ])('times out if the %s does not arrive', async (_name, hasHead) => {
    const { url } = await newServer((_request, response) => {
      if (hasHead) response.write('x');
    });
    await expect(newFetcher({ timeoutMs: 40 }).fetchBytes(url, ACCEPT)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: 'img.test did not respond completely within 40 ms',
    });
  });

  it('answers a lookup that times out exactly like a refused address', async () => {
    const fetcher = newFetcher({ timeoutMs: 20, resolve: () => new Promise(() => undefined) });
    await expect(fetcher.fetchBytes('http://slow.test/', ACCEPT)).rejects.toThrow(REFUSED);
  });

  it('reports a refused connection and a broken response', async () => {
    const port = await newTcpServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab'));
    await expect(newFetcher().fetchBytes(`http://img.test:${String(port)}/`, ACCEPT)).rejects.toThrow(
      /closed before the response was complete|Content-Length/,
    );
    const { server, url } = await newServer(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    await expect(newFetcher().fetchBytes(url, ACCEPT)).rejects.toThrow(
      'could not fetch from img.test: the connection was refused',
    );
  });

  it('sends the name in the TLS handshake', async () => {
    const hello = new Promise<Buffer>((resolve) => {
      void newTcpServer((socket) =>
        socket.once('data', (data) => {
          resolve(data);
          socket.destroy();
        }),
      ).then((port) =>
        newFetcher()
          .fetchBytes(`https://img.test:${String(port)}/`, ACCEPT)
          .catch(() => undefined),
      );
    });
    expect((await hello).includes('img.test')).toBe(true);
  });

  it('rejects with the reason of the signal, before the request and within it', async () => {
    const caller = new AbortController();
    const reason = new Error('caller left');
    const { url, connections } = await newServer((_request, response) => {
      response.write('x');
      caller.abort(reason);
    });
    await expect(newFetcher().fetchBytes(url, { ...ACCEPT, signal: caller.signal })).rejects.toBe(reason);
    await expect(newFetcher().fetchBytes(url, { ...ACCEPT, signal: caller.signal })).rejects.toBe(reason);
    expect(connections()).toBe(1);
  });

  it('limits connections over all hosts, lets a bounded number wait, and refuses the rest', async () => {
    const held: (() => void)[] = [];
    const { server, port, connections } = await newServer((_request, response) => {
      held.push(() => response.end('x'));
    });
    const fetcher = newFetcher({ allowedHosts: ['*.test'], maxConnections: 1, maxWaiting: 1 });
    const get = (host: string) => fetcher.fetchBytes(`http://${host}.test:${String(port)}/`, ACCEPT);
    const firstArrived = once(server, 'request');
    const first = get('a');
    const second = get('b');
    await expect(get('c')).rejects.toMatchObject({ code: 'OVERLOADED' });
    await firstArrived;
    expect(connections()).toBe(1);
    const secondArrived = once(server, 'request');
    held.shift()?.();
    await first;
    await secondArrived;
    held.shift()?.();
    expect((await second).bytes.toString()).toBe('x');
  });

  it('closes an idle connection of another host to stay within the limit', async () => {
    const { server, port } = await newServer((_request, response) => response.end('x'));
    const fetcher = newFetcher({ allowedHosts: ['*.test'], maxConnections: 1 });
    const connected = once(server, 'connection') as Promise<[Socket]>;
    await fetcher.fetchBytes(`http://a.test:${String(port)}/`, ACCEPT);
    const [idle] = await connected;
    const closed = once(idle, 'close');
    await fetcher.fetchBytes(`http://b.test:${String(port)}/`, ACCEPT);
    expect(await closed).toEqual([false]);
    // Less than the 4 s after which an idle connection is closed anyway.
  }, 2000);

  it('ends the wait for a connection at the deadline, as overload and not as an invalid URL', async () => {
    const { url } = await newServer(() => undefined);
    const fetcher = newFetcher({ maxConnections: 1, timeoutMs: 40 });
    const first = fetcher
      .post(url, { headers: {}, body: '', timeoutMs: 5000 })
      .catch((error: unknown) => error);
    await expect(fetcher.fetchBytes(url, ACCEPT)).rejects.toMatchObject({ code: 'OVERLOADED' });
    await fetcher.close();
    expect(await first).toMatchObject({ code: 'SHUTTING_DOWN' });
  });

  it('tries the next address of a name if the first has no listener', async () => {
    const { url } = await newServer((_request, response) => response.end('x'));
    const resolve: ResolveHost = () => Promise.resolve([{ address: '::1', family: 6 }, LOOPBACK]);
    expect((await newFetcher({ resolve }).fetchBytes(url, ACCEPT)).bytes.toString()).toBe('x');
  });

  it('ends running requests and refuses new ones once it is closed', async () => {
    const fetcher = newFetcher();
    const closing: Promise<void>[] = [];
    const { url } = await newServer(() => closing.push(fetcher.close()));
    await expect(fetcher.fetchBytes(url, ACCEPT)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await Promise.all(closing);
    await expect(fetcher.fetchBytes(url, ACCEPT)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });
});

describe('SafeFetcher.post', () => {
  it('sends the body, follows no redirect, and drops a long response unread', async () => {
    const bodies: string[] = [];
    const { url } = await newServer((request, response) => {
      request.setEncoding('utf8').once('data', (text: string) => {
        bodies.push(`${String(request.headers['content-type'])} ${text}`);
        response.writeHead(307, { location: 'http://10.0.0.1/' });
        response.write(Buffer.alloc(200_000));
      });
    });
    const result = await newFetcher().post(url, {
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(result).toMatchObject({ status: 307, headers: { location: 'http://10.0.0.1/' } });
    expect(bodies).toEqual(['application/json {}']);
  });

  it.each([
    ['repeats a request whose idle connection was closed, if it may', true, { status: 200 }],
    ['sends nothing twice otherwise', false, null],
  ])('%s', async (_name, repeatable, answer) => {
    let requests = 0;
    const port = await newTcpServer((socket) => {
      let onSocket = 0;
      socket.on('data', () => {
        requests += 1;
        onSocket += 1;
        // The second request on a connection meets a peer that was just hanging up.
        if (onSocket === 2) socket.destroy();
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      });
    });
    const fetcher = newFetcher();
    const url = `http://img.test:${String(port)}/`;
    const request = { headers: {}, body: 'x', repeatable };
    await fetcher.post(url, request);
    const second = await fetcher.post(url, request).catch(() => null);
    if (answer === null) expect([second, requests]).toEqual([null, 2]);
    else expect([second, requests]).toEqual([expect.objectContaining(answer), 3]);
  });

  it('applies the same address policy to receivers', async () => {
    await expect(newFetcher().post('http://10.0.0.1/', { headers: {}, body: '' })).rejects.toThrow(REFUSED);
    await expect(newFetcher().post('http://private.test/', { headers: {}, body: '' })).rejects.toThrow(
      REFUSED,
    );
  });
});
