import { createHash } from 'node:crypto';
import type { JobView } from '@aerie/queue';
import type { Request, Response } from 'express';

/** How long a poller should wait, in seconds. */
export const RETRY_AFTER_S = 1;

/** Tag of a representation. Source: RFC 9110, section 8.8.3 */
export function etagOf(view: JobView): string {
  return `"${createHash('sha256').update(JSON.stringify(view)).digest('base64url').slice(0, 27)}"`;
}

/**
 * Whether the caller already has this representation; the response then says so. Express's own `request.fresh` would be
 * false for `fetch`, which adds `Cache-Control: no-cache` to a request with If-None-Match.
 */
export function isFresh(request: Request, response: Response, etag: string): boolean {
  response.setHeader('ETag', etag);
  const known = (request.get('if-none-match') ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (!known.includes(etag) && !known.includes('*')) return false;
  response.status(304);
  return true;
}
