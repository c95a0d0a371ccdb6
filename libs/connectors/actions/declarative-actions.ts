import type { ActionCall, ActionOutcome, Actions } from '../../contracts/action.port.js';
import type { CredentialVault } from '../../contracts/credential-vault.port.js';
import type { HttpClient } from '../../contracts/http.port.js';
import type { JsonObject } from '../../contracts/json.js';
import { SluiceError } from '../../errors/index.js';
import { MemoryJobSlots } from '../async/job-slots.js';
import { countedClient } from '../http/api-budget.js';
import { openConfig } from '../source/open-config.js';
import { scopeOf, type Environment } from '../source/environment.js';
import type { SourceModel } from '../source/source.component.js';
import { KnownSecrets } from '../spec/known-secrets.js';
import { redactError } from '../spec/redact.js';
import { secretValues } from '../spec/secret-values.js';
import { callAction, lookupAction } from './call-action.js';
import { previewAction } from './preview-action.js';
import type { ActionModel } from './compile-actions.js';

export interface DeclarativeActionsOptions {
  /** Of the manifest: how its configuration is checked and changed. */
  model: SourceModel;
  actions: ReadonlyMap<string, ActionModel>;
  /** With secrets. */
  config: JsonObject;
  /** Guarded, and counted against the account. */
  http: HttpClient;
  credentials: CredentialVault;
}

/** Actions of a sluice.yaml, with the credentials and the address of its manifest. Throws CONFIG_INVALID. */
export function createDeclarativeActions({ model, actions, config, http, credentials }: DeclarativeActionsOptions): Actions {
  const opened = openConfig(model, config, Date.now());
  const { connectionSpecification: specification } = model;
  const secrets = new KnownSecrets([...secretValues(specification, config), ...secretValues(specification, opened)]);
  const environment: Environment = {
    ...{ config: opened, credentials, now: Date.now },
    http: countedClient(http, model.budget, scopeOf(opened, Date.now(), null)),
    learn: (secret) => secrets.learn(secret),
    jobs: { slots: new MemoryJobSlots(Date.now), limit: Infinity },
    schemaOf: () => Promise.reject(new SluiceError('INTERNAL', { detail: 'actions have no stream' })),
  };
  const find = ({ action }: Pick<ActionCall, 'action'>): ActionModel => {
    const found = actions.get(action);
    if (found === undefined) throw unknownAction(action, [...actions.keys()]);
    return found;
  };
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw redactError(error, secrets.all());
    }
  };
  return {
    describe: (action) => find({ action }),
    call: (request) => guarded<ActionOutcome>(async () => callAction(find(request), environment, request)),
    lookup: (request) => guarded(async () => lookupAction(find(request), environment, request)),
    preview: (request) => guarded(async () => previewAction(find(request), environment, request, secrets.all())),
    close: () => credentials.settled(),
  };
}

export const unknownAction = (action: string, allowed: readonly string[]): SluiceError =>
  new SluiceError('UNKNOWN_ACTION', {
    detail: `the connector has no action "${action}"`,
    errors: [{ path: '', message: 'is not an action of the connector', found: action, allowed }],
  });
