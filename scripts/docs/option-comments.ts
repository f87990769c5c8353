/**
 * Gives fields whose types are inferred from a zod schema the description and the default that the schema states, so that
 * the API pages of options say what the reference of components says.
 */

import { type Application, Comment, Converter, ReflectionKind } from 'typedoc';
import ts from 'typescript';

export function describeOptions(app: Application): void {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Property) || reflection.comment) return;
    const field = context
      .getSymbolFromReflection(reflection)
      ?.declarations?.find((node) => ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node));
    if (field === undefined) return;
    const schema = ts.isPropertyAssignment(field) ? field.initializer : field.name;
    const meaning = argumentOf(schema, { method: 'describe', checker: context.checker });
    const text = meaning && literalText(meaning);
    if (text === undefined) return;
    const standard = argumentOf(schema, { method: 'default', checker: context.checker });
    const rest = standard && defaultText(standard, context.checker);
    reflection.comment = new Comment([{ kind: 'text', text: rest ? `${text} Default: ${rest}.` : text }]);
  });
}

/** Returns the argument of a method in a chain of calls such as `z.number().default(2).describe('…')`. */
function argumentOf(
  chain: ts.Expression,
  { method, checker }: { readonly method: string; readonly checker: ts.TypeChecker },
): ts.Expression | undefined {
  if (ts.isIdentifier(chain)) {
    const initializer = initializerOf(chain, checker);
    return initializer && argumentOf(initializer, { method, checker });
  }
  if (!ts.isCallExpression(chain) || !ts.isPropertyAccessExpression(chain.expression)) return undefined;
  const { name, expression } = chain.expression;
  return name.text === method ? chain.arguments[0] : argumentOf(expression, { method, checker });
}

/** Returns the value of a constant, also of one that another file exports. */
function initializerOf(name: ts.Identifier, checker: ts.TypeChecker): ts.Expression | undefined {
  const shorthand = ts.isShorthandPropertyAssignment(name.parent)
    ? checker.getShorthandAssignmentValueSymbol(name.parent)
    : checker.getSymbolAtLocation(name);
  if (shorthand === undefined) return undefined;
  const symbol = shorthand.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(shorthand) : shorthand;
  const declaration = symbol.valueDeclaration;
  return declaration && ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
}

/** Returns the text of a string, also of one that is joined from parts. */
function literalText(node: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return undefined;
  const [left, right] = [literalText(node.left), literalText(node.right)];
  return left === undefined || right === undefined ? undefined : left + right;
}

/** Returns a default as code; undefined for a name whose value is not written out. */
function defaultText(node: ts.Expression, checker: ts.TypeChecker): string | undefined {
  const value = ts.isIdentifier(node) ? initializerOf(node, checker) : node;
  return value && `\`${value.getText()}\``;
}
