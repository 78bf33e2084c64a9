/** The fields that reading a request reports, in order. */
export function refusedFields(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    const { details = [] } = error as { readonly details?: readonly { readonly field: string }[] };
    return details.map(({ field }) => field);
  }
  throw new Error('The request was accepted.');
}
