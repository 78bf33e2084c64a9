import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MODELS, WORK } from './paths.mjs';
import { startAerie } from './server.mjs';

const NAME = 'smollm2-135m-instruct';
const REPOSITORY = join(WORK, 'generation-models');
/** A separate folder, because another server may run from this checkout. */
const ENVIRONMENT = { RATE_LIMIT_CHAT: 'off', DATA_DIR: join(WORK, 'generation-data') };

/**
 * Aerie with only the language model and default settings, except for the reuse of the KV cache.
 *
 * @param {{ reuse: boolean }} options Whether prompts may use what earlier ones have computed.
 */
export function startGenerationServer({ reuse }) {
  if (reuse) return startAerie({ env: ENVIRONMENT });
  const folder = join(REPOSITORY, NAME);
  mkdirSync(REPOSITORY, { recursive: true });
  cpSync(join(MODELS, NAME), folder, { recursive: true });
  const path = join(folder, 'model.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...manifest, generation: { prefix_cache_mib: 0 } }, undefined, 2));
  return startAerie({ env: { ...ENVIRONMENT, MODEL_PATH: REPOSITORY } });
}
