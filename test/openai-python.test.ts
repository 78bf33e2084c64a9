import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT, ServerProcess } from './support/server-process.js';

/** A Python with the package `openai`; the tests are skipped without one. */
const PYTHON = process.env.OPENAI_PYTHON ?? 'python3';
const present = spawnSync(PYTHON, ['-c', 'import openai']).status === 0;

(present ? describe : describe.skip)("OpenAI's client for Python", () => {
  let server: ServerProcess;

  beforeAll(async () => {
    server = await ServerProcess.start();
  });

  afterAll(() => server.stop());

  it('works unmodified', () => {
    const { status, stdout, stderr } = spawnSync(PYTHON, ['test/openai_client.py', `${server.url}/v1`], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'ok\n', stderr: '' });
  });
});
