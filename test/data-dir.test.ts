import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { postJson, send } from './support/http.js';
import { ServerProcess } from './support/server-process.js';

let server: ServerProcess | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const entriesOf = (folder: string): readonly string[] => [
  folder,
  ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
];

/** Paths that others may access, or that the owner may not. */
function openOf(folder: string): readonly string[] {
  return entriesOf(folder).flatMap((path) => {
    const status = lstatSync(path);
    const mode = status.mode & 0o777;
    return mode === (status.isDirectory() ? 0o700 : 0o600) ? [] : [`${path} ${mode.toString(8)}`];
  });
}

async function runJobs({ url }: ServerProcess): Promise<void> {
  for (let i = 0; i < 20; i++) {
    const { body } = await postJson(`${url}/api/v1/embed/async`, { text: `private ${String(i)}` });
    const job = await send(`${url}/api/v1/jobs/${body.job_id as string}?wait=30`);
    expect(job.body.status).toBe('completed');
  }
}

it("only the server's user can read its files, regardless of the umask", async () => {
  // Without the copied database of other tests, so that the server creates it.
  server = await ServerProcess.start({ DATA_DIR: 'fresh/data' }, { umask: 0 });
  await runJobs(server);
  const folder = join(server.dataDir, '../fresh/data');
  expect(entriesOf(folder).length).toBeGreaterThan(900);
  expect(openOf(folder)).toEqual([]);
}, 60_000);

it('a data directory that others can read is closed at the start', async () => {
  server = await ServerProcess.start(
    {},
    {
      umask: 0,
      prepare: (dataDir) => {
        for (const path of entriesOf(dataDir)) chmodSync(path, 0o777);
      },
    },
  );
  await runJobs(server);
  expect(openOf(server.dataDir)).toEqual([]);
}, 60_000);
