/** A process or server that a test started and that must be stopped. */
export interface Stoppable {
  stop(): Promise<unknown>;
}

const running = new Set<Stoppable>();

/** Registers `started`, so that it is stopped at the end of the test file at the latest. */
export function track<T extends Stoppable>(started: T): T {
  running.add(started);
  return started;
}

/** Stops everything that is still running. */
export async function stopEverything(): Promise<void> {
  const left = [...running];
  running.clear();
  await Promise.all(left.map((started) => started.stop()));
}
