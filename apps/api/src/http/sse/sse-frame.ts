/** One event. Its data may have several lines, which are written as the standard requires. */
export function textFrame(text: string, event?: string): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `${event === undefined ? '' : `event: ${event}\n`}${lines.join('')}\n`;
}

/** One event with JSON. */
export function jsonFrame(value: unknown, event?: string): string {
  return textFrame(JSON.stringify(value), event);
}
