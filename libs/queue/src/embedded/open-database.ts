import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { spawnWorkerThread } from '@aerie/runtime';
import { PGlite } from '@electric-sql/pglite';
import { runMigrations } from 'bullmq';
import { PrivateFiles } from './private-files.js';
import { SqlSession } from './sql-session.js';

const DATABASE = 'db';
const CREATE_WORKER_URL = new URL('./create-database.worker.js', import.meta.url);

/**
 * Opens the database of a data directory. A new one is made beside its place and moved there when it is whole, so a crash
 * leaves no half of one.
 */
export async function openDatabase(directory: string): Promise<PGlite> {
  const path = join(directory, DATABASE);
  for (const name of readdirSync(directory)) {
    if (name.startsWith('new-') || /^owner-.*[.]sock/.test(name)) {
      rmSync(join(directory, name), { recursive: true, force: true });
    }
  }
  if (!existsSync(path)) {
    const temporary = join(directory, `new-${String(Date.now())}`);
    mkdirSync(temporary, { recursive: true });
    await createInThread(temporary);
    renameSync(temporary, path);
  }
  return openAt(path);
}

/** Opens the database in a folder, or makes it there, and brings its tables up to date. */
export async function openAt(path: string): Promise<PGlite> {
  const database = await PGlite.create({ fs: new PrivateFiles(path) });
  const session = new SqlSession(database);
  const client = {
    query: (sql: string, params?: readonly unknown[]) => session.query(client, sql, params ?? []),
  };
  await runMigrations(client as never, 'bullmq');
  await database.exec('set search_path to bullmq, public');
  return database;
}

/** Making a database takes 350 MB, which PGlite holds as long as its thread lives: a thread of its own gives them back. */
function createInThread(path: string): Promise<void> {
  const spawn = spawnWorkerThread<never, never, null>({
    url: CREATE_WORKER_URL,
    name: 'create database',
    data: () => path,
  });
  return new Promise<void>((resolve, reject) => {
    const thread = spawn({
      ready: () => {
        resolve();
        thread.abandon();
      },
      message: () => undefined,
      lost: (cause) => {
        reject(cause);
        thread.abandon();
      },
    });
  });
}
