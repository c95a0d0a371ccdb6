import type { Place } from '../manifest/compiler.js';

/** Refuses an extractor that has lists fetched, where nobody would. */
export const uncoveredLists = ({ compiler, pointer }: Place, why: string): never =>
  compiler.reject(
    { path: pointer, message: `RecordExpander.truncated_list_retriever is not covered here: ${why}` },
    'unsupported',
  );
