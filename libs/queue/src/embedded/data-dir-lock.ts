import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { type Server, connect } from 'node:net';
import { join } from 'node:path';
import { sleep } from '@aerie/runtime';
import { DataDirInUseError } from './data-dir-in-use.error.js';
import { socketDirectory } from './socket-path.js';

/** Name of the socket in the data directory: whoever answers on it owns the directory. */
export const OWNER_SOCKET = 'owner.sock';

/** How long two processes that take over a dead owner's place at once need to see each other. */
const SETTLE_MS = 25;

/**
 * Makes `server` the owner of `directory`: it listens on the one socket there. The kernel ends a socket's life with its
 * process, whatever killed it, and knows nothing of pids, which containers have in common.
 *
 * @throws DataDirInUseError when a living process owns it
 */
export async function ownDirectory(server: Server, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const place = socketDirectory(directory);
  const own = join(place, `owner-${randomBytes(6).toString('hex')}.sock`);
  const shared = join(place, OWNER_SOCKET);
  await listen(server, own);
  chmodSync(own, 0o600);
  try {
    // A hard link is made or it is not: of two that try, one has the name.
    if (!tryLink(own, shared)) {
      if (await answers(shared)) throw new DataDirInUseError(directory);
      await replaceDead(own, shared, directory);
    }
    await sleep(SETTLE_MS);
    if (inode(own) !== inode(shared)) throw new DataDirInUseError(directory);
    rmSync(own, { force: true });
  } catch (error) {
    rmSync(own, { force: true });
    await new Promise((resolve) => server.close(resolve));
    throw error;
  }
}

/** Moves the socket of a dead owner away. What was moved may by then be a living one's: it is put back. */
async function replaceDead(own: string, shared: string, directory: string): Promise<void> {
  const aside = `${own}.dead`;
  try {
    renameSync(shared, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const alive = await answers(aside);
  if (alive) tryLink(aside, shared);
  rmSync(aside, { force: true });
  if (alive || !tryLink(own, shared)) throw new DataDirInUseError(directory);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function inode(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? null;
}

/** Whether a process listens at `path`. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // A backlog that is full belongs to a living owner.
      resolve(!['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'].includes(error.code ?? ''));
    });
  });
}
