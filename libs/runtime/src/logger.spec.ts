import { MemoryLogger } from '@aerie/test-support';
import { expect, it } from '@jest/globals';
import { withFields } from './logger.js';

it.each(['debug', 'info', 'warn', 'error'] as const)('adds the fields to a line of level %s', (level) => {
  const logger = new MemoryLogger();
  withFields(logger, { model: 'm', version: '1' })[level]({ replica: 0 }, 'a line');
  expect(logger.lines).toEqual([
    { level, fields: { model: 'm', version: '1', replica: 0 }, message: 'a line' },
  ]);
});
