/** Thrown at startup if the model repository cannot be served: names the file and the field. */
export class ModelRepositoryError extends Error {
  override readonly name = 'ModelRepositoryError';

  constructor(
    /** The manifest or folder, as a path for the operator. */
    readonly file: string,
    /** The problems, one line each, beginning with the field. */
    readonly problems: readonly string[],
    cause?: unknown,
  ) {
    super(
      `${file} cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
      cause === undefined ? undefined : { cause },
    );
  }
}
