/**
 * A TypeDoc plugin that keeps the API pages short: destructured parameters are called `options`, inherited members are
 * described on the page of the class that brings them, and getters read like properties.
 */

import { Converter, type DeclarationReflection, type Reflection, ReflectionKind } from 'typedoc';
import {
  type MarkdownApplication,
  type MarkdownPageEvent,
  MarkdownTheme,
  MarkdownThemeContext,
} from 'typedoc-plugin-markdown';

class ShortContext extends MarkdownThemeContext {
  constructor(...input: ConstructorParameters<typeof MarkdownThemeContext>) {
    super(...input);
    const { comment, signatureTitle } = this.partials;
    this.partials = {
      ...this.partials,
      inheritance: () => '',
      accessor: ({ getSignature, setSignature }, { headingLevel }) =>
        [
          getSignature && signatureTitle(getSignature, { accessor: 'get' }),
          setSignature && signatureTitle(setSignature, { accessor: 'set' }),
          getSignature?.comment && comment(getSignature.comment, { headingLevel, showTags: false }),
        ]
          .filter(Boolean)
          .join('\n\n'),
    };
  }
}

class ShortTheme extends MarkdownTheme {
  override getRenderContext(page: MarkdownPageEvent<Reflection>): MarkdownThemeContext {
    return new ShortContext(this, page, this.application.options);
  }
}

/** Registers the theme and the changes of what TypeDoc read from the sources. */
export function load(app: MarkdownApplication): void {
  app.renderer.defineTheme('short', ShortTheme);
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const reflection of Object.values(project.reflections)) {
      if (reflection.kindOf(ReflectionKind.Parameter) && reflection.name === '__namedParameters') {
        reflection.name = 'options';
      }
    }
  });
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const reflection of Object.values(project.reflections)) {
      const isMember = reflection.parent?.kindOf(ReflectionKind.ClassOrInterface) === true;
      if (isMember && (reflection as DeclarationReflection).inheritedFrom) {
        project.removeReflection(reflection);
      }
    }
  });
}
