import type { UpstreamEntry, UpstreamSection } from '@aerie/upstreams';
import type { ModelSpec } from '../model-spec.js';

/** Options of a version that runs on an upstream, from a manifest or from the settings. */
export type UpstreamVersionOptions = UpstreamSection | { readonly entry: UpstreamEntry };

/** Whether a version runs on an upstream, by its validated options. */
export function isUpstream(options: unknown): options is UpstreamVersionOptions {
  return typeof options === 'object' && options !== null && ('provider' in options || 'entry' in options);
}

/** Names of the models that serve if the upstream cannot, in order. */
export function fallbacksOf(options: UpstreamVersionOptions): readonly string[] {
  return 'entry' in options ? options.entry.fallbacks : options.fallbacks;
}

/** Problems of a model's fallbacks, which must be other language models of this server. */
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
