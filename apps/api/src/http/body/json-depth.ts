import { AerieError } from '@aerie/contracts';

/**
 * Refuses JSON nested deeper than `limit` objects and arrays, without recursion: deep input would exhaust the stack of
 * whatever walks it later.
 *
 * @throws AerieError INVALID_INPUT naming the limit.
 */
export function assertJsonDepth(value: unknown, limit: number): void {
  let level: object[] = isContainer(value) ? [value] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > limit) {
      throw new AerieError(
        'INVALID_INPUT',
        `The JSON is nested deeper than ${String(limit)} levels (MAX_JSON_DEPTH).`,
      );
    }
    const next: object[] = [];
    for (const container of level) {
      for (const inner of Object.values(container)) if (isContainer(inner)) next.push(inner);
    }
    level = next;
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
