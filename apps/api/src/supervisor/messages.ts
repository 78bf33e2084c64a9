/** Sent by an HTTP process when it accepts connections. */
export interface ListeningMessage {
  readonly type: 'listening';
  readonly port: number;
}

/** Whether `message` is a {@link ListeningMessage}; other libraries use the same channel. */
export function isListeningMessage(message: unknown): message is ListeningMessage {
  return (
    typeof message === 'object' && message !== null && (message as { type?: unknown }).type === 'listening'
  );
}
