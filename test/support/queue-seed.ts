import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './root.js';

interface Embedded {
  claim(): Promise<void>;
  open(): Promise<void>;
  close(): Promise<void>;
}

const CACHE = join(ROOT, 'node_modules', '.cache', 'aerie');
const SEED = join(CACHE, 'queue-seed-1');

/**
 * Puts an empty embedded queue into a data directory. Creating one takes seconds on all cores, so it is created once and
 * copied.
 */
export async function seedQueue(dataDir: string): Promise<void> {
  if (!existsSync(SEED)) await makeSeed();
  mkdirSync(dataDir, { recursive: true });
  cpSync(SEED, dataDir, { recursive: true });
}

async function makeSeed(): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const temporary = mkdtempSync(join(CACHE, 'queue-seed-new-'));
  const built = pathToFileURL(join(ROOT, 'libs/queue/dist/index.js')).href;
  const { EmbeddedDatabase } = (await import(built)) as {
    EmbeddedDatabase: new (dataDir: string) => Embedded;
  };
  const database = new EmbeddedDatabase(temporary);
  await database.claim();
  await database.open();
  await database.close();
  try {
    renameSync(temporary, SEED);
  } catch {
    // Another run was faster.
    rmSync(temporary, { recursive: true, force: true });
  }
}
