/** A member of an {@link IndexedHeap}. Only the heap writes `heapIndex`: the member's position, -1 outside the heap. */
export interface HeapNode {
  heapIndex: number;
}

/** A binary heap whose members know their position, so that any of them can be moved or removed in O(log n). */
export class IndexedHeap<T extends HeapNode> {
  readonly #isBefore: (a: T, b: T) => boolean;
  readonly #nodes: T[] = [];

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#nodes.length;
  }

  /** The member before all others. */
  peek(): T | undefined {
    return this.#nodes[0];
  }

  push(node: T): void {
    this.#nodes.push(node);
    this.#up(node, this.#nodes.length - 1);
  }

  /** Moves a member whose key has changed. */
  update(node: T): void {
    this.#up(node, node.heapIndex);
    this.#down(node, node.heapIndex);
  }

  /** Removes `node`; does nothing if it is not in the heap. */
  remove(node: T): void {
    const index = node.heapIndex;
    if (index < 0) return;
    node.heapIndex = -1;
    const last = this.#nodes.pop();
    if (last === undefined || last === node) return;
    last.heapIndex = index;
    this.#nodes[index] = last;
    this.update(last);
  }

  #up(node: T, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#nodes[parentIndex];
      if (parent === undefined || !this.#isBefore(node, parent)) break;
      this.#put(parent, index);
      index = parentIndex;
    }
    this.#put(node, index);
  }

  #down(node: T, from: number): void {
    let index = from;
    for (;;) {
      const leftIndex = 2 * index + 1;
      const left = this.#nodes[leftIndex];
      if (left === undefined) break;
      const right = this.#nodes[leftIndex + 1];
      const child = right !== undefined && this.#isBefore(right, left) ? right : left;
      if (!this.#isBefore(child, node)) break;
      const childIndex = child.heapIndex;
      this.#put(child, index);
      index = childIndex;
    }
    this.#put(node, index);
  }

  #put(node: T, index: number): void {
    this.#nodes[index] = node;
    node.heapIndex = index;
  }
}
