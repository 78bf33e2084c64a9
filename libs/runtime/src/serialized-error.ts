/** An error as it crosses a thread or process, in full: for logs, not for callers. */
export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: SerializedError | undefined;
}

/** Deeper causes are dropped: they may be circular. */
const MAX_CAUSES = 5;

/** Everything that is known of `error`, whatever was thrown. */
export function serializeError(error: unknown, depth = 0): SerializedError {
  if (!(error instanceof Error))
    return { name: 'Error', message: String(error), stack: undefined, cause: undefined };
  const cause =
    error.cause === undefined || depth === MAX_CAUSES ? undefined : serializeError(error.cause, depth + 1);
  return { name: error.name, message: error.message, stack: error.stack, cause };
}

/** The error behind {@link serializeError}, with the stack of the place that threw it. */
export function reviveError({ name, message, stack, cause }: SerializedError): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause: reviveError(cause) });
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
