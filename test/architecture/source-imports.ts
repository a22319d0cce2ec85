import ts from 'typescript';
import type { SourceFile } from './source-files.js';

/** One place where a file names another module. `specifier` is undefined where it is computed at run time. */
export interface SourceImport {
  readonly specifier: string | undefined;
  readonly line: number;
}

/**
 * Every import of a file: static, for types, for side effects, re-exports, `import()` as value and as type, and
 * `require()`. Read from the syntax tree, so that strings and comments do not count.
 */
export function importsOf(file: SourceFile): SourceImport[] {
  const tree = parse(file);
  const found: SourceImport[] = [];
  const add = (at: ts.Node, specifier: ts.Node | undefined): void => {
    const line = tree.getLineAndCharacterOfPosition(at.getStart(tree)).line + 1;
    found.push({ specifier: specifier && ts.isStringLiteralLike(specifier) ? specifier.text : undefined, line });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier);
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add(node, node.moduleSpecifier);
    else if (ts.isExternalModuleReference(node)) add(node, node.expression);
    else if (ts.isImportTypeNode(node))
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined);
    else if (ts.isCallExpression(node) && isModuleCall(node)) add(node, node.arguments[0]);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** The syntax tree of a file, with parents set. */
export function parse(file: SourceFile): ts.SourceFile {
  return ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2022, true);
}

function isModuleCall({ expression }: ts.CallExpression): boolean {
  return (
    expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(expression) && expression.text === 'require')
  );
}
