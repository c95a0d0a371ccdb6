/** What an API key may do: read everything; change definitions and what runs; call actions. */
export const API_SCOPES = ['read', 'operate', 'call'] as const;
export type ApiScope = (typeof API_SCOPES)[number];

/** The scopes of a route, one of which is enough: those it declares, else `read` for what changes nothing and `operate` for everything else. Pure. */
export function scopesOfRoute(declared: readonly ApiScope[] | undefined, method: string): readonly ApiScope[] {
  if (declared !== undefined) return declared;
  return ['GET', 'HEAD'].includes(method.toUpperCase()) ? ['read'] : ['operate'];
}
