/** A variable whose value cannot be used. */
export interface ConfigurationProblem {
  readonly name: string;
  readonly expected: string;
  /** The value received; secrets are masked. */
  readonly received: string;
}

/** Thrown at start-up if a value cannot be used. Its message names each variable, the expected and the received value. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly ConfigurationProblem[];

  constructor(problems: readonly ConfigurationProblem[]) {
    super(
      `The configuration cannot be used:\n${problems.map((problem) => `  ${problemText(problem)}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

/** A problem as text. */
export function problemText({ name, expected, received }: ConfigurationProblem): string {
  return `${name}: expected ${expected}, got ${received}`;
}
