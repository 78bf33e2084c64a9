import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { PROTOCOL, type Protocol } from './protocol.js';

/** The protocols of the server's controllers, for errors that arise before a route is known. */
@Injectable()
export class ProtocolRegistry implements OnApplicationBootstrap {
  readonly #discovery: DiscoveryService;
  readonly #reflector: Reflector;
  #protocols: readonly Protocol[] = [];

  constructor(discovery: DiscoveryService, reflector: Reflector) {
    this.#discovery = discovery;
    this.#reflector = reflector;
  }

  onApplicationBootstrap(): void {
    const protocols = this.#discovery
      .getControllers()
      .map(({ metatype }) => metatype)
      .filter((controller) => typeof controller === 'function')
      .map((controller) => this.#reflector.get<Protocol | undefined>(PROTOCOL, controller))
      .filter((protocol) => protocol !== undefined);
    this.#protocols = [...new Set(protocols)];
  }

  /** The protocol of a path. Case is ignored, as in routes. */
  of(path: string): Protocol | undefined {
    const [, first = ''] = path.toLowerCase().split('/', 2);
    return this.#protocols.find(({ prefix }) => prefix === first);
  }
}
