import type { SessionControl, SessionHandles } from './ort-binding.js';
import type { SharedSession } from './worker/open-session.js';

/** The session of a thread that is ready. */
export interface ThreadSession {
  readonly handles: SessionHandles | null;
  readonly provider: string;
  readonly deviceId: number | null;
}

/**
 * The sessions of a model version's threads, which outlive each of them. Where the binding can, the replicas of a device
 * share the first one's.
 */
export class SharedSessions {
  readonly #control: SessionControl | null;
  readonly #deviceOf: (replica: number) => string;
  readonly #byDevice = new Map<string, SharedSession>();
  readonly #created = new Set<bigint>();

  /** @param deviceOf the device that a replica is for: replicas with equal ones share a session. */
  constructor(control: SessionControl | null, deviceOf: (replica: number) => string) {
    this.#control = control;
    this.#deviceOf = deviceOf;
  }

  /** The session that a new thread of the replica attaches to; null if it has to create one. */
  sessionFor(replica: number): SharedSession | null {
    return this.#byDevice.get(this.#deviceOf(replica)) ?? null;
  }

  /** A thread of the replica is ready: others share its session from now on. */
  opened(replica: number, { handles, provider, deviceId }: ThreadSession): void {
    if (handles === null || this.#control === null) return;
    void this.#control.trimMemory();
    const { session } = handles;
    this.#created.add(session);
    const device = this.#deviceOf(replica);
    if (!this.#byDevice.has(device)) this.#byDevice.set(device, { session, provider, deviceId });
  }

  /** Releases the sessions. No thread may be using them any more. */
  async release(): Promise<void> {
    const created = [...this.#created];
    this.#created.clear();
    this.#byDevice.clear();
    for (const session of created) await this.#control?.releaseSession(session);
    await this.#control?.trimMemory();
  }
}
