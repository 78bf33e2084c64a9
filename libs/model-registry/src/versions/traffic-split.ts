import { createHash } from 'node:crypto';
import { compareVersions } from '../manifest/version-number.js';

const HASH_RANGE = 2 ** 48;

/**
 * Divides requests among versions by weight. A key's place in [0, 1) is the first 48 bits of SHA-256 over the model's
 * name and the key, so it is the same in every process and after every restart; versions take their shares of that
 * range in the order of their numbers. A change of weights moves only keys whose place falls to another version.
 */
export class TrafficSplit {
  readonly #model: string;
  readonly #shares: readonly { readonly version: string; readonly upTo: number }[];
  readonly #random: () => number;

  /** @param weights by version, at least one above 0. */
  constructor(model: string, weights: ReadonlyMap<string, number>, random: () => number = Math.random) {
    this.#model = model;
    this.#random = random;
    const sum = [...weights.values()].reduce((a, b) => a + b, 0);
    let upTo = 0;
    this.#shares = [...weights]
      .filter(([, weight]) => weight > 0)
      .sort(([a], [b]) => compareVersions(a, b))
      .map(([version, weight]) => {
        upTo += weight / sum;
        return { version, upTo };
      });
  }

  /** The version for a caller's key; drawn at random without one. */
  pick(key?: string): string {
    const place = key === undefined ? this.#random() : this.#place(key);
    // Rounding may leave the last share slightly below 1.
    const share = this.#shares.find(({ upTo }) => place < upTo) ?? this.#shares.at(-1);
    if (share === undefined) throw new Error('A traffic split has no version. This is a bug.');
    return share.version;
  }

  #place(key: string): number {
    const digest = createHash('sha256').update(this.#model).update('\0').update(key).digest();
    return digest.readUIntBE(0, 6) / HASH_RANGE;
  }
}
