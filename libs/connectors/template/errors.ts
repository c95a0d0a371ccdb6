/** A template that cannot be read; `offset` counts characters from its beginning. */
export class TemplateSyntaxError extends Error {
  constructor(
    message: string,
    readonly offset: number,
    /** Python's name for it. */
    readonly exception = 'TemplateSyntaxError',
  ) {
    super(message);
  }
}

/** A part of the language that exists in Airbyte's but is not covered here. */
export class TemplateUnsupported extends TemplateSyntaxError {}

const EXCEPTIONS = { undefined: 'UndefinedError', type: 'TypeError', value: 'ValueError' } as const;

/** A template that reads well but fails on the values given. Messages name types and operations, never values. */
export class TemplateError extends Error {
  /** `undefined`: a missing value was used, the default applies. `type`: Python's TypeError, the text itself is the result. */
  constructor(
    message: string,
    readonly kind: 'undefined' | 'type' | 'value' = 'value',
    /** Python's name for it. */
    readonly exception: string = EXCEPTIONS[kind],
  ) {
    super(message);
  }
}
