import { describe, expect, it } from '@jest/globals';
import { readRetryAfterMs } from './retry-after.js';
import { retryPauseMs } from './retry-pause.js';
import { scrub } from './scrub.js';
import { MalformedStreamError, readSse } from './sse-reader.js';

const SECRETS = { apiKey: 'my-own-key', hostname: 'vllm.corp.example' };

describe('scrub', () => {
  it.each([
    ['see https://platform.example.com/a?b=c for more', 'see [address] for more'],
    ['key my-own-key is bad', 'key [key] is bad'],
    ['Bearer abc.def and sk-proj-1234567890', '[key] and [key]'],
    ['at 10.1.2.3:8000, [fe80::1:2:3]:80 or vllm.corp.example', 'at [address], [address] or [address]'],
    ['no host api.openai.com:443 nor localhost:11434', 'no host [address] nor [address]'],
    ['in /usr/lib/python3/site.py, line 3', 'in [path], line 3'],
    ['two\nlines\u0007', 'two lines'],
    [
      "messages[0].role: 'x' is not one of 'user', 'system' (max 4096)",
      "messages[0].role: 'x' is not one of 'user', 'system' (max 4096)",
    ],
  ])('turns %j into %j', (text, clean) => {
    expect(scrub(text, SECRETS)).toBe(clean);
  });

  it('shortens long texts quickly', () => {
    const startedAt = performance.now();
    expect(scrub('x'.repeat(65_536), SECRETS)).toHaveLength(300);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('readRetryAfterMs', () => {
  it.each([
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': '2', 'retry-after-ms': '150' }, 150],
    [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:05 GMT' }, 4_000],
    [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '99999999999' }, 86_400_000],
    [{}, undefined],
  ])('reads %j as %p', (headers, delayMs) => {
    expect(readRetryAfterMs(headers, 1_000)).toBe(delayMs);
  });
});

describe('retryPauseMs', () => {
  const circumstances = { attempts: 1, retryAfterMs: undefined, maxRetryAfterMs: 5_000, random: 0.5 };

  it('doubles up to a limit, with jitter', () => {
    expect([1, 2, 3, 20].map((attempts) => retryPauseMs({ ...circumstances, attempts }))).toEqual([
      188, 375, 750, 3_000,
    ]);
  });

  it('respects the wait that the upstream asks for, or gives up', () => {
    expect(retryPauseMs({ ...circumstances, retryAfterMs: 1_000 })).toBe(1_050);
    expect(retryPauseMs({ ...circumstances, retryAfterMs: 5_001 })).toBeNull();
  });
});

describe('readSse', () => {
  async function read(...pieces: readonly Uint8Array[]): Promise<string[]> {
    const body = async function* () {
      yield* pieces;
    };
    const events: string[] = [];
    for await (const { event, data } of readSse(body())) events.push(`${event}:${data}`);
    return events;
  }

  it('reads events with every line ending, and skips those without data', async () => {
    const text = 'data: a\r\n\r\n: ping\n\ndata:\n\nevent: error\ndata: b\n\n';
    expect(await read(Buffer.from(text))).toEqual(['message:a', 'error:b']);
  });

  it('refuses endless events and text that is not UTF-8', async () => {
    const endless = Array.from({ length: 50 }, () => Buffer.alloc(100_000, 'x'));
    await expect(read(Buffer.from('data: '), ...endless)).rejects.toThrow(MalformedStreamError);
    await expect(read(Buffer.from([0xff, 0xfe]))).rejects.toThrow('the stream is not UTF-8');
  });
});
