/** A name or a value of a caller as an error message repeats it: cut to `max` characters. */
export function shorten(text: string, max = 64): string {
  return text.length > max ? `${text.slice(0, max - 3)}...` : text;
}
