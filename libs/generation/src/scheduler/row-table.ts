import type { Decoder } from '../decoder/decoder.js';
import type { GenerationTask } from './generation-task.js';
import type { Sequence } from './sequence.js';

/** A sequence that occupies a row of the decoder. */
export interface Occupant {
  readonly task: GenerationTask;
  readonly sequence: Sequence;
  /** `reserved` waits for its sibling's prefill, whose row it will copy. */
  phase: 'prefill' | 'reserved' | 'decode';
  /** Tokens generated since its last text. */
  unreportedTokens: number;
}

/** Maps sequences to rows. Keeps sequences that decode together in the first rows. */
export class RowTable {
  readonly #rows: (Occupant | null)[];
  readonly #decoder: Decoder;

  constructor(size: number, decoder: Decoder) {
    this.#rows = Array.from({ length: size }, () => null);
    this.#decoder = decoder;
  }

  get free(): number {
    return this.#rows.filter((occupant) => occupant === null).length;
  }

  /** Every occupied row. */
  entries(): readonly (readonly [row: number, occupant: Occupant])[] {
    return this.#rows.flatMap((occupant, row) => (occupant === null ? [] : [[row, occupant] as const]));
  }

  /** Takes the lowest free row. */
  add(occupant: Occupant): number {
    const row = this.#rows.indexOf(null);
    if (row === -1) throw new Error('no row is free. This is a bug.');
    this.#rows[row] = occupant;
    return row;
  }

  rowOf(sequence: Sequence): number {
    return this.#rows.findIndex((occupant) => occupant?.sequence === sequence);
  }

  remove(row: number): void {
    this.#rows[row] = null;
    this.#decoder.clear(row);
  }

  /** Moves rows so that those that decode in the next step come first; returns them. */
  gather(decodes: (occupant: Occupant) => boolean): readonly Occupant[] {
    const rows = this.#rows;
    let last = rows.length - 1;
    let row = 0;
    for (; row < rows.length; row++) {
      const occupant = rows[row] ?? null;
      if (occupant !== null && decodes(occupant)) continue;
      while (last > row && !wants(rows[last] ?? null, decodes)) last--;
      if (last <= row) break;
      this.#move(last, row);
    }
    return rows.slice(0, row).filter((occupant) => occupant !== null);
  }

  /** Brings `from` to `to`; what was in `to`, if anything, goes the other way. */
  #move(from: number, to: number): void {
    const displaced = this.#rows[to] ?? null;
    this.#rows[to] = this.#rows[from] ?? null;
    this.#rows[from] = displaced;
    if (displaced !== null) {
      this.#decoder.swapRows(from, to);
      return;
    }
    this.#decoder.copyRow(from, to);
    this.#decoder.clear(from);
  }
}

function wants(occupant: Occupant | null, decodes: (occupant: Occupant) => boolean): boolean {
  return occupant !== null && decodes(occupant);
}
