/** A folder of the repository that cannot be served. */
export interface UnusableModel {
  /** The folder's name. */
  readonly name: string;
  /** Why, fit for callers: no path, no secret. */
  readonly reason: string;
}
