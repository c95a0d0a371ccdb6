import { Missing, type Place } from '../manifest/compiler.js';
import { describe, type Tree } from '../manifest/tree.js';

/** Where the format allows code of one's own: component type → the fields that may hold it, whatever they are a part of. */
const PLACES: Readonly<Record<string, RegExp>> = {
  CustomAuthenticator: /^authenticators?$/,
  CustomBackoffStrategy: /^backoff_strategies$/,
  CustomConfigTransformation: /^transformations$/,
  CustomDecoder: /^(download_)?decoder$/,
  CustomErrorHandler: /^error_handlers?$/,
  CustomIncrementalSync: /^incremental_sync$/,
  CustomPaginationStrategy: /^pagination_strategy$/,
  CustomPartitionRouter: /^(underlying_)?partition_routers?$/,
  CustomRecordExtractor: /(^|_)extractors?$/,
  CustomRecordFilter: /^(record|schema)_filter$/,
  CustomRequester: /(^|_)requester$/,
  CustomRetriever: /(^|_)retriever$/,
  CustomSchemaLoader: /^schema_loader$/,
  CustomSchemaNormalization: /^schema_normalization$/,
  CustomStateMigration: /^state_migrations$/,
  CustomTransformation: /^(schema_)?transformations$/,
  CustomValidationStrategy: /^validation_strategy$/,
};

/** The kinds of code that a field (`ParentType.field`) may hold. */
export const customTypesAt = (field: string): string[] => {
  const name = field.slice(field.lastIndexOf('.') + 1);
  return Object.keys(PLACES).filter((type) => PLACES[type]?.test(name));
};

/**
 * A component that a manifest names by its Python class. The class's TypeScript counterpart is looked up by that name; without one the
 * component is missing, and so are the streams that need it.
 */
export const customComponent = <R>(type: string) => ({
  type,
  compile(node: Tree, place: Place): R {
    const { compiler, pointer } = place;
    const className = node['class_name'];
    if (typeof className !== 'string' || className === '')
      return compiler.reject({
        ...{ path: pointer, message: `${type} needs the field "class_name", the name of a class`, found: describe(className) },
        allowed: ['class_name'],
      });
    const known = compiler.customComponents.get(className);
    if (known === undefined) throw new Missing([{ type, className }]);
    if (known.type !== type)
      return compiler.reject({
        ...{ path: `${pointer}/class_name`, message: `${className} is known as a ${known.type}, not as a ${type}` },
        ...{ found: className, allowed: [known.type] },
      });
    return known.compile(node, place) as R;
  },
});
