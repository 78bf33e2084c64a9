import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { HealthIndicatorService } from '@nestjs/terminus';
import { HttpProcessesIndicator } from './http-processes.indicator.js';

function newIndicator() {
  const channel = Object.assign(new EventEmitter(), { connected: true });
  const sut = new HttpProcessesIndicator(channel, new HealthIndicatorService());
  sut.onModuleInit();
  const hear = (up: number, wanted: number, restarts: number) => {
    channel.emit('message', { type: 'http-processes', up, wanted, restarts });
  };
  return { sut, channel, hear };
}

describe('the HTTP processes', () => {
  it('are up until the supervisor reports their number', () => {
    expect(newIndicator().sut.check()).toEqual({ http_processes: { status: 'up' } });
  });

  it('are those of the last report, and degraded while one is missing', () => {
    const { sut, hear } = newIndicator();
    hear(1, 2, 0);
    expect(sut.check()).toEqual({ http_processes: { status: 'degraded', up: 1, wanted: 2, restarts: 0 } });
    hear(2, 2, 1);
    expect(sut.check()).toEqual({ http_processes: { status: 'up', up: 2, wanted: 2, restarts: 1 } });
  });

  it('are updated until the application ends, and other messages are ignored', () => {
    const { sut, channel } = newIndicator();
    channel.emit('message', { type: 'metrics-asked', round: 1 });
    expect(sut.check()).toEqual({ http_processes: { status: 'up' } });
    sut.onApplicationShutdown();
    expect(channel.listenerCount('message')).toBe(0);
  });
});
