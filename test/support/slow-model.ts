import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
/* eslint-disable no-restricted-imports -- what the engine's own specs make models with is not part of its package */
import { newNode } from '../../libs/engine/src/onnx/graph/model-graph.js';
import { onnxModel } from '../../libs/engine/src/testing/onnx-models.js';

const SIDE = 224;

/** Writes an image model of three classes whose run multiplies each channel with itself `products` times. */
export function writeSlowImageModel(repository: string, name: string, products: number): void {
  const nodes = Array.from({ length: products }, (_, i) =>
    newNode({ op: 'MatMul', inputs: [i === 0 ? 'x' : `m${String(i)}`, 'x'], output: `m${String(i + 1)}` }),
  );
  const mean = newNode({
    op: 'ReduceMean',
    inputs: [`m${String(products)}`],
    output: 'y',
    ints: { axes: [2, 3], keepdims: 0 },
  });
  mkdirSync(join(repository, name, '1'), { recursive: true });
  writeFileSync(
    join(repository, name, '1', 'model.onnx'),
    onnxModel({ nodes: [...nodes, mean], inputShape: ['batch', 3, SIDE, SIDE] }),
  );
  writeFileSync(join(repository, name, 'labels.txt'), 'red\ngreen\nblue\n');
  writeFileSync(
    join(repository, name, 'model.json'),
    JSON.stringify({
      task: 'image-classification',
      labels: 'labels.txt',
      // Small values: their products stay finite.
      image: { width: SIDE, height: SIDE, mean: [0, 0, 0], std: [1e6, 1e6, 1e6] },
    }),
  );
}
