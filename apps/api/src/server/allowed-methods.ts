import { AerieError } from '@aerie/contracts';
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import type { ILayer } from 'express-serve-static-core';

/** Lacks in its types what the router itself calls. */
type Layer = ILayer & { match(path: string): unknown };

/**
 * Answers requests that no route took, where a route has the same path and another method: 405 with Allow, and OPTIONS
 * with Allow alone. Everything else goes on to `notFound`.
 */
export function answerOtherMethods(app: Express, notFound: RequestHandler): RequestHandler {
  return (request: Request, response: Response, next: NextFunction): void => {
    const allowed = allowedMethods(app, request.path);
    if (allowed.length === 0) {
      void notFound(request, response, next);
      return;
    }
    response.setHeader('Allow', allowed.join(', '));
    if (request.method === 'OPTIONS') {
      response.status(204).end();
      return;
    }
    const message = `${request.method} is not allowed for this path. Allowed: ${allowed.join(', ')}.`;
    next(new AerieError('METHOD_NOT_ALLOWED', message));
  };
}

/** From the router's own table. Its answer to OPTIONS has the same content, but Nest's last handler comes before it. */
function allowedMethods({ router }: Express, path: string): readonly string[] {
  const methods = (router.stack as Layer[])
    .filter((layer) => layer.route !== undefined && layer.match(path) !== false)
    .flatMap(({ route }) => route?.stack.map(({ method }) => method.toUpperCase()) ?? []);
  if (methods.length === 0) return [];
  return [...new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'])].sort();
}
