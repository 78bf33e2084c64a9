/** Limits on bodies that settings decide. */
export interface BodyLimits {
  /** MAX_EMBED_TEXTS */
  readonly maxTexts: number;
}

/**
 * The REST side of a task: one object, read by its route, its jobs and batches alike. What a job carries is the body as
 * it was checked, and it is checked by the same class when the job runs.
 *
 * @typeParam Body what callers send
 * @typeParam Input what the use case takes
 * @typeParam Outcome what the use case gives
 */
export interface RestTask<Body extends object, Input, Outcome> {
  /** Checks the fields of a body, one by one. */
  readonly dto: new () => Body;
  /** For tasks that also take a file in a form: the fields beside it, and the body that says the same. */
  readonly upload?: {
    readonly dto: new () => object;
    toBody(fields: object, file: Uint8Array): object;
  };
  /** @throws AerieError VALIDATION_ERROR for fields that do not go together, or beyond a limit */
  toInput(body: Body, limits: BodyLimits): Input;
  /** The reply of the route, which is also the result of a job. */
  reply(outcome: Outcome): object;
}
