import { AerieError } from '@aerie/contracts';

/** Why a run was ended from outside. */
export type Interruption = 'canceled' | 'lost' | 'stopping';

/** A run was ended from outside: its job was canceled, is no longer this run's, or the worker stops. */
export class RunInterruptedError extends AerieError {
  readonly why: Interruption;

  constructor(why: Interruption) {
    super('CANCELED', `The run was ended: ${why}.`);
    this.why = why;
  }
}
