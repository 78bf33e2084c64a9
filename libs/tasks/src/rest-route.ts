import type { RateLimitBucket } from '@aerie/contracts';
import type { BatchTypes } from './batch-types.js';
import type { RouteResources } from './route-resources.js';

/** Limits on bodies that settings decide. */
export interface BodyLimits {
  /** MAX_EMBED_TEXTS */
  readonly maxTexts: number;
}

/**
 * A route of a task over REST: one object, read by the route itself, its jobs and job batches alike. A job carries the
 * body as it was checked, and the same class checks it when the job runs.
 *
 * @typeParam Body what callers send
 * @typeParam Input what the body asks for
 */
export interface RestRoute<Kind extends string, Body extends object, Input> {
  /** The last part of `/api/v1/<name>`, and the name of the task in jobs and job batches. */
  readonly name: string;
  /** The kind of the task whose models serve it. */
  readonly kind: Kind;
  /** Where its requests are counted. */
  readonly bucket: RateLimitBucket;
  /** Checks the fields of a body, one by one. */
  readonly dto: new () => Body;
  /** For routes that also take an image in a form. */
  readonly upload?: UploadForm<Input>;
  readonly docs: RouteDocs;
  /** @throws AerieError VALIDATION_ERROR for fields that do not go together, or beyond a limit */
  toInput(body: Body, limits: BodyLimits): Input;
}

/** A form with one file, named `image`. */
export interface UploadForm<Input> {
  /** Checks the fields beside the file. */
  readonly dto: new () => object;
  /** The whole form, for the documentation. */
  readonly form: new () => object;
  toInput(fields: object, file: Uint8Array): Input;
  /** The JSON body that asks for the same. */
  toBody(fields: object, file: Uint8Array): object;
}

/** Documentation of a route. */
export interface RouteDocs {
  /** Summary of the route that submits it as a job. */
  readonly jobSummary: string;
  /** Documents the reply. */
  readonly reply: new () => object;
}

/** Types of a route, in addition to those of its task. */
export interface RouteTypes extends BatchTypes {
  /** The body of the request. */
  readonly body: object;
  /** The parsed request. */
  readonly input: unknown;
  /** The body of the response, and the result of a job. */
  readonly reply: object;
}

/** The results of a request, none of them refused. */
export interface RouteOutcome<Types extends BatchTypes> {
  /** In the order of the items. */
  readonly results: readonly Types['result'][];
  readonly details: Types['details'];
  readonly model: string;
  readonly version: string;
  readonly inferenceTimeMs: number;
}

/** A route of a task whose models run in batches. */
export interface BatchRoute<Kind extends string, Types extends RouteTypes> extends RestRoute<
  Kind,
  Types['body'],
  Types['input']
> {
  /** Further paths of the route, in addition to `/api/v1/<name>`. */
  readonly aliases?: readonly string[];
  readonly docs: RouteDocs & {
    readonly summary: string;
    readonly description: string;
    readonly reply: new () => Types['reply'];
  };
  /** Name of an item in messages, such as `text`. */
  readonly itemName: string;
  /** Fetches the addresses of the input. Runs before a model is loaded or leased. */
  fetch?(input: Types['input'], resources: RouteResources, signal?: AbortSignal): Promise<Types['input']>;
  /** The model's items, at least one. */
  toItems(
    input: Types['input'],
    details: Types['details'],
    resources: RouteResources,
    signal?: AbortSignal,
  ): readonly Types['item'][] | Promise<readonly Types['item'][]>;
  /** Whether JSON can represent all numbers of a result, which excludes NaN and infinities. */
  isFinite(result: Types['result']): boolean;
  toReply(outcome: RouteOutcome<Types>): Types['reply'];
}
