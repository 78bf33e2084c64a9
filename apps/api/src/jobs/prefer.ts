/** The preferences of a request (RFC 7240). */
export interface Preferences {
  readonly respondAsync: boolean;
  /** Seconds; null if not requested. */
  readonly wait: number | null;
}

/** Reads the header Prefer; unknown preferences are ignored, as the RFC requires. */
export function parsePrefer(header: string | undefined, maxWaitS: number): Preferences {
  let respondAsync = false;
  let wait: number | null = null;
  for (const part of (header ?? '').split(',')) {
    const [name = '', value = ''] = (part.split(';')[0] ?? '').split('=').map((text) => text.trim());
    if (name.toLowerCase() === 'respond-async') respondAsync = true;
    if (name.toLowerCase() === 'wait' && /^"?\d+"?$/.test(value)) {
      wait = Math.min(maxWaitS, Number(value.replaceAll('"', '')));
    }
  }
  return { respondAsync, wait };
}
