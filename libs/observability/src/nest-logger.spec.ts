import { expect, it, jest } from '@jest/globals';
import type { PinoLogger } from './logger.js';
import { NestLogger } from './nest-logger.js';

function newLogger() {
  const lines = { error: jest.fn(), warn: jest.fn(), debug: jest.fn(), trace: jest.fn() };
  return { sut: new NestLogger(lines as unknown as PinoLogger), lines };
}

it("Nest's log messages become debug lines with their context", () => {
  const { sut, lines } = newLogger();
  sut.log('mapped', 'Router');
  sut.debug('x', 'Y');
  expect(lines.debug.mock.calls).toEqual([
    [{ context: 'Router' }, 'mapped'],
    [{ context: 'Y' }, 'x'],
  ]);
});

it('warnings and errors keep their level, and an error its stack', () => {
  const { sut, lines } = newLogger();
  sut.warn('careful', 'A');
  sut.verbose('fine', 'A');
  sut.error(new Error('broken'), 'the stack', 'B');
  sut.error('broken', 'B');
  expect(lines.warn).toHaveBeenCalledWith({ context: 'A' }, 'careful');
  expect(lines.trace).toHaveBeenCalledWith({ context: 'A' }, 'fine');
  expect(lines.error.mock.calls).toEqual([
    [{ context: 'B', stack: 'the stack' }, 'Error: broken'],
    [{ context: 'B', stack: undefined }, 'broken'],
  ]);
});
