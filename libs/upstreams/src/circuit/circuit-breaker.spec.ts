import { beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@aerie/test-support';
import { CircuitBreaker, type CircuitOptions, type CircuitState } from './circuit-breaker.js';

let clock: FakeClock;
let sut: CircuitBreaker;
let changes: CircuitState[];

function setUp(options: CircuitOptions = {}): void {
  clock = new FakeClock();
  changes = [];
  sut = new CircuitBreaker('remote', { failures: 3, openMs: 1_000, ...options }, clock, (state) =>
    changes.push(state),
  );
}

const fail = (times: number): void => {
  for (let i = 0; i < times; i++) sut.admit().failed();
};

beforeEach(() => {
  setUp();
});

describe('CircuitBreaker', () => {
  it('opens after consecutive failures, and says when to try again', () => {
    fail(2);
    sut.admit().succeeded();
    fail(2);
    expect(sut.state).toBe('closed');
    fail(1);
    expect([sut.state, changes]).toEqual(['open', ['open']]);
    clock.jump(400);
    expect(() => sut.admit()).toThrow(expect.objectContaining({ code: 'UPSTREAM_ERROR', retryAfterMs: 600 }));
  });

  it('opens at a share of failures among its last attempts', () => {
    setUp({ failures: 100, failureRate: 0.5, window: 4 });
    for (const failed of [true, false, true]) {
      if (failed) fail(1);
      else sut.admit().succeeded();
    }
    expect(sut.state).toBe('closed');
    fail(1);
    expect(sut.state).toBe('open');
  });

  it('lets one probe through after the open time, and makes no other caller wait for it', () => {
    fail(3);
    clock.jump(1_000);
    const probe = sut.admit();
    expect(() => sut.admit()).toThrow(expect.objectContaining({ retryAfterMs: 1_000 }));
    probe.succeeded();
    expect(changes).toEqual(['open', 'half-open', 'closed']);
    fail(2);
    expect(sut.state).toBe('closed');
  });

  it('opens again when the probe fails', () => {
    fail(3);
    clock.jump(1_000);
    sut.admit().failed();
    expect(sut.state).toBe('open');
    clock.jump(999);
    expect(() => sut.admit()).toThrow();
    clock.jump(1);
    sut.admit().succeeded();
    expect(sut.state).toBe('closed');
  });

  it('ignores an abandoned probe and lets the next caller probe', () => {
    fail(3);
    clock.jump(1_000);
    sut.admit().released();
    expect(sut.state).toBe('half-open');
    sut.admit().succeeded();
    expect(sut.state).toBe('closed');
  });

  it('counts a failure after a good start, but each attempt once', () => {
    setUp({ failures: 1 });
    const permit = sut.admit();
    permit.succeeded();
    permit.released();
    permit.failed();
    expect(sut.state).toBe('closed');
    const broken = sut.admit();
    broken.succeeded();
    broken.failed();
    expect(sut.state).toBe('open');
  });

  it('is not opened again by attempts that began before it opened', () => {
    const late = sut.admit();
    fail(3);
    clock.jump(900);
    late.failed();
    clock.jump(100);
    expect(sut.state).toBe('half-open');
  });
});
