import { afterAll, jest } from '@jest/globals';
import { stopEverything } from './running.js';

// A server loads real models before it is ready.
jest.setTimeout(60_000);

// Whatever a file started and did not stop ends with it, also when its hooks failed.
afterAll(stopEverything);
