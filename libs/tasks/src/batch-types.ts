/** Types of a task's items and results, and of the details of its models for use cases. */
export interface BatchTypes {
  readonly item: unknown;
  readonly result: unknown;
  readonly details: object;
}
