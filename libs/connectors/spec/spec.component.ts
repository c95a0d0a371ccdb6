import type { JsonObject } from '../../contracts/json.js';
import type { FieldError } from '../../errors/index.js';
import { available } from '../custom/available.js';
import type { MissingComponent } from '../manifest/compiler.js';
import { component, defineComponent } from '../manifest/component.js';
import { list, object, optional } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { configChecks } from './config-checks.component.js';
import { configChanges, configMigration } from './config-changes.component.js';

/** What a manifest does with a configuration before it is used. */
export interface ConfigRules {
  /** The configuration as the streams see it; what was given stays as it is. */
  normalize(config: JsonObject, scope: (config: JsonObject) => Scope): JsonObject;
  /** What the manifest's own checks find in a normalised configuration. */
  check(config: JsonObject, scope: (config: JsonObject) => Scope): readonly FieldError[];
}

export interface Specification {
  /** JSON schema of the configuration, with `airbyte_secret`. */
  schema: JsonObject;
  rules: ConfigRules;
  /** Code that the rules need and that is not here: no stream can be read without. */
  missing: readonly MissingComponent[];
}

const noRules: ConfigRules = { normalize: (config) => config, check: () => [] };

const configNormalizationRules = defineComponent({
  type: 'ConfigNormalizationRules',
  fields: {
    config_migrations: optional(list(component(() => [configMigration])), []),
    transformations: optional(list(component(() => configChanges)), []),
    validations: optional(list(component(() => configChecks)), []),
  },
  build({ config_migrations: migrations, transformations, validations }): ConfigRules {
    // A migration runs at every opening and finds nothing to do where it was done: what a user entered is not rewritten.
    const changes = [...migrations.flat(), ...transformations];
    return {
      normalize(config, scope) {
        if (changes.length === 0) return config;
        const copy = structuredClone(config);
        for (const change of changes) change(copy, scope(copy));
        return copy;
      },
      check: (config, scope) => validations.flatMap((check) => check(config, scope(config))),
    };
  },
});

export const spec = defineComponent({
  type: 'Spec',
  fields: {
    connection_specification: object(),
    config_normalization_rules: optional(available(component(() => [configNormalizationRules]))),
  },
  // advanced_auth describes how Airbyte's own interface asks for consent.
  ignored: ['documentation_url', 'advanced_auth'],
  build: ({ connection_specification: schema, config_normalization_rules: rules }): Specification => ({
    schema,
    rules: rules?.built ?? noRules,
    missing: rules?.missing ?? [],
  }),
});

export const anyConfiguration: Specification = { schema: {}, rules: noRules, missing: [] };
