import { EventEmitter } from 'node:events';
import { Metrics } from '@aerie/observability';
import { FakeClock, settle } from '@aerie/test-support';
import { describe, expect, it, jest } from '@jest/globals';
import { ClusterMetrics } from './cluster-metrics.js';

/** A fake channel to the supervisor. */
class FakeChannel extends EventEmitter {
  connected = true;
  readonly send = jest.fn((_message: object) => true);
}

function newMetrics() {
  const metrics = new Metrics();
  metrics.observeRequest('GET', '/health', 200, 1000);
  const channel = new FakeChannel();
  const clock = new FakeClock();
  const sut = new ClusterMetrics(metrics, channel, clock);
  sut.onModuleInit();
  return { sut, metrics, channel, clock };
}

const COUNT = 'http_request_duration_seconds_count{method="GET",route="/health",status="200"}';

describe('the metrics of the server', () => {
  it('are those of its only process', async () => {
    await expect(new ClusterMetrics(newMetrics().metrics, null).read()).resolves.toContain(`${COUNT} 1`);
  });

  it('are those of all processes, collected by the supervisor', async () => {
    const { sut, metrics, channel, clock } = newMetrics();
    const text = sut.read();
    expect(channel.send.mock.calls[0]?.[0]).toEqual({ type: 'metrics-wanted', id: 1 });
    const snapshot = await metrics.snapshot();
    channel.emit('message', { type: 'metrics-gathered', id: 1, snapshots: [snapshot, snapshot] });
    await expect(text).resolves.toContain(`${COUNT} 2`);
    expect(clock.armed).toEqual([]);
  });

  it('are sent when the supervisor asks', async () => {
    const { sut, channel } = newMetrics();
    channel.emit('message', { type: 'metrics-asked', round: 5 });
    await settle();
    expect(channel.send.mock.calls[0]?.[0]).toMatchObject({ type: 'metrics-told', round: 5 });
    sut.onApplicationShutdown();
    expect(channel.listenerCount('message')).toBe(0);
  });

  it('fail after 3 s if the supervisor does not respond, and at once if it has exited', async () => {
    const { sut, channel, clock } = newMetrics();
    const failed = expect(sut.read()).rejects.toMatchObject({ code: 'TIMEOUT' });
    await clock.advance(3_000);
    await failed;
    channel.emit('message', { type: 'metrics-gathered', id: 1, snapshots: [] });
    channel.connected = false;
    await expect(sut.read()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });
});
