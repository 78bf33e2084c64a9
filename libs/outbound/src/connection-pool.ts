import { Connection } from './connection.js';
import { fetcherClosed, noFreeConnection } from './fetch-errors.js';
import type { Operation } from './operation.js';
import type { OutboundTarget } from './outbound-url.js';
import type { PinnedConnector } from './pinned-connector.js';

interface Waiter {
  readonly target: OutboundTarget;
  readonly resolve: (connection: Connection) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * At most `maxConnections` connections over all origins, including idle ones, and a bounded queue for them.
 * undici's Agent limits connections only per origin, but callers choose the origins.
 */
export class ConnectionPool {
  readonly #connector: PinnedConnector;
  readonly #maxConnections: number;
  readonly #maxWaiting: number;
  /** Every connection that counts against the limit. */
  readonly #open = new Set<Connection>();
  /** Idle connections. The most recently used one is last; it is reused first and evicted last. */
  readonly #idle = new Map<string, Connection[]>();
  readonly #idleInOrder = new Set<Connection>();
  readonly #waiting = new Set<Waiter>();
  #closed = false;

  constructor(connector: PinnedConnector, maxConnections: number, maxWaiting: number) {
    this.#connector = connector;
    this.#maxConnections = maxConnections;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * A connection for one request to the target's origin. Return it with `release` or `discard`.
   *
   * @throws AerieError SHUTTING_DOWN after `close`, OVERLOADED if the queue is full or the deadline passes in it
   */
  acquire(target: OutboundTarget, operation: Operation): Connection | Promise<Connection> {
    if (this.#closed) throw fetcherClosed();
    const idle = this.#idle.get(target.origin)?.at(-1);
    if (idle !== undefined) {
      this.#forgetIdle(idle);
      return idle;
    }
    if (this.#open.size < this.#maxConnections) return this.#add(target);
    const [oldest] = this.#idleInOrder;
    if (oldest !== undefined) {
      this.#remove(oldest);
      return this.#add(target);
    }
    if (this.#waiting.size >= this.#maxWaiting) throw noFreeConnection(this.#maxConnections);
    return this.#wait(target, operation);
  }

  /** Takes back a connection whose response was read to its end. */
  release(connection: Connection): void {
    if (!this.#open.has(connection)) return;
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#addIdle(connection);
      return;
    }
    if (next.target.origin === connection.origin) {
      this.#waiting.delete(next);
      next.resolve(connection);
    } else {
      this.discard(connection);
    }
  }

  /** Closes a connection that cannot be used again. */
  discard(connection: Connection): void {
    this.#remove(connection);
    const [next] = this.#waiting;
    if (next === undefined || this.#closed || this.#open.size >= this.#maxConnections) return;
    this.#waiting.delete(next);
    next.resolve(this.#add(next.target));
  }

  /** Closes every connection. Running and waiting requests end with SHUTTING_DOWN. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of this.#waiting) waiter.reject(fetcherClosed());
    this.#waiting.clear();
    const open = [...this.#open];
    this.#open.clear();
    this.#idle.clear();
    this.#idleInOrder.clear();
    await Promise.all(open.map((connection) => connection.destroy(fetcherClosed())));
  }

  #wait(target: OutboundTarget, operation: Operation): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { target, resolve, reject };
      this.#waiting.add(waiter);
      operation.enter({
        cancel: (reason) => {
          if (this.#waiting.delete(waiter)) waiter.reject(reason);
        },
        expire: () => {
          if (this.#waiting.delete(waiter)) waiter.reject(noFreeConnection(this.#maxConnections));
        },
      });
    });
  }

  #add(target: OutboundTarget): Connection {
    const connection = new Connection(target, this.#connector, (closed) => {
      if (this.#idleInOrder.has(closed)) this.#remove(closed);
    });
    this.#open.add(connection);
    return connection;
  }

  #addIdle(connection: Connection): void {
    this.#idleInOrder.add(connection);
    const ofOrigin = this.#idle.get(connection.origin);
    if (ofOrigin === undefined) this.#idle.set(connection.origin, [connection]);
    else ofOrigin.push(connection);
  }

  #forgetIdle(connection: Connection): void {
    if (!this.#idleInOrder.delete(connection)) return;
    const ofOrigin = this.#idle.get(connection.origin);
    if (ofOrigin === undefined) return;
    ofOrigin.splice(ofOrigin.lastIndexOf(connection), 1);
    if (ofOrigin.length === 0) this.#idle.delete(connection.origin);
  }

  #remove(connection: Connection): void {
    this.#forgetIdle(connection);
    if (this.#open.delete(connection)) void connection.destroy(fetcherClosed());
  }
}
