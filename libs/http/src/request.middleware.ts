import type { Settings } from '@aerie/config';
import type { PinoLogger, Metrics } from '@aerie/observability';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { reasonOf } from './errors/log-failure.js';
import { RequestContext } from './request-context.js';

/** Routes that are polled constantly, whose lines have the level debug. */
const POLLED = /^\/(health|metrics|queues\/api)/;

/** Creates each request's context and id, and writes one structured line when it has ended. */
export function requestMiddleware(settings: Settings, logger: PinoLogger, metrics: Metrics): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const context = new RequestContext(request, response, settings.http);
    request.context = context;
    response.setHeader('X-Request-ID', context.id);
    const { path } = request;
    response.once('close', () => {
      const status = response.writableFinished ? response.statusCode : 499;
      const durationMs = performance.now() - context.startedAt;
      metrics.observeRequest(request.method, routeOf(request), status, durationMs);
      const level = levelOf(context, path, status);
      if (!logger.isLevelEnabled(level)) return;
      logger[level](line(request, context, path, status, durationMs), 'request');
    });
    next();
  };
}

/** A failed stream has already sent the status 200. */
function levelOf(
  { failure }: RequestContext,
  path: string,
  status: number,
): 'error' | 'debug' | 'warn' | 'info' {
  const worst = Math.max(status, failure?.status ?? 0);
  if (worst === 500) return 'error';
  if (POLLED.test(path)) return 'debug';
  return worst > 500 ? 'warn' : 'info';
}

function line(request: Request, context: RequestContext, path: string, status: number, durationMs: number) {
  const { servedBy, failure } = context;
  return {
    id: context.id,
    method: request.method,
    path,
    status,
    duration_ms: Math.round(durationMs * 100) / 100,
    ...(failure === undefined ? {} : { code: failure.code }),
    // Errors of callers may contain their content, so the reason is not logged.
    ...(failure === undefined || failure.status < 500 ? {} : { reason: reasonOf(failure) }),
    ...(servedBy === undefined ? {} : { model: servedBy.model, version: servedBy.version }),
    ...(servedBy?.stats === undefined ? {} : { batch_size: servedBy.stats.batchSize }),
  };
}

/** The route's pattern, so that the number of metric series is bounded. */
function routeOf(request: Request): string {
  const route = request.route as { path?: unknown } | undefined;
  return typeof route?.path === 'string' ? route.path : 'unmatched';
}
