import { join } from 'node:path';
import { fallbacksOf, isProvider } from '../loading/provider-section.js';
import { ModelRepositoryError } from '../model-repository.error.js';
import type { ModelSpec } from '../model-spec.js';

/** @throws ModelRepositoryError for a model that falls back on itself, or on one that is no language model here. */
export function checkFallbacks(specs: readonly ModelSpec[]): void {
  const names = specs.filter(({ task }) => task === 'text-generation').map(({ name }) => name);
  for (const { name, directory, versions } of specs) {
    const fallbacks = versions.flatMap(({ options }) => (isProvider(options) ? fallbacksOf(options) : []));
    const others = names.filter((other) => other !== name);
    const problems = [...new Set(fallbacks)]
      .filter((fallback) => !others.includes(fallback))
      .map(
        (fallback) =>
          `fallbacks: expected names of other models for text-generation (${others.join(', ') || 'there are none'}), got "${fallback}"`,
      );
    if (problems.length > 0) throw new ModelRepositoryError(join(directory, 'model.json'), problems);
  }
}
