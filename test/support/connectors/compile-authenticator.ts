import type { JsonObject } from '../../../libs/contracts/json.js';
import { Compiler } from '../../../libs/connectors/manifest/compiler.js';
import { component, type Component } from '../../../libs/connectors/manifest/component.js';
import type { Scope } from '../../../libs/connectors/manifest/interpolation.js';
import { scopeOf } from '../../../libs/connectors/source/environment.js';

/** The time at which tests of authenticators stand still. */
export const NOW_MS = 1_717_200_000_123;

/** Compiles one authenticator by itself. */
export function compileAuthenticator<R>(choices: readonly Component<R>[], node: object): R {
  const compiler = new Compiler({ of: () => undefined }, () => undefined, []);
  return component(() => choices).parse(node, { compiler, pointer: '/auth', field: '', parameters: {} });
}

export const scopeFor = (config: JsonObject): Scope => scopeOf(config, NOW_MS, null);
