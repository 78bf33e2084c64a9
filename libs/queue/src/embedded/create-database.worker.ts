import { serveThread } from '@aerie/runtime';
import { openAt } from './open-database.js';

/** Makes the database in a folder. It is whole and closed when the thread is ready. */
await serveThread<string, never, never, null>(async ({ data: path }) => {
  const database = await openAt(path);
  await database.close();
  return { ready: null, receive: () => undefined, close: () => Promise.resolve() };
});
