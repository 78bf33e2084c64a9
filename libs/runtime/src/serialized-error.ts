/** An error in the form that crosses threads and processes. It is complete, so it is for logs and not for callers. */
export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: SerializedError | undefined;
}

/** Deeper causes are dropped, because they may be circular. */
const MAX_CAUSES = 5;

/** Serializes any thrown value. */
export function serializeError(error: unknown, depth = 0): SerializedError {
  if (!(error instanceof Error))
    return { name: 'Error', message: String(error), stack: undefined, cause: undefined };
  const cause =
    error.cause === undefined || depth === MAX_CAUSES ? undefined : serializeError(error.cause, depth + 1);
  return { name: error.name, message: error.message, stack: error.stack, cause };
}

/** The error that {@link serializeError} wrote, with its original stack. */
export function reviveError({ name, message, stack, cause }: SerializedError): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause: reviveError(cause) });
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
