import { EventEmitter } from 'node:events';
import { type Socket, connect } from 'node:net';
import { join } from 'node:path';
import { OWNER_SOCKET } from './data-dir-lock.js';
import { socketDirectory } from './socket-path.js';
import { type DatabaseReply, readMessages, writeMessage } from './database-messages.js';

/** Rows of a statement. */
export interface SqlResult<R = Record<string, unknown>> {
  readonly rows: R[];
  readonly rowCount: number;
}

interface PendingQuery {
  readonly resolve: (result: SqlResult) => void;
  readonly reject: (error: Error) => void;
}

/** A session of the embedded database, shaped as node-postgres' pooled client. */
export class EmbeddedClient extends EventEmitter {
  readonly #query: (sql: string, params: readonly unknown[]) => Promise<SqlResult>;
  readonly #onRelease: (client: EmbeddedClient) => void;

  constructor(
    query: (sql: string, params: readonly unknown[]) => Promise<SqlResult>,
    onRelease: (client: EmbeddedClient) => void,
  ) {
    super();
    this.setMaxListeners(0);
    this.#query = query;
    this.#onRelease = onRelease;
  }

  query<R = Record<string, unknown>>(sql: string, params: readonly unknown[] = []): Promise<SqlResult<R>> {
    return this.#query(sql, params) as Promise<SqlResult<R>>;
  }

  release(): void {
    this.#onRelease(this);
  }
}

/**
 * The embedded database as a `pg.Pool`, over the socket of its owner. If the owner exits, running queries fail with
 * ECONNRESET and the next query connects again.
 */
export class EmbeddedPool extends EventEmitter {
  /** BullMQ asks it of pools: a dead owner is noticed at once, so workers may wait long. */
  readonly options = { keepAlive: true };
  readonly #path: string;
  readonly #urgent: boolean;
  readonly #pending = new Map<number, PendingQuery>();
  readonly #clients = new Set<EmbeddedClient>();
  #socket: Promise<Socket> | null = null;
  #lastId = 0;
  #lastSession = 0;
  #ended = false;

  /**
   * @param directory folder of the embedded queue
   * @param urgent whether callers wait for what is sent over it: it goes before what is sent over other pools
   */
  constructor(directory: string, urgent = false) {
    super();
    this.#urgent = urgent;
    this.setMaxListeners(0);
    this.#path = join(socketDirectory(directory), OWNER_SOCKET);
  }

  query<R = Record<string, unknown>>(sql: string, params: readonly unknown[] = []): Promise<SqlResult<R>> {
    return this.#send(0, sql, params) as Promise<SqlResult<R>>;
  }

  async connect(): Promise<EmbeddedClient> {
    const session = ++this.#lastSession;
    const socket = await this.#connected();
    const client = new EmbeddedClient(
      (sql, params) => this.#send(session, sql, params),
      (released) => {
        this.#clients.delete(released);
        if (!socket.destroyed) writeMessage(socket, { release: session });
      },
    );
    this.#clients.add(client);
    return client;
  }

  async end(): Promise<void> {
    this.#ended = true;
    const socket = await this.#socket?.catch(() => null);
    socket?.destroy();
  }

  async #send(session: number, sql: string, params: readonly unknown[]): Promise<SqlResult> {
    const socket = await this.#connected();
    const id = ++this.#lastId;
    return new Promise<SqlResult>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      writeMessage(socket, { id, session, sql, params, urgent: this.#urgent });
    });
  }

  #connected(): Promise<Socket> {
    if (this.#ended) throw new Error('Cannot use a pool after calling end on the pool');
    this.#socket ??= this.#open();
    return this.#socket;
  }

  #open(): Promise<Socket> {
    const socket = connect(this.#path);
    const opened = new Promise<Socket>((resolve, reject) => {
      socket.once('connect', () => {
        resolve(socket);
      });
      socket.once('error', reject);
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#lost();
    });
    readMessages(socket, (message) => {
      this.#received(message as DatabaseReply);
    });
    return opened;
  }

  #received(reply: DatabaseReply): void {
    if ('channel' in reply) {
      for (const client of this.#clients) client.emit('notification', reply);
      return;
    }
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (pending === undefined) return;
    if ('error' in reply) pending.reject(Object.assign(new Error(reply.error.message), reply.error));
    else pending.resolve(reply);
  }

  #lost(): void {
    this.#socket = null;
    const error = Object.assign(new Error('The connection to the embedded queue was lost.'), {
      code: 'ECONNRESET',
    });
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    const clients = [...this.#clients];
    this.#clients.clear();
    if (this.#ended) return;
    for (const client of clients) if (client.listenerCount('error') > 0) client.emit('error', error);
  }
}
