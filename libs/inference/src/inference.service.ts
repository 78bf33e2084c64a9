import { AerieError, capitalized } from '@aerie/contracts';
import type { InferenceOutcome, InferenceStats, LoadedModels, ModelRegistry } from '@aerie/model-registry';
import type { BatchRoute, BatchTaskKind, RouteResources, RouteTypes } from '@aerie/tasks';
import { type InferenceCall, type ServedBy, inferenceTimeMs } from './inference-call.js';

/** Options for running the items of a request. */
export interface RunOptions {
  /** Items that run between two checks of the signal. Default: all. */
  readonly itemsAtOnce?: number;
  /** Called with the progress, 0..1. */
  readonly onProgress?: (fraction: number) => void;
}

/** A loaded model for a route. */
interface RouteModel<Types extends RouteTypes> {
  readonly name: string;
  readonly version: string;
  readonly details: Types['details'];
  infer(items: readonly Types['item'][], call: InferenceCall): Promise<InferenceOutcome<Types['result']>>;
}

/** Serves the routes of tasks whose models run in batches. */
export class InferenceService {
  readonly #registry: Pick<ModelRegistry, 'use' | 'resolve'>;
  readonly #resources: RouteResources;

  constructor(registry: Pick<ModelRegistry, 'use' | 'resolve'>, resources: RouteResources) {
    this.#registry = registry;
    this.#resources = resources;
  }

  /** @throws AerieError such as INVALID_INPUT, MODEL_NOT_FOUND, OVERLOADED or TIMEOUT */
  async run<Kind extends BatchTaskKind, Types extends RouteTypes>(
    route: BatchRoute<Kind, Types>,
    input: Types['input'],
    call: InferenceCall,
    options: RunOptions = {},
  ): Promise<{ readonly reply: Types['reply']; readonly servedBy: ServedBy }> {
    const fetched = route.fetch === undefined ? input : await this.#fetch(route, input, call);
    return this.#registry.use(route.kind, call, call.signal, async (loaded: LoadedModels[Kind]) => {
      // The models of the route's kind take the items of its task.
      const model = loaded as RouteModel<Types>;
      const { name, version, details } = model;
      const items = await route.toItems(fetched, details, this.#resources, call.signal);
      const { results, stats } = await runItems(route, model, items, call, options);
      return {
        reply: route.toReply({
          results,
          details,
          model: name,
          version,
          inferenceTimeMs: inferenceTimeMs(stats),
        }),
        servedBy: { model: name, version, stats },
      };
    });
  }

  async #fetch<Kind extends BatchTaskKind, Types extends RouteTypes>(
    route: BatchRoute<Kind, Types>,
    input: Types['input'],
    call: InferenceCall,
  ): Promise<Types['input']> {
    // An unknown model is reported before anything is fetched.
    this.#registry.resolve(route.kind, call);
    return route.fetch?.(input, this.#resources, call.signal);
  }
}

/** @throws AerieError with an item's own code if it was refused */
async function runItems<Types extends RouteTypes>(
  route: BatchRoute<string, Types>,
  model: RouteModel<Types>,
  items: readonly Types['item'][],
  call: InferenceCall,
  { itemsAtOnce = items.length, onProgress }: RunOptions,
): Promise<{ readonly results: readonly Types['result'][]; readonly stats: InferenceStats }> {
  const results: Types['result'][] = [];
  const parts: InferenceStats[] = [];
  for (let from = 0; from < items.length; from += itemsAtOnce) {
    call.signal?.throwIfAborted();
    const part = await model.infer(items.slice(from, from + itemsAtOnce), call);
    for (const result of part.results) {
      const item = items.length === 1 ? `the ${route.itemName}` : `${route.itemName} ${results.length}`;
      if (!result.ok) throw new AerieError(result.code, `${capitalized(item)} ${result.message}.`);
      if (!route.isFinite(result.value)) throw notFinite(model, item);
      results.push(result.value);
    }
    parts.push(part.stats);
    onProgress?.(Math.min(1, (from + itemsAtOnce) / items.length));
  }
  return { results, stats: total(parts) };
}

function total([first, ...rest]: readonly InferenceStats[]): InferenceStats {
  if (first === undefined) throw new Error('A request has no items. This is a bug.');
  return rest.reduce(
    (sum, part) => ({
      queueMs: sum.queueMs + part.queueMs,
      preprocessMs: sum.preprocessMs + part.preprocessMs,
      computeMs: sum.computeMs + part.computeMs,
      postprocessMs: sum.postprocessMs + part.postprocessMs,
      batchSize: Math.max(sum.batchSize, part.batchSize),
    }),
    first,
  );
}

/** JSON would write such numbers as null. */
function notFinite({ name, version }: RouteModel<RouteTypes>, item: string): AerieError {
  const message = `The model ${name}, version ${version}, returned numbers that are not finite for ${item}: the model is damaged or cannot process this input.`;
  return new AerieError('INTERNAL', message);
}
