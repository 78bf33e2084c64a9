import { afterAll, jest } from '@jest/globals';
import { stopEverything } from './running.js';

// A server loads real models before it is ready.
jest.setTimeout(60_000);

// Stops what a test file started and did not stop, even if its hooks failed.
afterAll(stopEverything);
