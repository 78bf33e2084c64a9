import { Client } from 'undici';

import type { OutboundTarget } from './outbound-url.js';
import type { ConnectAttempt, PinnedConnector } from './pinned-connector.js';

/** Longest keep-alive that a peer may request; undici's default of 10 minutes would let peers hold our sockets. */
const MAX_KEEP_ALIVE_MS = 10_000;

/** One connection to one origin, used by one request at a time. It connects, and reconnects, when it is used. */
export class Connection {
  readonly origin: string;
  readonly client: Client;
  readonly #attempt: ConnectAttempt = { phase: 'connected', socket: null, abandoned: false };
  #requestsOnSocket = 0;

  /** @param onDisconnect called when the peer or the idle timeout closed the socket */
  constructor(
    { origin }: OutboundTarget,
    connector: PinnedConnector,
    onDisconnect: (connection: Connection) => void,
  ) {
    this.origin = origin;
    this.client = new Client(origin, {
      connect: (options, callback) => {
        this.#requestsOnSocket = 0;
        connector.connect(options, this.#attempt, callback);
      },
      // The operation's deadline covers connecting, headers and body alike.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveMaxTimeout: MAX_KEEP_ALIVE_MS,
      maxHeaderSize: 16 * 1024,
      pipelining: 1,
      allowH2: false,
    });
    this.client.on('disconnect', () => {
      onDisconnect(this);
    });
  }

  /** Whether the name is being looked up. */
  get isResolving(): boolean {
    return this.#attempt.phase === 'resolving';
  }

  /** Whether the last request reused a socket, which the peer may have closed meanwhile. */
  get wasReused(): boolean {
    return this.#requestsOnSocket > 0;
  }

  markServed(): void {
    this.#requestsOnSocket += 1;
  }

  /** Closes the socket, or stops opening it. A running request fails with `error`. */
  async destroy(error: Error): Promise<void> {
    this.#attempt.abandoned = true;
    const destroyed = this.client.destroy(error);
    this.#attempt.socket?.destroy();
    await destroyed;
  }
}
