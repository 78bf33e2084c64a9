import { AerieError } from '@aerie/contracts';
import type { AnswerAssembler } from '../answer/answer-assembler.js';
import type { Expiry, StreamWatch } from '../answer/stream-watch.js';
import type { CircuitPermit } from '../circuit/circuit-breaker.js';

/** A request in flight. */
export interface UpstreamExchange {
  /** Aborts when the caller leaves, time runs out or the model is closed. */
  readonly signal: AbortSignal;
  readonly answer: AnswerAssembler;
  readonly watch: StreamWatch;
  /** Set when a deadline passes. */
  expiry: Expiry | null;
}

/** Tells the circuit what an attempt has shown of the upstream. */
export function settle(permit: CircuitPermit, error: unknown, { expiry, signal }: UpstreamExchange): void {
  // A caller that left, or whose own limit was shorter than the upstream's, says nothing about the upstream.
  const isCallers = signal.aborted && expiry?.isUpstreams !== true;
  if (isCallers || !(error instanceof AerieError)) {
    permit.released();
    return;
  }
  switch (error.code) {
    case 'UPSTREAM_ERROR':
    case 'TIMEOUT':
      permit.failed();
      return;
    case 'INVALID_INPUT':
    case 'CONTEXT_LENGTH_EXCEEDED':
      permit.succeeded();
      return;
    default:
      permit.released();
  }
}
