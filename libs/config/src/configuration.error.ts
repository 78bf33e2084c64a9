/** A variable whose value cannot be used. */
export interface ConfigurationProblem {
  readonly name: string;
  readonly expected: string;
  /** The value that came; secrets are masked. */
  readonly received: string;
}

/** Thrown at the start when a value cannot be used: names each variable, what was expected and what came. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly ConfigurationProblem[];

  constructor(problems: readonly ConfigurationProblem[]) {
    const lines = problems.map(
      ({ name, expected, received }) => `  ${name}: expected ${expected}, got ${received}`,
    );
    super(`The configuration cannot be used:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}
