const SPELLING = /^[vV]?([1-9]\d{0,8})$/;

/** `2` or `v2` as `2`; null for anything else. Versions are positive integers below 10^9. */
export function parseVersion(text: string): string | null {
  return SPELLING.exec(text)?.[1] ?? null;
}

/** Orders versions by number, not by spelling: 2 before 10. */
export function compareVersions(a: string, b: string): number {
  return Number(a) - Number(b);
}
