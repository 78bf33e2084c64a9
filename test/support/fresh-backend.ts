import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { type JobBackend, TEST_DATABASE_URL, TEST_REDIS_URL } from './job-backends.js';
import { RedisProcess } from './redis-process.js';

/** A backend that no other test uses. */
export interface FreshBackend {
  /** Environment that selects it. Empty for the embedded one, because each server has its own data directory. */
  readonly environment: Readonly<Record<string, string>>;
  /** Removes it with its content. */
  remove(): Promise<void>;
}

/** Creates an empty database on the server that the environment names, or starts a Redis if it names none. */
export async function freshBackend(backend: JobBackend): Promise<FreshBackend> {
  switch (backend) {
    case 'embedded':
      return { environment: {}, remove: () => Promise.resolve() };
    case 'redis':
      return TEST_REDIS_URL === null ? ownRedis() : freshRedis(TEST_REDIS_URL);
    case 'postgres':
      if (TEST_DATABASE_URL === null) throw new Error('TEST_DATABASE_URL names no PostgreSQL.');
      return freshDatabase(TEST_DATABASE_URL);
  }
}

/** An empty directory. */
export function freshDirectory(): { readonly directory: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'aerie-test-'));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

async function freshDatabase(url: string): Promise<FreshBackend> {
  const name = `aerie_test_${randomBytes(6).toString('hex')}`;
  await runOnce(url, `CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return {
    environment: { DATABASE_URL: own.href },
    remove: () => runOnce(url, `DROP DATABASE ${name} WITH (FORCE)`),
  };
}

async function runOnce(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function ownRedis(): Promise<FreshBackend> {
  const redis = await RedisProcess.start();
  return { environment: { REDIS_URL: redis.url }, remove: () => redis.stop() };
}

/** One of the server's numbered databases that is empty, claimed with a key so that no other test takes it, too. */
async function freshRedis(url: string): Promise<FreshBackend> {
  const redis = new Redis(url);
  try {
    for (let database = 1; database < 16; database++) {
      await redis.select(database);
      if ((await redis.dbsize()) > 0 || (await redis.setnx('aerie-test', '1')) === 0) continue;
      const own = new URL(url);
      own.pathname = `/${String(database)}`;
      return {
        environment: { REDIS_URL: own.href },
        remove: async () => {
          const again = new Redis(own.href);
          await again.flushdb();
          again.disconnect();
        },
      };
    }
  } finally {
    redis.disconnect();
  }
  throw new Error('TEST_REDIS_URL has no empty database left.');
}
