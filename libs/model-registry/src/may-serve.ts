import type { VersionHealth } from './model-description.js';
import type { RegistrySettings } from './registry-settings.js';
import type { UnusableModel } from './unusable-model.js';

/**
 * Whether traffic may come: every eager version is ready, or, with REQUIRE_MODELS=any, has failed while another is ready.
 * A repository of which nothing can be used serves nothing.
 */
export function mayServe(
  models: readonly VersionHealth[],
  unusable: readonly UnusableModel[],
  requireModels: RegistrySettings['requireModels'],
): boolean {
  if (models.length === 0 && unusable.length > 0) return false;
  const eager = models.filter((model) => model.eager);
  const missing = eager.filter(({ state }) => state !== 'ready');
  if (missing.length === 0) return true;
  return (
    requireModels === 'any' && missing.length < eager.length && missing.every(({ error }) => error !== null)
  );
}
