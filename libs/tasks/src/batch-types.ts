/** What the models of a task are fed with, what they answer, and what use cases need to know of them. */
export interface BatchTypes {
  readonly item: unknown;
  readonly result: unknown;
  readonly details: object;
}
