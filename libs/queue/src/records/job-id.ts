import { randomFillSync } from 'node:crypto';

const PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const RANDOM_BYTES = 8;
/** Random bytes for many ids. Asking the system for each id would take most of the time. */
const pool = Buffer.alloc(RANDOM_BYTES * 256);
let drawn = pool.length;

let lastMs = 0;
let counter = 0;

/**
 * A new id: a UUID of version 7 (RFC 9562). Ids sort by creation time, in one process even within a millisecond.
 */
export function newId(nowMs: number = Date.now()): string {
  if (nowMs > lastMs) {
    lastMs = nowMs;
    counter = 0;
  } else if (++counter > 0xfff) {
    lastMs++;
    counter = 0;
  }
  const time = lastMs.toString(16).padStart(12, '0');
  const tail = randomTail();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}

/** 64 random bits as hex, the first two of them the variant of RFC 9562. */
function randomTail(): string {
  if (drawn === pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  pool[drawn] = ((pool[drawn] ?? 0) & 0x3f) | 0x80;
  const tail = pool.toString('hex', drawn, drawn + RANDOM_BYTES);
  drawn += RANDOM_BYTES;
  return tail;
}

/** Whether `text` has the form of an id. If not, it need not be looked up. */
export function isId(text: string): boolean {
  return PATTERN.test(text);
}

/** The lowest id of a time. Ids that were created earlier sort below it. */
export function idFloor(ms: number): string {
  const time = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
}
