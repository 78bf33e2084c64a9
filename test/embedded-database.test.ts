import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as QueueModule from '@aerie/queue';
import type * as RuntimeModule from '@aerie/runtime';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { freshDirectory } from './support/fresh-backend.js';
import { seedQueue } from './support/queue-seed.js';
import { ROOT } from './support/root.js';

interface Pool {
  query(sql: string, params?: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
  end(): Promise<void>;
}

// Built: the embedded database runs on a thread of its own, which loads what Node can.
const built = (path: string): URL => pathToFileURL(join(ROOT, 'libs', path));
const { EmbeddedDatabase, embeddedQueueDirectory } = (await import(
  built('queue/dist/index.js').href
)) as typeof QueueModule;
const { EmbeddedPool } = (await import(built('queue/dist/embedded/embedded-pool.js').href)) as {
  readonly EmbeddedPool: new (directory: string) => Pool;
};
const { spawnWorkerThread } = (await import(built('runtime/dist/index.js').href)) as typeof RuntimeModule;

let folder: ReturnType<typeof freshDirectory>;
let database: QueueModule.EmbeddedDatabase;
let pool: Pool;
let crashed: Promise<Error>;

beforeEach(async () => {
  folder = freshDirectory();
  await seedQueue(folder.directory);
  const directory = embeddedQueueDirectory(folder.directory);
  const spawn = spawnWorkerThread<'open', QueueModule.DatabaseReport, null>({
    url: built('queue/dist/embedded/embedded-database.worker.js'),
    name: 'test',
    data: () => ({ directory }),
    resourceLimits: { maxOldGenerationSizeMb: 32 },
  });
  crashed = new Promise((resolve) => {
    database = new EmbeddedDatabase(folder.directory, { onCrash: resolve }, { spawn });
  });
  await database.claim();
  await database.open();
  pool = new EmbeddedPool(directory);
});

afterEach(async () => {
  await pool.end();
  await database.close();
  folder.remove();
});

it('the thread of the embedded database fills its heap: the process goes on, another thread has what was written', async () => {
  await pool.query('CREATE TABLE kept (body text)');
  await pool.query('INSERT INTO kept VALUES ($1)', ['written']);
  await expect(
    pool.query("SELECT repeat('x', 1000000) || n AS body FROM generate_series(1, 128) AS n"),
  ).rejects.toMatchObject({ code: 'ECONNRESET' });
  await expect(crashed).resolves.toMatchObject({ code: 'ERR_WORKER_OUT_OF_MEMORY' });
  const isBack = () =>
    pool.query('SELECT 1').then(
      () => true,
      () => false,
    );
  // The pool's socket closes in a turn of its own.
  while (!(await isBack())) await new Promise((resolve) => setImmediate(resolve));
  await expect(pool.query('SELECT body FROM kept')).resolves.toMatchObject({ rows: [{ body: 'written' }] });
});

it('a second server is refused the directory', async () => {
  const second = new EmbeddedDatabase(folder.directory);
  await expect(second.claim()).rejects.toMatchObject({ name: 'DataDirInUseError' });
});
