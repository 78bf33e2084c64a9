import { createHash } from 'node:crypto';
import { SETTINGS, type Settings } from '@aerie/config';
import { AerieError } from '@aerie/contracts';
import { PUBLIC } from '@aerie/http';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';

/** Requires one of API_KEYS, if any is set, as `Authorization: Bearer <key>` or `X-API-Key`. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  readonly #reflector: Reflector;
  /** Digests, so that a lookup does not reveal how much of a key was right. */
  readonly #digests: ReadonlySet<string>;

  constructor(reflector: Reflector, @Inject(SETTINGS) settings: Settings) {
    this.#reflector = reflector;
    this.#digests = new Set(settings.apiKeys.map(digest));
  }

  canActivate(context: ExecutionContext): boolean {
    if (this.#digests.size === 0) return true;
    if (
      this.#reflector.getAllAndOverride<boolean | undefined>(PUBLIC, [
        context.getHandler(),
        context.getClass(),
      ])
    ) {
      return true;
    }
    const request = context.switchToHttp().getRequest<Request>();
    const key = presentedKey(request);
    if (key === undefined) {
      throw new AerieError(
        'UNAUTHORIZED',
        'An API key is required: send Authorization: Bearer <key>, or X-API-Key.',
      );
    }
    const id = digest(key);
    if (!this.#digests.has(id)) throw new AerieError('UNAUTHORIZED', 'The API key is not known.');
    request.context.apiKeyId = id;
    return true;
  }
}

function presentedKey(request: Request): string | undefined {
  const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  return bearer ?? request.get('x-api-key');
}

function digest(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}
