/** Components of Airbyte's format that are not covered yet: named as such, instead of as unknown. */
export const UNCOVERED_COMPONENTS: ReadonlySet<string> = new Set(
  [
    'AsyncRetriever CustomRetriever StateDelegatingStream FileUploader PropertiesFromEndpoint QueryProperties PropertyChunking',
    'CheckDynamicStream DynamicDeclarativeStream DynamicStreamCheckConfig HttpComponentsResolver ConfigComponentsResolver ParametrizedComponentsResolver',
    'OAuthAuthenticator JwtAuthenticator SelectiveAuthenticator SessionTokenAuthenticator LegacySessionTokenAuthenticator CustomAuthenticator',
    'IncrementingCountCursor CustomIncrementalSync CustomPartitionRouter GroupingPartitionRouter',
    'CsvDecoder GzipDecoder ZipfileDecoder IterableDecoder XmlDecoder CompositeRawDecoder CustomDecoder JsonItemsDecoder',
    'ResponseToFileExtractor CustomRecordExtractor CombinedExtractor RecordExpander CustomRecordFilter',
    'KeysToLower KeysToSnakeCase KeysReplace FlattenFields DpathFlattenFields CustomTransformation CustomSchemaNormalization ConfigAddFields ConfigRemoveFields ConfigRemapField',
    'CustomErrorHandler CustomBackoffStrategy CustomPaginationStrategy CustomRequester',
    'JsonFileSchemaLoader DynamicSchemaLoader CustomSchemaLoader SchemaTypeIdentifier ComplexFieldType TypesMap',
    'CustomStateMigration LegacyToPerPartitionStateMigration PaginationReset PaginationResetLimits Clamping',
  ].flatMap((line) => line.split(' ')),
);
