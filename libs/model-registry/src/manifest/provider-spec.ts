import type { ProviderEntry } from '@aerie/providers';
import type { ProviderVersionOptions } from '../loading/provider-section.js';
import type { ModelSpec } from '../model-spec.js';
import type { RegistrySettings } from '../registry-settings.js';
import { buildModelSpec } from './build-model-spec.js';
import { parseManifest } from './parse-manifest.js';

/** The setting that a provider without a folder comes from. */
export const PROVIDER_SETTING = 'OPENAI_BASE_URL';

/** The model of an entry that has no folder: version 1 of a language model that answers only those who name it. */
export function providerSpec(entry: ProviderEntry, settings: RegistrySettings): ModelSpec {
  const file = PROVIDER_SETTING;
  const spec = buildModelSpec({
    manifest: parseManifest({ task: 'text-generation' }, file, {}),
    file,
    directory: settings.path,
    folder: entry.name,
    versionFiles: new Map([['1', '']]),
    settings,
  });
  const options: ProviderVersionOptions = { entry };
  return {
    ...spec,
    onlyByName: true,
    versions: spec.versions.map((version) => ({ ...version, options })),
  };
}
