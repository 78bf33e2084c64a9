import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Writes values as JSON Lines, as fast as they are read. If the reader leaves, the iteration of the values ends, too.
 *
 * @throws the error of the values, after which the output is broken off
 */
export async function writeJsonLines(values: AsyncIterable<unknown>, output: Writable): Promise<void> {
  try {
    await pipeline(Readable.from(toLines(values)), output);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

async function* toLines(values: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const value of values) yield `${JSON.stringify(value)}\n`;
}
