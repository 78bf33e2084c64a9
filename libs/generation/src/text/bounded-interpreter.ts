import * as library from '@huggingface/jinja';

/** A node of a parsed template. */
export interface TemplateNode {
  readonly type: string;
  /** The list of a loop. */
  readonly iterable?: TemplateNode;
  /** The filter of an expression or block, as a call where it has arguments. */
  readonly filter?: {
    readonly callee?: { readonly value?: unknown };
    readonly args?: readonly ArgumentNode[];
  };
}

/** An argument, by position or by name. */
interface ArgumentNode extends TemplateNode {
  readonly value?: TemplateNode;
}

/** A value of a template: a text, a list, a map, or anything that holds no others. */
interface TemplateValue {
  readonly value: unknown;
}

/** The variables of a part of a template. */
interface Scope {
  set(name: string, value: unknown): void;
}

/** The library's parts that its own types leave open: they cannot be resolved by Node's rules for modules. */
const jinja = library as unknown as {
  readonly Environment: new () => Scope;
  readonly Interpreter: new (global: Scope) => {
    evaluate(node: TemplateNode | undefined, scope: Scope): TemplateValue;
    run(program: TemplateNode): TemplateValue;
  };
  readonly tokenize: (source: string, options: object) => unknown;
  readonly parse: (tokens: unknown) => TemplateNode;
};

/** Numbers that one range() may have. */
const MAX_RANGE = 100_000;
/** Nodes of the template that one rendering may evaluate: seconds. */
const MAX_STEPS = 3_000_000;
/** Steps that one entry of a loop counts for: its variables cost more than what is evaluated with them. */
const STEPS_PER_ENTRY = 20;
/** Columns of an indentation: it is made before its text can be weighed. */
const MAX_INDENTATION = 1_000;
/** Filters that indent by their argument. */
const INDENTS: ReadonlySet<unknown> = new Set(['indent', 'tojson']);
/** Weight of one value, in characters. */
const MAX_VALUE_WEIGHT = 32 * 1024 * 1024;
/** Weight of all values that one rendering makes, in characters. */
const MAX_TOTAL_WEIGHT = 256 * 1024 * 1024;
/** Weight of a list's or an object's entry, beside its content. */
const ENTRY_WEIGHT = 16;

/** Nodes whose value was there before. */
const MAKES_NOTHING: ReadonlySet<string> = new Set(['Identifier', 'MemberExpression']);

/** @throws when the source is not a template */
export function parseTemplate(source: string): TemplateNode {
  return jinja.parse(jinja.tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
}

/** A template asks for more than a rendering may use: the template's fault, whatever the messages are. */
export class TemplateBoundError extends Error {
  override readonly name = 'TemplateBoundError';
}

/**
 * Renders templates within bounds. V8 ends the whole process, not the thread, when a single list grows too large, so
 * the bounds are checked as values are made.
 */
export class BoundedInterpreter extends jinja.Interpreter {
  readonly #iterables = new Set<TemplateNode>();
  readonly #indentations = new Set<TemplateNode>();
  #steps = 0;
  #totalWeight = 0;

  /** @param variables - what the template may refer to, beside the usual functions */
  constructor(variables: Readonly<Record<string, unknown>>) {
    super(environment(variables));
  }

  override evaluate(node: TemplateNode | undefined, scope: Scope): TemplateValue {
    if (node === undefined) return super.evaluate(node, scope);
    this.#note(node);
    this.#step(1);
    const value = super.evaluate(node, scope);
    const content = value.value;
    // A loop over many entries takes its time even when nothing is evaluated in it.
    if (Array.isArray(content) && this.#iterables.has(node)) this.#step(content.length * STEPS_PER_ENTRY);
    if (typeof content === 'number' && content > MAX_INDENTATION && this.#indentations.has(node))
      throw new TemplateBoundError(
        `it indents by ${String(content)}, the limit is ${String(MAX_INDENTATION)}`,
      );
    if (!MAKES_NOTHING.has(node.type)) this.#weigh(value);
    return value;
  }

  /** Remembers the parts of a node whose values are bounded. */
  #note({ iterable, filter }: TemplateNode): void {
    if (iterable !== undefined) this.#iterables.add(iterable);
    if (filter?.args === undefined || !INDENTS.has(filter.callee?.value)) return;
    for (const argument of filter.args)
      this.#indentations.add(
        argument.type === 'KeywordArgumentExpression' && argument.value !== undefined
          ? argument.value
          : argument,
      );
  }

  #step(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS)
      throw new TemplateBoundError(`it takes more than ${String(MAX_STEPS)} steps`);
  }

  #weigh(value: TemplateValue): void {
    this.#totalWeight += weightOf(value);
    if (this.#totalWeight > MAX_TOTAL_WEIGHT)
      throw new TemplateBoundError(`its values exceed ${String(MAX_TOTAL_WEIGHT)} characters in all`);
  }
}

function environment(variables: Readonly<Record<string, unknown>>): Scope {
  const global = new jinja.Environment();
  const constants = { true: true, false: false, none: null, True: true, False: false, None: null };
  for (const [name, value] of Object.entries({ ...constants, ...FUNCTIONS, ...variables }))
    global.set(name, value);
  return global;
}

const FUNCTIONS = {
  raise_exception: (message: string): never => {
    throw new Error(message);
  },
  range: boundedRange,
  strftime_now: (format: string): string =>
    new library.Template('{{ strftime_now(format) }}').render({ format }),
};

function boundedRange(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  if (step === 0) throw new Error('range() step must not be zero');
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > MAX_RANGE)
    throw new TemplateBoundError(`range() has ${String(length)} numbers, the limit is ${String(MAX_RANGE)}`);
  return Array.from({ length }, (_, index) => start + index * step);
}

/** Characters of a value, with all that it holds; what it holds twice counts twice, as when it is written. */
function weightOf(value: TemplateValue): number {
  let weight = 0;
  const left: TemplateValue[] = [value];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const content: unknown = next.value;
    if (typeof content === 'string') weight += content.length;
    else if (Array.isArray(content) || content instanceof Map) {
      weight += ENTRY_WEIGHT * (content instanceof Map ? content.size : content.length);
      if (weight <= MAX_VALUE_WEIGHT)
        for (const entry of content.values() as Iterable<TemplateValue>) left.push(entry);
    }
    if (weight > MAX_VALUE_WEIGHT)
      throw new TemplateBoundError(`a value exceeds ${String(MAX_VALUE_WEIGHT)} characters`);
  }
  return weight;
}
