import { EventEmitter } from 'node:events';
import { FakeClock } from '@aerie/test-support';
import { describe, expect, it, jest } from '@jest/globals';
import type { Request, Response } from 'express';
import { RequestContext } from './request-context.js';

const STATS = { queueMs: 0, preprocessMs: 0, computeMs: 0, postprocessMs: 0, batchSize: 1 };

function newContext(headers: Readonly<Record<string, string>> = {}, trustedProxies = 0) {
  const request = { headers, socket: { remoteAddress: '10.0.0.1' }, get: (name: string) => headers[name] };
  const response = Object.assign(new EventEmitter(), { writableFinished: false, setHeader: jest.fn() });
  const clock = new FakeClock();
  const settings = { requestTimeoutMs: 30_000, trustedProxies };
  const sut = new RequestContext(
    request as unknown as Request,
    response as unknown as Response,
    settings,
    clock,
  );
  return { sut, response, clock };
}

describe("a request's id", () => {
  it.each(['a', 'Trace_1-2', 'x'.repeat(64)])('is that of the header: %s', (id) => {
    expect(newContext({ 'x-request-id': id }).sut.id).toBe(id);
  });

  it.each(['', 'x'.repeat(65), 'a b', 'a\nb', '<b>'])(
    'is a new one if that of the header is malformed (%#)',
    (id) => {
      expect(newContext({ 'x-request-id': id }).sut.id).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});

describe("a request's signal", () => {
  it('aborts with TIMEOUT when the time is up, not before', () => {
    const { sut, clock } = newContext();
    const { signal } = sut;
    clock.jump(29_999);
    expect(signal.aborted).toBe(false);
    clock.jump(1);
    expect(signal.reason).toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('30 s') as unknown,
    });
  });

  it('aborts with CANCELED when the caller disconnects', () => {
    const { sut, response, clock } = newContext();
    const { signal } = sut;
    response.emit('close');
    expect(signal.reason).toMatchObject({ code: 'CANCELED' });
    expect(clock.armed).toEqual([]);
  });

  it('does not abort after the response, and leaves no timer', () => {
    const { sut, response, clock } = newContext();
    const { signal } = sut;
    response.writableFinished = true;
    response.emit('close');
    expect(signal.aborted).toBe(false);
    expect(clock.armed).toEqual([]);
  });

  it('is created on demand and shared', () => {
    const { sut, clock } = newContext();
    expect(clock.armed).toEqual([]);
    expect(sut.signal).toBe(sut.signal);
    expect(clock.armed).toEqual([30_000]);
  });
});

describe('a call', () => {
  it('carries the signal, the deadline and the key that keeps the caller on a version', () => {
    const { sut } = newContext();
    expect(sut.call()).toEqual({
      signal: sut.signal,
      deadline: sut.startedAt + 30_000,
      stickyKey: '10.0.0.1',
    });
    expect(sut.call('m', 'v2')).toMatchObject({ model: 'm', version: 'v2' });
  });

  it('stays on a version by the API key, else by the header, else by the address', () => {
    const { sut } = newContext({ 'x-variant-key': 'blue' });
    expect(sut.stickyKey).toBe('blue');
    sut.apiKeyId = 'key';
    expect(sut.stickyKey).toBe('key');
    expect(newContext({ 'x-forwarded-for': '5.6.7.8:1001' }).sut.stickyKey).toBe('10.0.0.1');
    expect(newContext({ 'x-forwarded-for': '5.6.7.8:1001' }, 1).sut.stickyKey).toBe('5.6.7.8');
  });

  it('names the answering model in headers', () => {
    const { sut, response } = newContext();
    expect(sut.served({ reply: 1, servedBy: { model: 'net', version: '2', stats: STATS } })).toBe(1);
    expect(response.setHeader.mock.calls).toEqual([
      ['X-Model-Name', 'net'],
      ['X-Model-Version', '2'],
    ]);
    expect(sut.servedBy?.model).toBe('net');
  });
});
