import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryLogger } from '@aerie/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TASK_SECTIONS } from '../loading/task-sections.js';
import { TemporaryRepository } from '../testing/temporary-repository.js';
import { scanRepository, type RepositoryScan } from './repository-scanner.js';
import { sharedScan } from './find-models.js';

describe('processes that share a scan', () => {
  let repository: TemporaryRepository;
  let logger: MemoryLogger;

  beforeEach(() => {
    logger = new MemoryLogger();
    repository = new TemporaryRepository().write({
      'm/model.json': {
        aliases: { old: '1' },
        traffic: { '1': 1 },
        sha256: { '1/model.onnx': '0'.repeat(64) },
      },
      'm/1/model.onnx': 'x',
      'bad/model.json': '{',
    });
  });
  afterEach(() => {
    repository.remove();
  });

  const file = (): string => join(repository.base, 'data', 'models-1.scan');
  const scan = (): Promise<RepositoryScan> =>
    scanRepository({
      settings: repository.settings({ requireModels: 'any' }),
      sections: TASK_SECTIONS,
      logger,
    });
  const share = (): Promise<RepositoryScan> => sharedScan(file(), scan, logger);

  it("all get the first one's scan, even if a manifest was edited since", async () => {
    const first = await share();
    repository.write({ 'm/model.json': { aliases: { fresh: '1' } }, 'n/1/model.onnx': 'x' });
    expect(await share()).toEqual(first);
    expect(first).toEqual(
      await sharedScan(file(), () => Promise.reject(new Error('It scans again.')), logger),
    );
    expect(first.specs[0]?.aliases).toEqual(new Map([['old', '1']]));
    expect(first.unusable).toMatchObject([{ name: 'bad' }]);
  });

  it('that start at once agree, and leave no files that others can read', async () => {
    const [first, second] = await Promise.all([share(), share()]);
    expect(first).toEqual(second);
    expect(readdirSync(join(repository.base, 'data'))).toEqual(['models-1.scan']);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  it('scan separately with a warning if nothing can be stored', async () => {
    // A file stands where the folder should be.
    const { specs } = await sharedScan(join(repository.path, 'm/model.json', 'x.scan'), scan, logger);
    expect(specs).toHaveLength(1);
    expect(logger.of('warn')).toHaveLength(1);
  });
});
