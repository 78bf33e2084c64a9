import { shorten } from './shorten.js';
import { typeNameOf } from './validation-error.js';

/** Bounds of a number, or of the length of a string or list; both inclusive. */
export interface Bounds {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** A number must be greater than this. */
  readonly above?: number | undefined;
}

/**
 * The wording of field errors, for every validation library. Each text follows the name of the field. A wrong type is
 * reported before a wrong range.
 */
export const fieldProblems = {
  /** @param expected such as `an integer` */
  type: (expected: string, value: unknown): string =>
    value === undefined ? 'is required' : `must be ${expected}, got ${typeNameOf(value)}`,

  fraction: (value: number): string => `must be an integer, got ${value}`,

  range: (value: number, { min, max, above }: Bounds): string | undefined => {
    if (above !== undefined && value <= above) return `must be greater than ${above}, got ${value}`;
    if (min !== undefined && value < min) return `must be at least ${min}, got ${value}`;
    if (max !== undefined && value > max) return `must be at most ${max}, got ${value}`;
    return undefined;
  },

  /** @param unit `characters` or `items` */
  length: (
    length: number,
    { min = 0, max = Infinity }: Bounds,
    unit: 'characters' | 'items',
  ): string | undefined => {
    if (length < min) return `must have at least ${counted(min, unit)}, got ${length}`;
    if (length > max) return `must have at most ${counted(max, unit)}, got ${length}`;
    return undefined;
  },

  choice: (value: unknown, choices: readonly unknown[]): string =>
    `must be one of ${choices.map(String).join(', ')}, got ${shown(value)}`,

  unknown: 'is not a known field',
} as const;

function counted(count: number, unit: 'characters' | 'items'): string {
  return `${count} ${count === 1 ? unit.slice(0, -1) : unit}`;
}

/** A short value unchanged, any other by its type. */
function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(shorten(value, 32)) : typeNameOf(value);
}
