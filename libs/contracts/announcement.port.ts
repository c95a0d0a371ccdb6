import type { Caller, OperationKind } from './call-meter.port.js';

/** What a provider says with an answer of the retirement of what was called: RFC 9745 (`Deprecation`), RFC 8594 (`Sunset`), and their links. */
export interface Announcement {
  caller: Caller;
  operation: { kind: OperationKind; name: string };
  host: string;
  /** It said that it is deprecated; since or from when, null: without a time. */
  deprecated: boolean;
  deprecatedAt: Date | null;
  /** When it will stop to answer; null: it did not say. */
  sunsetAt: Date | null;
  /** Where the provider says more: addresses without query. */
  deprecationLink: string | null;
  sunsetLink: string | null;
}

/** Takes what providers announce. Never throws, never waits. */
export interface Announcements {
  heard(announcement: Announcement): void;
}
