import ts from 'typescript';
import type { SourceFile } from './source-files.js';
import { parse } from './source-imports.js';

/** One `it(...)` with a title written out: the titles from the outermost `describe` inward, joined by ` › `. */
export interface TestTitle {
  readonly title: string;
  readonly where: string;
}

const BLOCKS = new Set(['describe', 'it', 'test']);
const SWITCHED = new Set(['fit', 'fdescribe', 'xit', 'xtest', 'xdescribe']);

/** The full titles of a file's tests. Titles computed at run time are left out: nobody can compare them here. */
export function testTitles(file: SourceFile): TestTitle[] {
  const tree = parse(file);
  const found: TestTitle[] = [];
  const visit = (node: ts.Node, outer: readonly (string | undefined)[]): void => {
    const block = ts.isCallExpression(node) ? blockOf(node) : undefined;
    if (!block || !ts.isCallExpression(node)) return ts.forEachChild(node, (child) => visit(child, outer));
    const [first] = node.arguments;
    const titles = [...outer, first && ts.isStringLiteralLike(first) ? first.text : undefined];
    if (block !== 'describe' && titles.every((title) => title !== undefined)) {
      found.push({ title: titles.join(' › '), where: `${file.path}:${lineOf(tree, node)}` });
    }
    for (const argument of node.arguments) visit(argument, titles);
  };
  visit(tree, []);
  return found;
}

/** Titles that stand in two places, with both places. Two tests of one name: a report cannot say which one failed. */
export function duplicateTitles(files: readonly SourceFile[]): string[] {
  const places = new Map<string, string[]>();
  for (const { title, where } of files.flatMap(testTitles)) places.set(title, [...(places.get(title) ?? []), where]);
  return [...places].filter(([, where]) => where.length > 1).map(([title, where]) => `"${title}": ${where.join(', ')}`);
}

/** Tests that are switched off or that switch off the others. `.only` never; `.skip` and `.todo` with a reason beside it. */
export function switchedTests(file: SourceFile): string[] {
  const tree = parse(file);
  const lines = file.text.split('\n');
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    const word = switchOf(node);
    if (word === undefined) return;
    const line = lineOf(tree, node);
    const reason = [lines[line - 1], lines[line - 2]].some((text) => /(^|\s)\/\/ ?\S{2,}/.test(text ?? ''));
    if (word === 'only') found.push(`${file.path}:${line} runs alone: the others of its file are silently left out`);
    else if (!reason) found.push(`${file.path}:${line} is switched off without a reason in a comment beside it`);
  };
  visit(tree);
  return found;
}

/** `describe`, `it` or `test` if the call declares a block: `it(…)`, `it.each(table)(…)`, `describe.skip(…)`. */
function blockOf({ expression, arguments: given }: ts.CallExpression): string | undefined {
  if (given.length === 0) return undefined;
  const root =
    ts.isCallExpression(expression) || ts.isTaggedTemplateExpression(expression) ? eachOf(expression) : expression;
  return root && baseOf(root);
}

/** `it.each` of `it.each(table)` or of a tagged template. */
function eachOf(call: ts.CallExpression | ts.TaggedTemplateExpression): ts.Expression | undefined {
  const callee = ts.isCallExpression(call) ? call.expression : call.tag;
  return ts.isPropertyAccessExpression(callee) && callee.name.text === 'each' ? callee.expression : undefined;
}

function baseOf(expression: ts.Expression): string | undefined {
  if (ts.isIdentifier(expression)) return BLOCKS.has(expression.text) ? expression.text : undefined;
  if (!ts.isPropertyAccessExpression(expression) || expression.name.text === 'each') return undefined;
  return baseOf(expression.expression);
}

function switchOf(node: ts.Node): 'only' | 'skip' | undefined {
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && SWITCHED.has(node.expression.text)) {
    return node.expression.text.startsWith('f') ? 'only' : 'skip';
  }
  if (!ts.isPropertyAccessExpression(node) || baseOf(node.expression) === undefined) return undefined;
  const word = node.name.text;
  if (word === 'only') return 'only';
  return word === 'skip' || word === 'todo' || word === 'failing' ? 'skip' : undefined;
}

function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}
