import { join } from 'node:path';
import { ROOT } from './paths.mjs';
import { freePort, startService } from './process.mjs';

/** The build to measure, which may be one of another checkout. */
const MAIN = process.env['AERIE_MAIN'] ?? join(ROOT, 'apps/api/dist/main.js');

/**
 * Starts Aerie as an operator would (built, default settings), with the rate limit off and the image host allowed.
 *
 * @param {{ name?: string, imageHost?: string, env?: Record<string, string> }} [options]
 */
export async function startAerie({ name = 'aerie', imageHost, env = {} } = {}) {
  const port = await freePort();
  const service = startService({
    name,
    command: process.execPath,
    args: [MAIN],
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
