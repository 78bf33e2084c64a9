import { createHash } from 'node:crypto';
import { linkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ModelLoadError } from '../model-load.error.js';
import { TemporaryRepository } from '../testing/temporary-repository.js';
import { CheckedFiles } from './checked-files.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('CheckedFiles', () => {
  let repository: TemporaryRepository;
  let directory: string;

  beforeEach(() => {
    repository = new TemporaryRepository().write({
      'm/1/model.onnx': 'weights',
      'm/labels.txt': 'cat\ndog\n',
    });
    directory = join(repository.path, 'm');
  });
  afterEach(() => {
    repository.remove();
  });

  const files = (sums: Record<string, string> = {}): CheckedFiles =>
    new CheckedFiles({ repository: repository.path, directory, sha256: new Map(Object.entries(sums)) });

  async function refusal(promise: Promise<unknown>): Promise<ModelLoadError> {
    const error = await promise.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!(error instanceof ModelLoadError)) throw new Error('The file was not refused.');
    expect(error.reason).not.toContain(repository.base);
    return error;
  }

  it('hands out the path of a file in the folder', async () => {
    expect(await files().path('labels.txt')).toBe(join(directory, 'labels.txt'));
    expect(await files().readText('labels.txt')).toBe('cat\ndog\n');
    expect(await files().has('labels.txt')).toBe(true);
    expect(await files().has('none.txt')).toBe(false);
  });

  it.each(['../other/file', '../../outside', '/etc/hostname', '1/../../other'])(
    'refuses %s, which leads out of the folder',
    async (path) => {
      expect((await refusal(files().path(path))).reason).toBe('a file of the model was refused');
    },
  );

  it('refuses a symbolic link that leads out of the repository', async () => {
    writeFileSync(join(repository.base, 'secret'), 'secret');
    symlinkSync(join(repository.base, 'secret'), join(directory, 'link'));
    expect((await refusal(files().path('link'))).detail).toContain('leads out of the repository');
  });

  it('refuses a file in a folder that is a link out of the repository', async () => {
    symlinkSync(repository.base, join(directory, 'up'));
    writeFileSync(join(repository.base, 'secret'), 'secret');
    expect((await refusal(files().path('up/secret'))).detail).toContain('leads out of the repository');
  });

  it('follows a symbolic link that stays in the repository', async () => {
    repository.write({ 'shared/tokenizer.json': '{}' });
    symlinkSync(join(repository.path, 'shared/tokenizer.json'), join(directory, 'tokenizer.json'));
    expect(await files().path('tokenizer.json')).toBe(join(repository.path, 'shared/tokenizer.json'));
  });

  it('refuses a file with a second name', async () => {
    linkSync(join(directory, 'labels.txt'), join(repository.base, 'again'));
    expect((await refusal(files().path('labels.txt'))).detail).toContain('2 names (hard links)');
  });

  it('refuses a folder, and says when a file is missing', async () => {
    expect((await refusal(files().path('1'))).detail).toContain('no regular file');
    expect((await refusal(files().path('none'))).reason).toBe('a file of the model is missing');
  });

  it('accepts a file that matches its checksum, also when the manifest spells its path otherwise', async () => {
    await expect(files({ './1//model.onnx': sha256('weights') }).path('1/model.onnx')).resolves.toBeDefined();
  });

  it('refuses a file that does not match its checksum, with both in the log only', async () => {
    const error = await refusal(files({ './1//model.onnx': sha256('other') }).path('1/model.onnx'));
    expect(error.reason).toBe('a file of the model does not match its checksum');
    expect(error.detail).toContain(sha256('weights'));
    expect(error.detail).toContain(sha256('other'));
  });

  it('checks the files that the weights may lie in, beside the model', async () => {
    repository.write({ 'm/1/model.onnx.data': 'tampered' });
    const sums = { '1/model.onnx.data': sha256('genuine') };
    expect((await refusal(files(sums).modelPath('1/model.onnx'))).reason).toContain('checksum');
    expect(await files().modelPath('1/model.onnx')).toBe(join(directory, '1/model.onnx'));
  });

  it('misses a listed file beside the model', async () => {
    const error = await refusal(files({ '1/model.onnx.data': sha256('x') }).modelPath('1/model.onnx'));
    expect(error.reason).toBe('a file of the model is missing');
  });

  it('refuses a link out of the repository beside the model', async () => {
    writeFileSync(join(repository.base, 'secret'), 'secret');
    symlinkSync(join(repository.base, 'secret'), join(directory, '1/model.onnx.data'));
    expect((await refusal(files().modelPath('1/model.onnx'))).detail).toContain(
      'leads out of the repository',
    );
  });
});
