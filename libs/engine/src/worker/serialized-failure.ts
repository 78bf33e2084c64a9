/** An error of any kind as it crosses a thread, in full: for the log, not for callers. */
export interface SerializedFailure {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: SerializedFailure | undefined;
}

/** Causes deeper than this are dropped: they may be circular. */
const MAX_CAUSES = 5;

/** What is known of `error`, whatever was thrown. */
export function serializeFailure(error: unknown, depth = 0): SerializedFailure {
  if (!(error instanceof Error))
    return { name: 'Error', message: String(error), stack: undefined, cause: undefined };
  const cause =
    error.cause === undefined || depth === MAX_CAUSES ? undefined : serializeFailure(error.cause, depth + 1);
  return { name: error.name, message: error.message, stack: error.stack, cause };
}

/** The error that {@link serializeFailure} wrote, with the stack of where it was thrown. */
export function reviveFailure({ name, message, stack, cause }: SerializedFailure): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause: reviveFailure(cause) });
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
