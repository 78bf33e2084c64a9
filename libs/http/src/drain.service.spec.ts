import { EventEmitter, once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { loadSettings } from '@aerie/config';
import { FakeClock, MemoryLogger } from '@aerie/test-support';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Request, Response } from 'express';
import { DrainService } from './drain.service.js';

let server: Server;
let clock: FakeClock;

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  clock = new FakeClock();
});

afterEach(() => {
  server.close();
});

function newService(variables: Readonly<Record<string, string>> = {}) {
  return new DrainService(loadSettings(variables, import.meta.dirname), new MemoryLogger(), clock);
}

function request(sut: DrainService, headersSent = false) {
  const response = Object.assign(new EventEmitter(), { shouldKeepAlive: true, headersSent });
  const next = jest.fn();
  const endLongWork = jest.fn();
  sut.middleware({ context: { endLongWork } } as unknown as Request, response as unknown as Response, next);
  return { response, next, endLongWork };
}

describe('a drain', () => {
  it('is at once not ready, but serves requests during the delay', async () => {
    const sut = newService({ DRAIN_DELAY: '5' });
    const draining = sut.drain(server);
    expect(sut.draining).toBe(true);
    expect(request(sut).next).toHaveBeenCalledWith();
    await clock.advance(4_999);
    const last = request(sut);
    expect(last.next).toHaveBeenCalledWith();
    await clock.advance(1);
    expect(request(sut).next).toHaveBeenCalledWith(expect.objectContaining({ code: 'SHUTTING_DOWN' }));
    void draining;
  });

  it('still serves requests when it has only begun', () => {
    const sut = newService();
    sut.begin();
    expect(sut.draining).toBe(true);
    expect(request(sut).next).toHaveBeenCalledWith();
    expect([sut.signal.aborted, server.listening]).toEqual([false, true]);
  });

  it('lets requests in flight finish, and closes their connections afterwards', async () => {
    const sut = newService();
    const [open, begun] = [request(sut), request(sut, true)];
    const closeAll = jest.spyOn(server, 'closeAllConnections');
    const draining = sut.drain(server);
    await clock.endTurn();
    await clock.advance(60_000);
    expect(open.response.shouldKeepAlive).toBe(false);
    expect(begun.response.shouldKeepAlive).toBe(true);
    open.response.emit('close');
    await clock.advance(1);
    expect(closeAll).not.toHaveBeenCalled();
    begun.response.emit('close');
    await draining;
    expect(closeAll).toHaveBeenCalledTimes(1);
    expect(server.listening).toBe(false);
  });

  it('ends long work with an error shortly before DRAIN_TIMEOUT, counted from the end of the delay', async () => {
    const sut = newService({ DRAIN_DELAY: '5', DRAIN_TIMEOUT: '25' });
    const { response, endLongWork } = request(sut);
    const draining = sut.drain(server);
    await clock.advance(27_999);
    expect(endLongWork).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(endLongWork).toHaveBeenCalledWith(expect.objectContaining({ code: 'SHUTTING_DOWN' }));
    response.emit('close');
    await draining;
  });

  it('does not end long work once nothing is in flight', async () => {
    const sut = newService({ DRAIN_TIMEOUT: '1' });
    const { response, endLongWork } = request(sut);
    const draining = sut.drain(server);
    await clock.endTurn();
    response.emit('close');
    await clock.advance(60_000);
    await draining;
    expect(endLongWork).not.toHaveBeenCalled();
  });

  it('refuses late requests on a keep-alive connection, and closes it', async () => {
    const sut = newService();
    const draining = sut.drain(server);
    await clock.advance(0);
    const { next, response } = request(sut);
    expect(next).toHaveBeenCalledWith(expect.objectContaining({ code: 'SHUTTING_DOWN', status: 503 }));
    expect(response.shouldKeepAlive).toBe(false);
    response.emit('close');
    await clock.advance(500);
    await draining;
  });
});
