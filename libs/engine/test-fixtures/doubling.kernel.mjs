import { AerieError } from '@aerie/contracts';

/**
 * Items are `{ values: Float32Array }`, results their doubles, handed over. Options:
 * `released`: Int32Array on shared memory, counts released sessions.
 * An item `{ gate: Int32Array }` on shared memory raises gate[0] and holds the thread until gate[1] is set.
 * An item `{ refuse: message }` is refused alone. `{ unsendable: true }` gives a result that cannot be cloned.
 * An item `{ misfit: message }` makes the kernel refuse the model.
 */
export function createKernel({ options }) {
  globalThis.released = options?.released;
  return {
    prepare(items) {
      for (const { gate, misfit } of items) {
        if (misfit !== undefined) throw new AerieError('MODEL_NOT_LOADED', misfit);
        if (gate === undefined) continue;
        Atomics.store(gate, 0, 1);
        Atomics.notify(gate, 0);
        Atomics.wait(gate, 1, 0);
      }
      const kept = items.filter(({ values }) => values !== undefined);
      if (kept.length === 0) return { feeds: null, state: items };
      const data = new Float32Array(kept.flatMap(({ values }) => [...values]));
      return { feeds: { x: { dtype: 'float32', dims: [data.length], data } }, state: items };
    },
    finish({ y }, items) {
      let offset = 0;
      const transfer = [];
      const results = items.map((item) => {
        if (item.refuse !== undefined) return { ok: false, code: 'INVALID_INPUT', message: item.refuse };
        if (item.unsendable === true) return { ok: true, value: () => undefined };
        if (item.values === undefined) return { ok: true, value: null };
        const value = y.data.slice(offset, (offset += item.values.length));
        transfer.push(value.buffer);
        return { ok: true, value };
      });
      return { results, transfer };
    },
  };
}
