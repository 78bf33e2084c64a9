import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { type DiscoveryService, Reflector } from '@nestjs/core';
import 'reflect-metadata';
import { type Protocol, ProtocolController } from './protocol.js';
import { ProtocolRegistry } from './protocol.registry.js';

const V1: Protocol = {
  prefix: 'v1',
  errorBody: Object,
  errorStatus: () => 400,
  answerError: () => undefined,
};

@ProtocolController(V1, 'models')
class ModelsController {}

@ProtocolController(V1)
class RootController {}

@Controller('api')
class OwnController {}

describe('the protocols of a server', () => {
  const controllers = [ModelsController, RootController, OwnController].map((metatype) => ({ metatype }));
  const discovery = { getControllers: () => controllers } as unknown as DiscoveryService;
  const registry = new ProtocolRegistry(discovery, new Reflector());
  registry.onApplicationBootstrap();

  it.each(['/v1/models', '/v1', '/V1/Chat/Completions', '/v1/nothing/here'])(
    'include the path %s',
    (path) => {
      expect(registry.of(path)).toBe(V1);
    },
  );

  it.each(['/v11', '/api/v1/chat', '/', ''])('do not include the path %s', (path) => {
    expect(registry.of(path)).toBeUndefined();
  });
});
