import path from 'node:path';

import ts from 'typescript';

import { isExported, productOf } from './sources.mjs';

const MAX_LINES = 300;
/** A file with one importer and fewer lines of code than this belongs into that importer. */
const SMALL_LINES = 25;

/** Product files over 300 lines. */
export function longFiles(repository) {
  return productOf(repository)
    .filter(({ isGenerated }) => !isGenerated)
    .map((source) => ({ source, lines: source.text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ source, lines }) => ({ file: source.file, line: MAX_LINES + 1, message: `${lines} lines` }));
}

/** Files whose suffix names their role in the framework or in a package. Each role has a separate file. */
const HAS_A_ROLE =
  /(^|\/)index\.ts$|\.(module|dto|error|worker|kernel|controller|processor|guard|pipe|filter|interceptor|task|options)\.ts$/;

/**
 * Small files of functions, constants or types that only one other file imports. Classes, files with a spec, files
 * with a role and files that are loaded only when they are needed are separate.
 */
export function foldable(repository) {
  const product = productOf(repository);
  const importers = new Map();
  const lazy = new Set();
  for (const source of product) {
    for (const { target, isLazy } of source.imports) {
      if (target === null) continue;
      importers.set(target, (importers.get(target) ?? new Set()).add(source.file));
      if (isLazy) lazy.add(target);
    }
  }
  const files = new Set(repository.sources.map(({ file }) => file));
  return product.flatMap((source) => {
    if (HAS_A_ROLE.test(source.file) || lazy.has(source.file)) return [];
    if (files.has(source.file.replace(/\.ts$/, '.spec.ts'))) return [];
    if (source.tree.statements.some((statement) => ts.isClassDeclaration(statement) && isExported(statement)))
      return [];
    const from = [...(importers.get(source.file) ?? [])];
    // Exports of the index are for other packages.
    if (from.length !== 1 || from[0].endsWith('/index.ts')) return [];
    const lines = codeLines(source);
    if (lines >= SMALL_LINES) return [];
    return [{ file: source.file, line: 1, message: `${lines} lines of code, imported by ${from[0]} only` }];
  });
}

/** Lines with a token that is neither a comment nor an import's. */
function codeLines({ tree }) {
  const code = new Set();
  const lineAt = (position) => tree.getLineAndCharacterOfPosition(position).line;
  const step = (node) => {
    if (ts.isImportDeclaration(node) || ts.isJSDoc(node) || node.kind === ts.SyntaxKind.EndOfFileToken)
      return;
    const children = node.getChildren(tree);
    if (children.length === 0 && node.getWidth(tree) > 0)
      for (let line = lineAt(node.getStart(tree)); line <= lineAt(node.getEnd()); line++) code.add(line);
    children.forEach(step);
  };
  step(tree);
  return code.size;
}

/**
 * Sibling folders that import each other. The folder rules of dependency-cruiser also count the parent folder, where
 * nearly everything meets.
 */
export function circles(repository) {
  const graphs = new Map();
  for (const source of repository.sources.filter(({ isProduct }) => isProduct)) {
    for (const { target, line } of source.imports) {
      if (target === null) continue;
      const edge = siblings(source.file, target);
      if (edge === null) continue;
      const graph = graphs.get(edge.parent) ?? new Map();
      graphs.set(edge.parent, graph);
      const targets = graph.get(edge.from) ?? new Map();
      graph.set(edge.from, targets);
      if (!targets.has(edge.to)) targets.set(edge.to, { file: source.file, line, target });
    }
  }
  return [...graphs].flatMap(([parent, graph]) => circlesOf(parent, graph));
}

/** The two sibling folders that an import connects. */
function siblings(from, to) {
  const a = path.posix.dirname(from).split('/');
  const b = path.posix.dirname(to).split('/');
  let depth = 0;
  while (depth < a.length && depth < b.length && a[depth] === b[depth]) depth++;
  if (depth < 3 || depth >= a.length || depth >= b.length) return null;
  return { parent: a.slice(0, depth).join('/'), from: a[depth], to: b[depth] };
}

function circlesOf(parent, graph) {
  const findings = [];
  for (const [from, targets] of graph) {
    for (const [to, { file, line, target }] of targets) {
      const back = way(graph, to, from);
      if (back === null) continue;
      findings.push({
        file,
        line,
        message: `${parent}: ${[from, ...back].join(' -> ')}; here ${from} needs ${path.posix.basename(target)}`,
      });
    }
  }
  return findings;
}

/** The shortest path from one folder to another, including both; null if there is none. */
function way(graph, from, to) {
  const queue = [[from]];
  const seen = new Set([from]);
  for (const route of queue) {
    const last = route.at(-1);
    if (last === to) return route;
    for (const next of graph.get(last)?.keys() ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push([...route, next]);
    }
  }
  return null;
}
