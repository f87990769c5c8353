/**
 * Keeps the API pages short, as a plugin of TypeDoc: destructured parameters are called `options` and their fields are
 * listed, inherited members are described only on the page of the class that declares them, and getters are shown like
 * properties. Each room is described as in the architecture page.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Comment,
  Converter,
  DeclarationReflection,
  type ParameterReflection,
  ReferenceType,
  type Reflection,
  ReflectionKind,
} from 'typedoc';
import {
  type MarkdownApplication,
  type MarkdownPageEvent,
  MarkdownTheme,
  MarkdownThemeContext,
} from 'typedoc-plugin-markdown';
import ts from 'typescript';
import { describeOptions } from './option-comments.js';
import { project as root } from './project.js';

const propertiesOptions = { isEventProps: false, kind: ReflectionKind.Interface };

class ShortContext extends MarkdownThemeContext {
  constructor(...input: ConstructorParameters<typeof MarkdownThemeContext>) {
    super(...input);
    const { partials } = this;
    this.partials = {
      ...partials,
      inheritance: () => '',
      memberWithGroups: (model, options) => relationsInOneLine(partials.memberWithGroups(model, options)),
      constructor: ({ signatures = [] }) =>
        signatures
          .map((signature) =>
            [
              partials.signatureTitle(signature),
              signature.comment && partials.comment(signature.comment, { headingLevel: 4, showTags: false }),
              signature.parameters?.length && this.partials.parametersTable(signature.parameters),
              signature.comment &&
                partials.comment(signature.comment, { headingLevel: 3, showSummary: false }),
            ]
              .filter(Boolean)
              .join('\n\n'),
          )
          .join('\n\n'),
      parametersTable: (parameters) =>
        [partials.parametersTable(parameters), ...parameters.map((parameter) => this.#fields(parameter))]
          .filter((text) => text !== '')
          .join('\n\n'),
      accessor: ({ getSignature, setSignature }, { headingLevel }) =>
        [
          getSignature && partials.signatureTitle(getSignature, { accessor: 'get' }),
          setSignature && partials.signatureTitle(setSignature, { accessor: 'set' }),
          getSignature?.comment && partials.comment(getSignature.comment, { headingLevel, showTags: false }),
        ]
          .filter(Boolean)
          .join('\n\n'),
    };
  }

  /** Returns the fields of a parameter that takes an options object; an empty text for any other. */
  #fields({ name, type }: ParameterReflection): string {
    const target = type instanceof ReferenceType ? type.reflection : undefined;
    if (!(target instanceof DeclarationReflection) || !target.kindOf(ReflectionKind.Interface)) return '';
    const fields = target.children ?? [];
    if (!fields.every((field) => field.kindOf(ReflectionKind.Property))) return '';
    // Anchors belong to the page of the options themselves.
    const table = this.partials
      .propertiesTable(fields, propertiesOptions)
      .replaceAll(/<a id="[^"]*"><\/a> /g, '');
    return `Fields of \`${name}\`:\n\n${table}`;
  }
}

/** Replaces the headings and lists of what a class extends and implements by one line for each heading. */
function relationsInOneLine(page: string): string {
  return page.replaceAll(/^#+ (Extends|Implements|Extended by)\n\n((?:- .*\n*)+)/gm, (_, relation, list) => {
    const names = String(list)
      .trim()
      .split('\n')
      .map((line) => line.replace(/^- /, ''))
      // Options are inferred from a schema of zod, whose own type says nothing.
      .filter((name) => !name.startsWith('`input`'));
    return names.length === 0 ? '' : `${relation} ${names.join(', ')}.\n\n`;
  });
}

class ShortTheme extends MarkdownTheme {
  override getRenderContext(page: MarkdownPageEvent<Reflection>): MarkdownThemeContext {
    return new ShortContext(this, page, this.application.options);
  }
}

/** Reads the description of each room, by its name, from the table in the architecture page. */
function roomDescriptions(): Map<string, string> {
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  return new Map(
    [...page.matchAll(/^\| `(\w+)` \| ([^|]*) \|/gm)].map(([, room = '', text = '']) => [
      room,
      `${text.charAt(0).toUpperCase()}${text.slice(1)}.`,
    ]),
  );
}

/** Puts the type of each `@throws {Type} when …` into its text, as TypeDoc drops the types of such tags. */
function nameErrors(signature: Reflection, declaration: ts.Node): void {
  const types = ts
    .getJSDocTags(declaration)
    .filter((tag): tag is ts.JSDocThrowsTag => ts.isJSDocThrowsTag(tag))
    .map(({ typeExpression }) => typeExpression?.type.getText());
  const tags = signature.comment?.blockTags.filter(({ tag }) => tag === '@throws') ?? [];
  for (const [index, { content }] of tags.entries()) {
    const type = types[index];
    if (type) content.unshift({ kind: 'code', text: `\`${type}\`` }, { kind: 'text', text: ' ' });
  }
}

/** Registers the theme, and listeners that change what TypeDoc has read from the sources. */
export function load(app: MarkdownApplication): void {
  const rooms = roomDescriptions();
  describeOptions(app);
  app.renderer.defineTheme('short', ShortTheme);
  app.converter.on(Converter.EVENT_CREATE_SIGNATURE, (_context, signature, declaration) => {
    if (declaration) nameErrors(signature, declaration);
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const reflection of Object.values(project.reflections)) {
      if (reflection.kindOf(ReflectionKind.Parameter) && reflection.name === '__namedParameters') {
        reflection.name = 'options';
      }
      const text = reflection.kindOf(ReflectionKind.Module) && rooms.get(reflection.name);
      if (text) reflection.comment = new Comment([{ kind: 'text', text }]);
    }
  });
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const reflection of Object.values(project.reflections)) {
      const isMember = reflection.parent?.kindOf(ReflectionKind.ClassOrInterface) === true;
      // A member inherited from a class without a page of its own is kept, as no other page describes it.
      if (isMember && (reflection as DeclarationReflection).inheritedFrom?.reflection) {
        project.removeReflection(reflection);
      }
    }
  });
}
