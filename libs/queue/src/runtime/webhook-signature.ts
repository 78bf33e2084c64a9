import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';

/** Bytes of a secret: base64 after `whsec_` (Standard Webhooks), otherwise the text itself. */
function secretBytes(secret: string): Buffer {
  return secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret);
}

/**
 * Headers of a delivery. Source: Standard Webhooks, https://www.standardwebhooks.com
 *
 * @param id the same for every attempt to send the event
 */
export function webhookHeaders(
  id: string,
  body: string,
  secret: string,
  nowMs: number,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signature = createHmac('sha256', secretBytes(secret))
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64');
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}
