import type { ProviderEntry, ProviderSection } from '@aerie/providers';

/** Options of a version that runs on an upstream, from a manifest or from the settings. */
export type ProviderVersionOptions = ProviderSection | { readonly entry: ProviderEntry };

/** Whether a version's validated options say that it runs on an upstream. */
export function isProvider(options: unknown): options is ProviderVersionOptions {
  return typeof options === 'object' && options !== null && ('provider' in options || 'entry' in options);
}

/** Names of the models that serve if the upstream cannot, in order. */
export function fallbacksOf(options: ProviderVersionOptions): readonly string[] {
  return 'entry' in options ? options.entry.fallbacks : options.fallbacks;
}
