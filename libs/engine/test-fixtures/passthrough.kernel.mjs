/** Items are feeds, one a batch; the result is what the model answers. */
export const createKernel = () => ({
  prepare: ([feeds]) => ({ feeds, state: null }),
  finish: (outputs) => ({
    results: [{ ok: true, value: outputs }],
    transfer: Object.values(outputs).map(({ data }) => data.buffer),
  }),
});
