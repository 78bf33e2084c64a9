import type { KvBlock } from './decoder.js';

/** A block of cached tokens. */
interface Node {
  readonly parent: Node | null;
  readonly tokens: readonly number[];
  block: KvBlock;
  /** Prefilled in a whole chunk on exact predecessors: bit-identical to prefilling it again. */
  exact: boolean;
  readonly children: Map<string, Node>;
}

/** A cached block that matches the next tokens of a prompt. */
export interface PrefixMatch {
  readonly block: KvBlock;
  /** Tokens in the block. */
  readonly blockTokens: number;
  /** Number of its leading tokens that the prompt shares. */
  readonly count: number;
  readonly exact: boolean;
}

/** Partial matches shorter than this are not worth copying. */
const SMALLEST_PART = 4;

/**
 * Keys and values of earlier prompts, as a tree of blocks keyed by their tokens.
 * Bounded in bytes; the least recently used leaf is removed first.
 */
export class PrefixCache {
  readonly #endsOf: (tokens: readonly number[]) => readonly number[];
  readonly #maxBytes: number;
  readonly #roots = new Map<string, Node>();
  /** Every node, least recently used first; a parent is always used after its children. */
  readonly #order = new Set<Node>();
  #bytes = 0;

  /** @param endsOf ends of a prompt's whole blocks, the chunks in which it is prefilled; the last may be beyond it. */
  constructor(endsOf: (tokens: readonly number[]) => readonly number[], maxBytes: number) {
    this.#endsOf = endsOf;
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The longest known prefix of `tokens`, block by block. With `exactOnly`, whole exact blocks only, so that the
   * answer cannot depend on earlier requests. Never all of `tokens`, because the last one must be run for its logits.
   */
  match(tokens: readonly number[], exactOnly: boolean): readonly PrefixMatch[] {
    const matches: PrefixMatch[] = [];
    let node: Node | null = null;
    let at = 0;
    const limit = tokens.length - 1;
    for (const end of this.#endsOf(tokens)) {
      const children: ReadonlyMap<string, Node> = node === null ? this.#roots : node.children;
      const whole = children.get(keyOf(tokens.slice(at, end)));
      if (whole === undefined || end > limit || (exactOnly && !whole.exact)) break;
      matches.push(matchOf(whole, end - at));
      node = whole;
      at = end;
    }
    if (!exactOnly) {
      const part = bestPart(node === null ? this.#roots : node.children, tokens, at, limit);
      if (part !== null) {
        matches.push(part.match);
        node = part.node;
      }
    }
    this.#touch(node);
    return matches;
  }

  /**
   * Keeps the keys and values of a sequence from its start on.
   *
   * @param exactTokens how many leading tokens were prefilled in whole chunks, or came from such blocks.
   * @param read copies a range of the sequence out of its row; called only for ranges that are not cached yet.
   */
  store(
    tokens: readonly number[],
    exactTokens: number,
    read: (start: number, count: number) => KvBlock,
  ): void {
    if (this.#maxBytes === 0) return;
    let node: Node | null = null;
    let at = 0;
    for (const end of this.#endsOf(tokens)) {
      const start = at;
      const part = tokens.slice(start, end);
      const exact = end <= exactTokens;
      at = end;
      const children: Map<string, Node> = node === null ? this.#roots : node.children;
      const key = keyOf(part);
      const known = children.get(key);
      if (known !== undefined) {
        if (exact && !known.exact) {
          known.block = read(start, part.length);
          known.exact = true;
        }
        node = known;
        continue;
      }
      if (part.length < SMALLEST_PART) break;
      const added: Node = {
        parent: node,
        tokens: part,
        block: read(start, part.length),
        exact,
        children: new Map(),
      };
      children.set(key, added);
      this.#order.add(added);
      this.#bytes += added.block.byteLength;
      node = added;
    }
    this.#touch(node);
    this.#evict();
  }

  clear(): void {
    this.#roots.clear();
    this.#order.clear();
    this.#bytes = 0;
  }

  #touch(node: Node | null): void {
    for (let at = node; at !== null; at = at.parent) {
      if (!this.#order.delete(at)) return;
      this.#order.add(at);
    }
  }

  #evict(): void {
    for (const node of this.#order) {
      if (this.#bytes <= this.#maxBytes) return;
      if (node.children.size > 0) continue;
      (node.parent === null ? this.#roots : node.parent.children).delete(keyOf(node.tokens));
      this.#order.delete(node);
      this.#bytes -= node.block.byteLength;
    }
  }
}

function keyOf(tokens: readonly number[]): string {
  return tokens.join(' ');
}

function matchOf(node: Node, count: number): PrefixMatch {
  return { block: node.block, blockTokens: node.tokens.length, count, exact: node.exact };
}

function bestPart(
  children: ReadonlyMap<string, Node>,
  tokens: readonly number[],
  at: number,
  limit: number,
): { readonly node: Node; readonly match: PrefixMatch } | null {
  let best: Node | null = null;
  let longest = SMALLEST_PART - 1;
  for (const node of children.values()) {
    let count = 0;
    while (count < node.tokens.length && at + count < limit && node.tokens[count] === tokens[at + count])
      count++;
    if (count > longest) {
      best = node;
      longest = count;
    }
  }
  return best === null ? null : { node: best, match: { ...matchOf(best, longest), exact: false } };
}
