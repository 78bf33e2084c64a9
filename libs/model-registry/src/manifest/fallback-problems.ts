import { fallbacksOf, isUpstream } from '../loading/upstream-section.js';
import type { ModelSpec } from '../model-spec.js';

/** What is wrong with a model's fallbacks: itself, or a model that is no language model here. */
export function fallbackProblems(spec: ModelSpec, specs: readonly ModelSpec[]): readonly string[] {
  const others = specs
    .filter(({ task, name }) => task === 'text-generation' && name !== spec.name)
    .map(({ name }) => name);
  const fallbacks = spec.versions.flatMap(({ options }) => (isUpstream(options) ? fallbacksOf(options) : []));
  return [...new Set(fallbacks)]
    .filter((fallback) => !others.includes(fallback))
    .map(
      (fallback) =>
        `fallbacks: expected names of other models for text-generation (${others.join(', ') || 'there are none'}), got "${fallback}"`,
    );
}
