import ts from 'typescript';

import { at, isExported, productOf, walk } from './sources.mjs';

/** An exported name that two files declare: one word, one thing. */
export function doubleExports(repository) {
  const places = new Map();
  for (const source of productOf(repository)) {
    // Modules that threads load by URL each export the same name.
    if (source.isGenerated || /(\.kernel|-session-factory)\.ts$/.test(source.file)) continue;
    const seen = new Set();
    for (const { name, node } of exportsOf(source)) {
      // Overloads, and a type with the name of its value, are one thing.
      if (seen.has(name)) continue;
      seen.add(name);
      if (!places.has(name)) places.set(name, []);
      places.get(name).push({ source, node });
    }
  }
  return [...places].flatMap(([name, found]) =>
    found.length < 2
      ? []
      : found.map(({ source, node }) =>
          at(source, node, `${name} is exported ${found.length} times: ${others(found, source)}`),
        ),
  );
}

function others(found, source) {
  return found
    .filter((place) => place.source !== source)
    .map((place) => `also ${place.source.file}`)
    .join(', ');
}

function exportsOf(source) {
  const exported = [];
  for (const statement of source.tree.statements) {
    if (ts.isVariableStatement(statement)) {
      if (statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) !== true) continue;
      for (const declaration of statement.declarationList.declarations)
        if (ts.isIdentifier(declaration.name))
          exported.push({ name: declaration.name.text, node: declaration });
    } else if (statement.name !== undefined && ts.isIdentifier(statement.name) && isExported(statement)) {
      exported.push({ name: statement.name.text, node: statement });
    }
  }
  return exported;
}

/** Names that frameworks and the language call. */
const CALLED_BY_OTHERS =
  /^(on(Module|Application)\w+|beforeApplicationShutdown|transform|intercept|canActivate|catch|use|configure|process|toJSON|toString|constructor|name|cause|verbose|override|forRoot(Async)?|register(Async)?)$/;

/** Public members of exported classes and interfaces that no product code reads. */
export function unreadMembers(repository) {
  const product = productOf(repository).filter(({ isGenerated }) => !isGenerated);
  const read = new Set();
  for (const source of product) collectReads(source, read);
  return product.flatMap((source) =>
    membersOf(source)
      .filter(({ name }) => !read.has(name))
      .map(({ name, owner, node }) => at(source, node, `${owner}.${name} is read by nothing`)),
  );
}

/** Members of JSON replies, which callers read, and of fields' docs, which become OpenAPI. */
const LEAVES_AS_JSON = /(View|Description|Statistics|Envelope|Dto|Body|Report|Row|Docs)$/;

function membersOf(source) {
  const members = [];
  for (const statement of source.tree.statements) {
    if (!ts.isClassDeclaration(statement) && !ts.isInterfaceDeclaration(statement)) continue;
    if (!isExported(statement) || LEAVES_AS_JSON.test(statement.name?.text)) continue;
    const isClass = ts.isClassDeclaration(statement);
    // A class of a framework has members that the framework calls.
    const extendsOther = isClass && (statement.heritageClauses?.length ?? 0) > 0;
    for (const node of statement.members) {
      if (node.name === undefined || !ts.isIdentifier(node.name)) continue;
      const name = node.name.text;
      // Names with underscores are part of JSON, too.
      if (name.includes('_') || CALLED_BY_OTHERS.test(name)) continue;
      if (isClass && (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0) continue;
      if (isClass && (ts.getDecorators(node)?.length ?? 0) > 0) continue;
      if (extendsOther && (ts.isMethodDeclaration(node) || ts.isAccessor(node))) continue;
      members.push({ name, owner: statement.name?.text ?? 'default', node });
    }
  }
  return members;
}

function collectReads(source, read) {
  walk(source, (node) => {
    if (ts.isPropertyAccessExpression(node)) {
      if (!isWriteOnly(node)) read.add(node.name.text);
    } else if (ts.isBindingElement(node)) {
      read.add((node.propertyName ?? node.name).getText(source.tree));
    } else if (ts.isStringLiteralLike(node)) {
      read.add(node.text);
    } else if (ts.isIndexedAccessTypeNode(node)) {
      read.add(node.indexType.getText(source.tree).replaceAll(/['"]/g, ''));
    }
  });
}

/** `x.count = 1`, `x.count += 1` and `x.count++` as statements, which do not read the value. */
function isWriteOnly(node) {
  const { parent } = node;
  if (ts.isBinaryExpression(parent) && parent.left === node) {
    const operator = parent.operatorToken.kind;
    if (operator === ts.SyntaxKind.EqualsToken) return true;
    if (operator >= ts.SyntaxKind.FirstCompoundAssignment && operator <= ts.SyntaxKind.LastCompoundAssignment)
      return ts.isExpressionStatement(parent.parent);
  }
  return (
    (ts.isPostfixUnaryExpression(parent) || ts.isPrefixUnaryExpression(parent)) &&
    (parent.operator === ts.SyntaxKind.PlusPlusToken || parent.operator === ts.SyntaxKind.MinusMinusToken) &&
    ts.isExpressionStatement(parent.parent)
  );
}
