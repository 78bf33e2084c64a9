import { join } from 'node:path';
import { ROOT } from './paths.mjs';
import { freePort, startService } from './process.mjs';

/**
 * Starts Aerie as an operator would (built, default settings), with the rate limit off and the images' host allowed.
 *
 * @param {{ name?: string, imageHost?: string, env?: Record<string, string> }} [options]
 */
export async function startAerie({ name = 'aerie', imageHost, env = {} } = {}) {
  const port = await freePort();
  const service = startService({
    name,
    command: process.execPath,
    args: [join(ROOT, 'apps/api/dist/main.js')],
    cwd: ROOT,
    port,
    env: {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      RATE_LIMIT_PREDICT: 'off',
      RATE_LIMIT_EMBED: 'off',
      ...(imageHost === undefined ? {} : { ALLOWED_IMAGE_HOSTS: imageHost }),
      ...env,
    },
  });
  await service.ready('/health/ready');
  return service;
}
