import cluster from 'node:cluster';
import type { ProcessMessage } from './messages.js';

/** The channel to the supervisor, such as `process`. */
export interface SupervisorChannel {
  readonly connected: boolean;
  send?(message: object, handle: undefined, options: undefined, callback: () => void): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  off(event: 'message', listener: (message: unknown) => void): unknown;
}

/** The channel of this process; null if no supervisor started it. */
export function supervisorChannel(): SupervisorChannel | null {
  return cluster.isWorker ? process : null;
}

/** Sends a message. The callback ignores errors of an ending supervisor, whose `disconnect` stops this process. */
export function tellSupervisor(channel: SupervisorChannel | null, message: ProcessMessage): void {
  if (channel?.connected === true) channel.send?.(message, undefined, undefined, () => undefined);
}
