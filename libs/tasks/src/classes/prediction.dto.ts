import { DocumentedField, IntegerField } from '@aerie/fields';
import type { ClassScore } from './class-scores.js';

/** The field of bodies that ask for labels. */
export class TopKDto {
  @IntegerField({
    min: 1,
    max: 100,
    default: 5,
    description: 'Number of labels to return, most likely first.',
    example: 3,
  })
  readonly top_k: number = 5;
}

/** One label. */
export class PredictionDto {
  @DocumentedField({ example: 'tiger cat' })
  readonly label!: string;

  @DocumentedField({ minimum: 0, maximum: 1, example: 0.385 })
  readonly confidence!: number;
}

/** Classes by their labels, or by their number where the model has none. */
export function predictionsOf(
  scores: readonly ClassScore[],
  labels: readonly string[] | null,
): readonly PredictionDto[] {
  return scores.map(({ index, confidence }) => ({
    label: labels?.[index] ?? String(index),
    confidence: Math.min(1, Math.max(0, confidence)),
  }));
}

/** Whether JSON has all of them: no confidence is NaN. */
export function areFinite(scores: readonly ClassScore[]): boolean {
  return scores.every(({ confidence }) => Number.isFinite(confidence));
}
