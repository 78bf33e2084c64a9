import { workerData } from 'node:worker_threads';
import { openAt } from './open-database.js';

/** Makes the database in a folder, and ends. */
const database = await openAt(workerData as string);
await database.close();
