import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';

/** A client's request to the embedded database. */
export interface DatabaseRequest {
  readonly id: number;
  readonly sql: string;
  readonly params: readonly unknown[];
  /** Requests of one session see its transaction; others wait for it to end. */
  readonly session: number;
  /** A caller waits for it, so it is served before other requests. */
  readonly urgent: boolean;
}

/** Ends a session: what it left open is rolled back. */
export interface SessionRelease {
  readonly release: number;
}

/** A reply of the embedded database. */
export type DatabaseReply =
  | { readonly id: number; readonly rows: Record<string, unknown>[]; readonly rowCount: number }
  | { readonly id: number; readonly error: DatabaseFailure }
  | { readonly channel: string; readonly payload: string };

/** A database error, with the fields that callers look at. */
export interface DatabaseFailure {
  readonly message: string;
  readonly code: string | undefined;
  readonly detail: string | undefined;
}

const HEADER_BYTES = 4;
/** A length beyond this is not one of ours: jobs' payloads and results are a few megabytes. */
const MAX_FRAME_BYTES = 512 * 1024 * 1024;

/** Writes one message: its length, then its structured clone. */
export function writeMessage(
  socket: Socket,
  message: DatabaseRequest | SessionRelease | DatabaseReply,
): void {
  const body = serialize(message);
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32LE(body.length);
  socket.cork();
  socket.write(header);
  socket.write(body);
  socket.uncork();
}

/** Calls `onMessage` for each whole message that arrives. */
export function readMessages(socket: Socket, onMessage: (message: unknown) => void): void {
  let chunks: Buffer[] = [];
  let size = 0;
  let needed = HEADER_BYTES;
  let inBody = false;
  const take = (): Buffer => {
    const all = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    const taken = all.subarray(0, needed);
    const rest = all.subarray(needed);
    chunks = rest.length === 0 ? [] : [rest];
    size = rest.length;
    return taken;
  };
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    while (size >= needed) {
      const part = take();
      if (inBody) onMessage(deserialize(part));
      needed = inBody ? HEADER_BYTES : part.readUInt32LE();
      inBody = !inBody;
      if (needed > MAX_FRAME_BYTES) {
        socket.destroy(new Error('The embedded queue received an invalid frame.'));
        return;
      }
    }
  });
}
