import type { Decoder } from '../decoder/decoder.js';
import type { GenerationTask } from './generation-task.js';
import type { Sequence } from './sequence.js';

/** A sequence that occupies a row of the decoder. */
export interface RowEntry {
  readonly task: GenerationTask;
  readonly sequence: Sequence;
  /** `reserved` waits for its sibling's prefill, whose row it will copy. */
  phase: 'prefill' | 'reserved' | 'decode';
  /** Tokens generated since its last text. */
  unreportedTokens: number;
}

/** Maps sequences to rows. Keeps sequences that decode together in the first rows. */
export class RowTable {
  readonly #rows: (RowEntry | null)[];
  readonly #decoder: Decoder;

  constructor(size: number, decoder: Decoder) {
    this.#rows = Array.from({ length: size }, () => null);
    this.#decoder = decoder;
  }

  get free(): number {
    return this.#rows.filter((entry) => entry === null).length;
  }

  /** Every occupied row. */
  entries(): readonly (readonly [row: number, entry: RowEntry])[] {
    return this.#rows.flatMap((entry, row) => (entry === null ? [] : [[row, entry] as const]));
  }

  /** Takes the lowest free row. */
  add(entry: RowEntry): number {
    const row = this.#rows.indexOf(null);
    if (row === -1) throw new Error('no row is free. This is a bug.');
    this.#rows[row] = entry;
    return row;
  }

  rowOf(sequence: Sequence): number {
    return this.#rows.findIndex((entry) => entry?.sequence === sequence);
  }

  remove(row: number): void {
    this.#rows[row] = null;
    this.#decoder.clear(row);
  }

  /** Moves rows so that those that decode in the next step come first; returns them. */
  gather(decodes: (entry: RowEntry) => boolean): readonly RowEntry[] {
    const rows = this.#rows;
    let last = rows.length - 1;
    let row = 0;
    for (; row < rows.length; row++) {
      const entry = rows[row] ?? null;
      if (entry !== null && decodes(entry)) continue;
      while (last > row && !wants(rows[last] ?? null, decodes)) last--;
      if (last <= row) break;
      this.#move(last, row);
    }
    return rows.slice(0, row).filter((entry) => entry !== null);
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

function wants(entry: RowEntry | null, decodes: (entry: RowEntry) => boolean): boolean {
  return entry !== null && decodes(entry);
}
