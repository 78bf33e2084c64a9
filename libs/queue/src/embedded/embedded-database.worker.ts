/**
 * The thread of the embedded queue: PGlite, and a socket through which this server's processes reach it. A thread of its
 * own, because PGlite's queries resolve as microtasks and would starve every timer and socket of an HTTP thread.
 */
import { rmSync } from 'node:fs';
import { type Socket, createServer } from 'node:net';
import { join } from 'node:path';
import { serializeError, serveThread } from '@aerie/runtime';
import { DatabaseHousekeeper } from './database-housekeeper.js';
import { OWNER_SOCKET, ownDirectory } from './data-dir-lock.js';
import type { DatabaseReport, DatabaseThreadData } from './embedded-database.js';
import { openDatabase } from './open-database.js';
import { SqlSession } from './sql-session.js';
import {
  type DatabaseFailure,
  type SessionRelease,
  type DatabaseRequest,
  readMessages,
  writeMessage,
} from './database-messages.js';

await serveThread<DatabaseThreadData, 'open', DatabaseReport, null>(async ({ data: { directory }, post }) => {
  const pending: Socket[] = [];
  let serve: (socket: Socket) => void = (socket) => pending.push(socket);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    serve(socket);
  });
  // Owned before the database is opened: what is opened twice is lost.
  await ownDirectory(server, directory);
  const open = async () => {
    const database = await openDatabase(directory);
    const session = new SqlSession(database);
    const listeners = new Map<string, Set<Socket>>();
    database.onNotification((channel, payload) => {
      for (const socket of listeners.get(channel) ?? []) writeMessage(socket, { channel, payload });
    });
    serve = (socket) => {
      serveSocket(socket, session, listeners);
    };
    for (const socket of pending) if (!socket.destroyed) serve(socket);
    const owner = {};
    const housekeeper = new DatabaseHousekeeper(
      (sql, params) => session.query(owner, sql, params),
      (trouble) => {
        post({ type: 'round', trouble: trouble === null ? null : serializeError(trouble) });
      },
    );
    housekeeper.start();
    post({ type: 'open' });
    return { database, housekeeper };
  };
  let opening: ReturnType<typeof open> | null = null;
  return {
    ready: null,
    // If the database cannot be opened, the unhandled rejection ends the thread.
    receive: () => {
      opening = open();
    },
    close: async () => {
      serve = (socket) => socket.destroy();
      try {
        const opened = await opening;
        opened?.housekeeper.stop();
        for (const socket of sockets) socket.destroy();
        await opened?.database.close();
      } finally {
        // Owned to the end: what is closed by one and opened by another at once is lost.
        rmSync(join(directory, OWNER_SOCKET), { force: true });
      }
    },
  };
});

function serveSocket(socket: Socket, session: SqlSession, listeners: Map<string, Set<Socket>>): void {
  const owners = new Map<number, object>();
  socket.once('close', () => {
    for (const audience of listeners.values()) audience.delete(socket);
    for (const owner of owners.values()) void session.release(owner).catch(() => undefined);
  });
  readMessages(socket, (message) => {
    const request = message as DatabaseRequest | SessionRelease;
    if ('release' in request) {
      const owner = owners.get(request.release);
      owners.delete(request.release);
      if (owner !== undefined) void session.release(owner).catch(() => undefined);
      return;
    }
    const channel = /^\s*(?:--[^\n]*\n\s*)*LISTEN\s+"?(\w+)"?/i.exec(request.sql)?.[1];
    if (channel !== undefined) {
      const audience = listeners.get(channel) ?? new Set<Socket>();
      listeners.set(channel, audience.add(socket));
    }
    let owner = owners.get(request.session);
    if (owner === undefined) owners.set(request.session, (owner = {}));
    session.query(owner, request.sql, request.params, request.urgent).then(
      ({ rows, rowCount }) => {
        if (!socket.destroyed) writeMessage(socket, { id: request.id, rows, rowCount });
      },
      (error: unknown) => {
        if (!socket.destroyed) writeMessage(socket, { id: request.id, error: toFailure(error) });
      },
    );
  });
}

function toFailure(error: unknown): DatabaseFailure {
  const { message, code, detail } = error as Partial<DatabaseFailure>;
  return { message: message ?? String(error), code, detail };
}
