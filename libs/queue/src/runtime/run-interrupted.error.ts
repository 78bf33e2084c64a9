import { AerieError } from '@aerie/contracts';

/** Why a run was interrupted. */
export type Interruption = 'canceled' | 'lost' | 'stopping';

/** A run was interrupted because its job was canceled or belongs to another run, or because the worker stops. */
export class RunInterruptedError extends AerieError {
  readonly why: Interruption;

  constructor(why: Interruption) {
    super('CANCELED', `The run was interrupted: ${why}.`);
    this.why = why;
  }
}
