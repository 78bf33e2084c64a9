import { AerieError } from '@aerie/contracts';
import { Injectable } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerRequest } from '@nestjs/throttler';
import type { Request, Response } from 'express';
import { RATE_LIMIT_BUCKET } from './rate-limit.decorator.js';

/**
 * Throttles by API key, else by address, and says so in headers (RateLimit-*, by the IETF draft
 * draft-ietf-httpapi-ratelimit-headers-06) on every answer of a limited route, not only on a refusal.
 */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  protected override async handleRequest({
    context,
    limit,
    ttl,
    throttler,
    blockDuration,
  }: ThrottlerRequest): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const bucket = this.reflector.getAllAndOverride<string | undefined>(RATE_LIMIT_BUCKET, targets);
    const name = throttler.name ?? 'default';
    if (bucket !== name) return true;
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    const caller = request.context.apiKeyId ?? request.context.address;
    const record = await this.storageService.increment(`${name}:${caller}`, ttl, limit, blockDuration, name);
    const windowSeconds = Math.ceil(ttl / 1000);
    response.setHeader('RateLimit-Limit', String(limit));
    response.setHeader('RateLimit-Remaining', String(Math.max(0, limit - record.totalHits)));
    response.setHeader('RateLimit-Reset', String(record.timeToExpire));
    response.setHeader('RateLimit-Policy', `${String(limit)};w=${String(windowSeconds)}`);
    if (!record.isBlocked) return true;
    const message =
      `The limit of ${String(limit)} requests in ${String(windowSeconds)} s is reached (RATE_LIMIT_${name.toUpperCase()}). ` +
      `Try again in ${String(record.timeToExpire)} s.`;
    throw new AerieError('RATE_LIMITED', message, { retryAfterMs: record.timeToExpire * 1000 });
  }
}
