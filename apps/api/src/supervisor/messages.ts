import type { Worker } from 'node:cluster';
import type { MetricsSnapshot } from '@aerie/observability';

/** Sent by an HTTP process when it accepts connections. */
export interface ListeningMessage {
  readonly type: 'listening';
  readonly port: number;
}

/** Sent by an HTTP process periodically, which shows that its event loop is not blocked. */
export interface AliveMessage {
  readonly type: 'alive';
}

/** Sent by an HTTP process that wants the metrics of all of them, and answered with {@link MetricsGatheredMessage}. */
export interface MetricsWantedMessage {
  readonly type: 'metrics-wanted';
  /** Returned with the answer. */
  readonly id: number;
}

/** Sent to an HTTP process, which answers with {@link MetricsToldMessage}. */
export interface MetricsAskedMessage {
  readonly type: 'metrics-asked';
  readonly round: number;
}

/** The metrics of one HTTP process. */
export interface MetricsToldMessage {
  readonly type: 'metrics-told';
  readonly round: number;
  readonly metrics: MetricsSnapshot;
}

/** The metrics of all HTTP processes. */
export interface MetricsGatheredMessage {
  readonly type: 'metrics-gathered';
  readonly id: number;
  readonly snapshots: readonly MetricsSnapshot[];
}

/** Sent to every HTTP process whenever the number of processes changes. */
export interface HttpProcessesMessage {
  readonly type: 'http-processes';
  /** Number of processes that accept connections. */
  readonly up: number;
  /** `WORKERS`. */
  readonly wanted: number;
  /** Number of processes that were started in place of an ended one. */
  readonly restarts: number;
}

/** A message between an HTTP process and its supervisor. */
export type ProcessMessage =
  | ListeningMessage
  | AliveMessage
  | MetricsWantedMessage
  | MetricsAskedMessage
  | MetricsToldMessage
  | MetricsGatheredMessage
  | HttpProcessesMessage;

/** Whether `message` is of this type. Other libraries use the same channel. */
export function isMessage<T extends ProcessMessage['type']>(
  message: unknown,
  type: T,
): message is Extract<ProcessMessage, { readonly type: T }> {
  return typeof message === 'object' && message !== null && (message as { type?: unknown }).type === type;
}

/** Sends a message to an HTTP process, unless it is ending. */
export function tell(worker: Pick<Worker, 'isConnected' | 'send'>, message: ProcessMessage): void {
  if (worker.isConnected()) worker.send(message, () => undefined);
}
