/** Why labels cannot name the classes of a model. */
export function labelMismatch(classes: number, labels: number): string {
  return `the model's output has ${String(classes)} classes, but there are ${String(labels)} labels`;
}
