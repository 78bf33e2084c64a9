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
    super(
      `The configuration cannot be used:\n${problems.map((problem) => `  ${problemText(problem)}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

/** A problem in words. */
export function problemText({ name, expected, received }: ConfigurationProblem): string {
  return `${name}: expected ${expected}, got ${received}`;
}
