/** Something that a test started and that must end. */
export interface Stoppable {
  stop(): Promise<unknown>;
}

const running = new Set<Stoppable>();

/** Sees to it that `started` ends with the test file at the latest. */
export function track<T extends Stoppable>(started: T): T {
  running.add(started);
  return started;
}

/** Stops what was started and is still running. */
export async function stopEverything(): Promise<void> {
  const left = [...running];
  running.clear();
  await Promise.all(left.map((started) => started.stop()));
}
