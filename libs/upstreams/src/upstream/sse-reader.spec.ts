import { describe, expect, it } from '@jest/globals';
import { MalformedStreamError, readSse } from './sse-reader.js';

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
