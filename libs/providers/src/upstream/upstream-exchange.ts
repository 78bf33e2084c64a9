import { AerieError } from '@aerie/contracts';
import type { AnswerAssembler } from '../answer/answer-assembler.js';
import type { Expiry, StreamWatch } from '../answer/stream-watch.js';
import type { CircuitPermit } from '../circuit/circuit-breaker.js';

/** A request in flight. */
export interface UpstreamExchange {
  /** Aborts when the caller leaves, time runs out or the provider is closed. */
  readonly signal: AbortSignal;
  readonly answer: AnswerAssembler;
  readonly watch: StreamWatch;
  /** Set when a deadline passes. */
  expiry: Expiry | null;
}

/** Tells the circuit what an attempt has shown of the upstream. */
export function settle(permit: CircuitPermit, error: unknown, { expiry, signal }: UpstreamExchange): void {
  // Whoever left, or had less time than the provider may take, has learned nothing of it.
  const isCallers = signal.aborted && expiry?.isProviders !== true;
  if (isCallers || !(error instanceof AerieError)) {
    permit.released();
    return;
  }
  switch (error.code) {
    case 'UPSTREAM_ERROR':
    case 'TIMEOUT':
      permit.failed(error);
      return;
    case 'INVALID_INPUT':
    case 'CONTEXT_LENGTH_EXCEEDED':
      permit.succeeded();
      return;
    default:
      permit.released();
  }
}
