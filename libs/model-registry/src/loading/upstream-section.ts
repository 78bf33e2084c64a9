import type { UpstreamEntry, UpstreamSection } from '@aerie/providers';

/** Options of a version that runs on an upstream, from a manifest or from the settings. */
export type UpstreamVersionOptions = UpstreamSection | { readonly entry: UpstreamEntry };

/** Whether a version's validated options say that it runs on an upstream. */
export function isUpstream(options: unknown): options is UpstreamVersionOptions {
  return typeof options === 'object' && options !== null && ('provider' in options || 'entry' in options);
}

/** Names of the models that serve if the upstream cannot, in order. */
export function fallbacksOf(options: UpstreamVersionOptions): readonly string[] {
  return 'entry' in options ? options.entry.fallbacks : options.fallbacks;
}
