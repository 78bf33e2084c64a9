/** Forms and queries hold text. What is no text of the wanted type stays as it is, to be refused by its type. */
export const fromText = {
  number: (text: unknown): unknown => {
    if (typeof text !== 'string' || text.trim() === '') return text;
    const value = Number(text);
    return Number.isFinite(value) ? value : text;
  },

  boolean: (text: unknown): unknown => {
    if (text === 'true') return true;
    return text === 'false' ? false : text;
  },

  /** A form's field with an object holds JSON. */
  json: (text: unknown): unknown => {
    if (typeof text !== 'string') return text;
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text;
    }
  },
} as const;
