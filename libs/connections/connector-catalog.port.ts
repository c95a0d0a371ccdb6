import type { BudgetAccount } from '../contracts/budget.port.js';
import type { BudgetLimit } from '../contracts/budget.schema.js';
import type { CredentialVault } from '../contracts/credential-vault.port.js';
import type { Destination, DestinationCapabilities } from '../contracts/destination.port.js';
import type { HttpClient } from '../contracts/http.port.js';
import type { JsonObject, JsonSchema } from '../contracts/json.js';
import type { Source } from '../contracts/source.port.js';

/** A connector as the store knows it; `manifest` is null where it is made of code. */
export interface ConnectorRef {
  name: string;
  kind: 'source' | 'destination';
  manifest: JsonObject | null;
}

export interface ConnectorDescription {
  /** JSON schema of a connection's configuration; `airbyte_secret` marks what is encrypted. */
  spec: JsonSchema;
  /** Names of the streams that a manifest defines; empty for destinations. */
  streams: readonly string[];
  /** null for sources. */
  capabilities: DestinationCapabilities | null;
}

/** What connectors can be and how they become adapters. The one place that knows the engine and the code connectors. */
export interface ConnectorCatalog {
  /** Connectors made of code, by name. */
  readonly builtIn: readonly { name: string; kind: 'source' | 'destination' }[];
  /** Reads a manifest's YAML or JSON text. Errors: MANIFEST_INVALID with line and column. */
  parse(text: string): JsonObject;
  /** Errors: MANIFEST_INVALID, MANIFEST_UNSUPPORTED, with path, found and allowed. */
  describe(connector: ConnectorRef): ConnectorDescription;
  /** Checks a whole configuration, secrets included. Errors: CONFIG_INVALID with pointers into it; values are not repeated. */
  validate(request: { connector: ConnectorRef; config: JsonObject }): void;
  /** Whose allowance the calls of this configuration use. `limits`: the connection's own, instead of the connector's. Errors: CONFIG_INVALID. */
  account(request: {
    connector: ConnectorRef;
    config: JsonObject;
    workspaceId: string;
    limits: readonly BudgetLimit[] | null;
  }): BudgetAccount;
  /** `config` with secrets. Errors: CONFIG_INVALID, MANIFEST_INVALID, MANIFEST_UNSUPPORTED. */
  createSource(request: { connector: ConnectorRef; config: JsonObject; http: HttpClient; credentials: CredentialVault }): Source;
  /** `config` with secrets. Errors: CONFIG_INVALID. */
  createDestination(request: { connector: ConnectorRef; config: JsonObject }): Destination;
}
