/** Components of Airbyte's format that are not covered yet: named as such, instead of as unknown. */
export const UNCOVERED_COMPONENTS: ReadonlySet<string> = new Set(
  ['PropertiesFromEndpoint QueryProperties PropertyChunking', 'PaginationReset PaginationResetLimits'].flatMap((line) =>
    line.split(' '),
  ),
);
