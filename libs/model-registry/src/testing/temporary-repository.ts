import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { RegistrySettings } from '../registry-settings.js';

/** A model repository in a folder of its own. */
export class TemporaryRepository {
  /** Holds the repository and what lies beside it. */
  readonly base = realpathSync(mkdtempSync(join(tmpdir(), 'aerie-models-')));
  readonly path = join(this.base, 'models');

  constructor() {
    mkdirSync(this.path);
  }

  /** Writes files given by their path in the repository; objects as JSON. */
  write(files: Readonly<Record<string, string | object>>): this {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.path, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    }
    return this;
  }

  settings(changes: Partial<RegistrySettings> = {}): RegistrySettings {
    return {
      path: this.path,
      links: [],
      requireModels: 'all',
      device: 'cpu',
      maxBatchSize: 32,
      maxQueueSize: 256,
      replicas: null,
      intraOpThreads: null,
      replicaStallTimeoutMs: 10_000,
      startTimeoutMs: 60_000,
      keepAliveMs: 0,
      ...changes,
    };
  }

  remove(): void {
    rmSync(this.base, { recursive: true, force: true });
  }
}
