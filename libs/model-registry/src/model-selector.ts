/** Which model and version a caller wants. Everything is optional. */
export interface ModelSelector {
  /** Name of the model. Default: the default model of the task. */
  readonly model?: string;
  /** A version (`2`), the same with a `v` (`v2`), or an alias of the manifest. Default: traffic split, else default. */
  readonly version?: string;
  /**
   * The caller's key (API key, X-Variant-Key, address): the same key is always sent to the same version of a model
   * with a traffic split, as long as the split stays.
   */
  readonly stickyKey?: string;
}

/** A model and version that exist. */
export interface ModelReference {
  readonly name: string;
  readonly version: string;
}
