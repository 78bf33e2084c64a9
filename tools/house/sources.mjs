import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

import ts from 'typescript';

/**
 * The repository for the checks.
 *
 * @typedef {object} Source
 * @property {string} file path from the root, with slashes
 * @property {string} text
 * @property {import('typescript').SourceFile} tree
 * @property {boolean} isProduct neither a spec nor test support
 * @property {boolean} isGenerated
 * @property {Workspace} workspace
 * @property {Import[]} imports
 *
 * @typedef {{ specifier: string, line: number, target: string | null, typeOnly: boolean, isLazy: boolean }} Import
 * @typedef {{ folder: string, manifest: any, sources: Source[] }} Workspace
 * @typedef {{ file: string, line: number, message: string }} Finding
 */

const TESTS = /\.spec\.ts$|\/testing\/|\/test-fixtures\/|^libs\/test-support\//;

/** Reads every TypeScript source of apps and libs. */
export function readRepository(root) {
  const workspaces = ['libs', 'apps'].flatMap((group) =>
    readdirSync(path.join(root, group)).map((name) => `${group}/${name}`),
  );
  const repository = { root, manifest: readJson(root, 'package.json'), workspaces: [], sources: [] };
  for (const folder of workspaces) {
    const src = path.join(root, folder, 'src');
    if (!existsSync(src)) continue;
    const workspace = { folder, manifest: readJson(root, `${folder}/package.json`), sources: [] };
    for (const name of readdirSync(src, { recursive: true }).sort()) {
      if (!name.endsWith('.ts') || name.endsWith('.d.ts')) continue;
      workspace.sources.push(readSource(root, `${folder}/src/${name.replaceAll(path.sep, '/')}`, workspace));
    }
    repository.workspaces.push(workspace);
    repository.sources.push(...workspace.sources);
  }
  return repository;
}

export const productOf = ({ sources }) => sources.filter(({ isProduct }) => isProduct);

/** Calls `visit` with every node of a source. */
export function walk(source, visit) {
  const step = (node) => {
    visit(node);
    ts.forEachChild(node, step);
  };
  step(source.tree);
}

/** A finding at a node. */
export function at(source, node, message) {
  return { file: source.file, line: lineOf(source.tree, node), message };
}

export const isExported = (node) => (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Export) !== 0;

function readSource(root, file, workspace) {
  const text = readFileSync(path.join(root, file), 'utf8');
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const source = {
    file,
    text,
    tree,
    workspace,
    isProduct: !TESTS.test(file),
    isGenerated: /_pb\.ts$/.test(file),
  };
  source.imports = importsOf(root, source);
  return source;
}

function importsOf(root, source) {
  const imports = [];
  const add = (node, typeOnly, isLazy = false) => {
    if (node === undefined || !ts.isStringLiteralLike(node)) return;
    imports.push({
      specifier: node.text,
      line: lineOf(source.tree, node),
      target: resolveRelative(root, source.file, node.text),
      typeOnly,
      isLazy,
    });
  };
  /** The module of a thread: `new URL('./x.js', import.meta.url)`. Most other URLs are not modules. */
  const addAddress = (node) => {
    if (node !== undefined && ts.isStringLiteralLike(node) && node.text.startsWith('.'))
      add(node, false, true);
  };
  walk(source, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.isTypeOnly === true);
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && loads(node)) add(node.arguments[0], false, true);
    else if (ts.isNewExpression(node) && node.expression.getText(source.tree) === 'URL')
      addAddress(node.arguments?.[0]);
  });
  return imports.filter(({ specifier, target }) => target !== null || !specifier.startsWith('.'));
}

/** `import('x')`, `require('x')` and `require.resolve('x')`. */
function loads(call) {
  if (call.expression.kind === ts.SyntaxKind.ImportKeyword) return true;
  const text = call.expression.getText();
  return text === 'require' || text === 'require.resolve' || text === 'import.meta.resolve';
}

function resolveRelative(root, from, specifier) {
  if (!specifier.startsWith('.')) return null;
  const file = path.posix.join(path.posix.dirname(from), specifier).replace(/\.js$/, '.ts');
  return existsSync(path.join(root, file)) && file.endsWith('.ts') ? file : null;
}

const lineOf = (tree, node) => tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;

function readJson(root, file) {
  const full = path.join(root, file);
  return existsSync(full) ? JSON.parse(readFileSync(full, 'utf8')) : null;
}
