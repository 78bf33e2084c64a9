import type { UpstreamEntry } from '@aerie/upstreams';
import type { UpstreamVersionOptions } from './upstream-section.js';
import type { ModelSpec } from '../model-spec.js';
import type { RegistrySettings } from '../registry-settings.js';
import { buildModelSpec } from './build-model-spec.js';
import { parseManifest } from './parse-manifest.js';

/** The setting that defines an upstream model without a folder. */
export const UPSTREAM_SETTING = 'OPENAI_BASE_URL';

/** The model of an entry that has no folder: version 1 of a language model that answers only those who name it. */
export function upstreamSpec(entry: UpstreamEntry, settings: RegistrySettings): ModelSpec {
  const file = UPSTREAM_SETTING;
  const spec = buildModelSpec({
    manifest: parseManifest({ task: 'text-generation' }, file, {}),
    file,
    directory: settings.path,
    folder: entry.name,
    versionFiles: new Map([['1', '']]),
    settings,
  });
  const options: UpstreamVersionOptions = { entry };
  return {
    ...spec,
    onlyByName: true,
    versions: spec.versions.map((version) => ({ ...version, options })),
  };
}
