import { AerieError } from '@aerie/contracts';
import type { InferenceSession, NamedTensors } from '@aerie/engine';
import { type Activation, type ClassScore, activate, selectTop } from './class-scores.js';

/** How a model's output is read. */
export interface ClassOutputOptions {
  readonly activation: Activation;
  /** Null without labels. */
  readonly labelCount: number | null;
}

/** The output of a model that classifies: float32 [batch, classes]. */
export class ClassOutput {
  readonly #name: string;
  readonly #options: ClassOutputOptions;

  /** @throws AerieError MODEL_NOT_LOADED if the model declares another number of classes than there are labels */
  constructor({ outputs: [output] }: Pick<InferenceSession, 'outputs'>, options: ClassOutputOptions) {
    if (output === undefined) throw new Error('The model has no output.');
    this.#name = output.name;
    this.#options = options;
    const declared = output.shape.at(-1);
    if (typeof declared === 'number' && declared > 0) this.#assertLabels(declared);
  }

  /**
   * The most likely classes of each row, most likely first.
   *
   * @param counts how many of them, for each row
   */
  top(outputs: NamedTensors, counts: readonly number[]): readonly (readonly ClassScore[])[] {
    const scores = outputs[this.#name]?.data;
    if (!(scores instanceof Float32Array))
      throw new Error(`The model's output "${this.#name}" is not float32.`);
    const classes = scores.length / counts.length;
    // Some models do not declare how many there are.
    this.#assertLabels(classes);
    return counts.map((count, row) => {
      const values = scores.subarray(row * classes, (row + 1) * classes);
      return selectTop(activate(values, this.#options.activation), count);
    });
  }

  #assertLabels(classes: number): void {
    const labels = this.#options.labelCount;
    if (labels === null || labels === classes) return;
    const message = `the model's output has ${String(classes)} classes, but there are ${String(labels)} labels`;
    throw new AerieError('MODEL_NOT_LOADED', message);
  }
}
