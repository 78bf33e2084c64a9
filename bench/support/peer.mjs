import { join } from 'node:path';
import { BENCH, MODELS } from './paths.mjs';
import { freePort, startService } from './process.mjs';
import { inVenv } from './venv.mjs';

/** @param {{ workers: number }} options Worker processes of gunicorn. */
export async function startFastApi({ workers }) {
  const port = await freePort();
  const service = startService({
    name: `fastapi-${workers}w`,
    command: inVenv('gunicorn'),
    args: ['--config', 'gunicorn.conf.py', 'app:app'],
    cwd: join(BENCH, 'fastapi'),
    port,
    env: {
      PORT: String(port),
      WEB_CONCURRENCY: String(workers),
      MODEL_PATH: MODELS,
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  await service.ready('/health/ready');
  return service;
}
