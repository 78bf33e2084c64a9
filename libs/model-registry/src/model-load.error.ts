/**
 * A version could not be loaded. `reason` may be shown to callers (no path, no secret); the details for the log are in
 * `detail` and `cause`.
 */
export class ModelLoadError extends Error {
  override readonly name = 'ModelLoadError';

  constructor(
    readonly reason: string,
    /** Details for the operator, such as the file and the checksums. */
    readonly detail: string,
    cause?: unknown,
  ) {
    super(`${reason}: ${detail}`, cause === undefined ? undefined : { cause });
  }
}
