import type { LookupAddress } from 'node:dns';

import { unreachableAddress } from './fetch-errors.js';

/** All addresses of a name. */
export type ResolveHost = (host: string) => Promise<readonly LookupAddress[]>;

/**
 * Looks up names, with one query per name at a time and at most `maxPending` in total: a lookup cannot
 * be canceled, so abandoned lookups would pile up behind a slow name server.
 */
export class HostResolver {
  readonly #resolve: ResolveHost;
  readonly #maxPending: number;
  readonly #pending = new Map<string, Promise<readonly LookupAddress[]>>();

  constructor(resolve: ResolveHost, maxPending: number) {
    this.#resolve = resolve;
    this.#maxPending = maxPending;
  }

  /** @throws AerieError INVALID_INPUT if the name has no address, cannot be looked up, or too many lookups hang */
  async resolve(host: string): Promise<readonly LookupAddress[]> {
    const pending = this.#pending.get(host);
    if (pending !== undefined) return pending;
    if (this.#pending.size >= this.#maxPending) throw unreachableAddress();
    const lookup = this.#lookup(host);
    this.#pending.set(host, lookup);
    try {
      return await lookup;
    } finally {
      this.#pending.delete(host);
    }
  }

  async #lookup(host: string): Promise<readonly LookupAddress[]> {
    try {
      return await this.#resolve(host);
    } catch (cause) {
      throw unreachableAddress(cause);
    }
  }
}
