import type { ActionDescription, Actions } from '../contracts/action.port.js';
import type { BudgetAccount } from '../contracts/budget.port.js';
import type { BudgetLimit } from '../contracts/budget.schema.js';
import type { CredentialVault } from '../contracts/credential-vault.port.js';
import type { Destination, DestinationCapabilities } from '../contracts/destination.port.js';
import type { JobSlots } from '../contracts/job-slots.port.js';
import type { HttpClient } from '../contracts/http.port.js';
import type { JsonObject, JsonSchema, JsonValue } from '../contracts/json.js';
import type { Source } from '../contracts/source.port.js';
import type { RowInput } from '../connectors/index.js';
import type { Catalog } from '../contracts/stream.js';
import type { StreamAction } from '../contracts/stream-ref.js';
import type { FieldError } from '../errors/index.js';
import type { WebhookModel } from '../webhooks/index.js';

/** A connector as the store knows it; `manifest` is null where it is made of code. */
export interface ConnectorRef {
  name: string;
  kind: 'source' | 'destination';
  manifest: JsonObject | null;
  /** A sluice.yaml beside the manifest, as JSON; null or absent: there is none. */
  sluice?: JsonObject | null;
}

export interface UnavailableStream {
  name: string;
  reason: string;
  missing: readonly { type: string; className: string }[];
}

export interface ConnectorDescription {
  /** JSON schema of a connection's configuration; `airbyte_secret` marks what is encrypted. */
  spec: JsonSchema;
  /** Names of the streams that a manifest defines; empty for destinations. */
  streams: readonly string[];
  /** Those of them that cannot be read here, with the code that they need. */
  unavailable: readonly UnavailableStream[];
  /** What in the manifest is accepted and probably not meant. */
  warnings: readonly FieldError[];
  /** null for sources. */
  capabilities: DestinationCapabilities | null;
  /** What can be called; empty without a sluice.yaml. */
  actions: readonly ActionDescription[];
  /** What the provider sends; empty without a sluice.yaml. */
  webhooks: readonly WebhookModel[];
}

/** What connectors can be and how they become adapters. The one place that knows the engine and the code connectors. */
export interface ConnectorCatalog {
  /** Connectors made of code, by name. */
  readonly builtIn: readonly { name: string; kind: 'source' | 'destination' }[];
  /** Reads a manifest's YAML or JSON text. Errors: MANIFEST_INVALID with line and column. */
  parse(text: string): JsonObject;
  /** Reads the text of a sluice.yaml. Errors: MANIFEST_INVALID with line and column, also of what its manifest makes of it. */
  parseSluice(text: string, manifest: JsonObject): JsonObject;
  /** Errors: MANIFEST_INVALID, MANIFEST_UNSUPPORTED, with path, found and allowed. */
  describe(connector: ConnectorRef): ConnectorDescription;
  /**
   * A source's streams as far as the manifest and a configuration (secrets included) alone tell; nothing is called, so what an API generates
   * is not there. Errors: CONFIG_INVALID.
   */
  outline(request: { connector: ConnectorRef; config: JsonObject }): Catalog;
  /** Checks a whole configuration, secrets included. Errors: CONFIG_INVALID with pointers into it; values are not repeated. */
  validate(request: { connector: ConnectorRef; config: JsonObject }): void;
  /** Whose allowance the calls of this configuration use. `limits`: the connection's own, instead of those of sluice.yaml and manifest. Errors: CONFIG_INVALID. */
  account(request: {
    connector: ConnectorRef;
    config: JsonObject;
    workspaceId: string;
    limits: readonly BudgetLimit[] | null;
  }): BudgetAccount;
  /** `config` with secrets. Errors: CONFIG_INVALID, MANIFEST_INVALID, MANIFEST_UNSUPPORTED. */
  createSource(request: {
    connector: ConnectorRef;
    config: JsonObject;
    http: HttpClient;
    credentials: CredentialVault;
    jobs: JobSlots;
  }): Source;
  /** Errors: UNKNOWN_ACTION, VALIDATION_FAILED with every place (`/input/…`) that breaks the action's schema. */
  checkInput(request: { connector: ConnectorRef; action: string; input: JsonObject }): void;
  /** What undoes a call, as the connector declares it; null: it declares nothing. Errors of the function: VALIDATION_FAILED. */
  undoing(request: {
    connector: ConnectorRef;
    action: string;
  }): { action: string; inputOf: (call: { input: JsonObject; result: JsonValue }) => JsonObject } | null;
  /** null: the connector declares no such webhook. */
  webhook(request: { connector: ConnectorRef; webhook: string }): WebhookModel | null;
  /** What makes an action's input of a record. Errors: VALIDATION_FAILED with the templates that do not compile; of the function: as checkInput. */
  rowInput(request: { connector: ConnectorRef; action: StreamAction }): RowInput;
  /** `config` with secrets. Errors: as createSource. */
  createActions(request: {
    connector: ConnectorRef;
    config: JsonObject;
    http: HttpClient;
    credentials: CredentialVault;
  }): Actions;
  /** `config` with secrets. Errors: CONFIG_INVALID. */
  createDestination(request: { connector: ConnectorRef; config: JsonObject }): Destination;
}
