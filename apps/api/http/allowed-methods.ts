import type { Request } from 'express';

interface Layer {
  match(path: string): boolean;
  route?: { methods: Record<string, boolean> };
}

/** A middleware is mounted as a route for every method there is; no resource of ours has as many. */
const MOST_METHODS = 8;

/** Methods that some route has at this address: none when there is nothing at all. Asks express's own router, so that it cannot differ from it. */
export function allowedMethods(request: Request): string[] {
  const layers = (request.app as unknown as { router: { stack: Layer[] } }).router.stack;
  const methods = layers
    .filter((layer) => layer.route !== undefined && layer.match(request.path))
    .map((layer) => Object.keys(layer.route?.methods ?? {}).filter((method) => method !== '_all'))
    .filter((methods) => methods.length <= MOST_METHODS)
    .flat()
    .map((method) => method.toUpperCase());
  return [...new Set(methods)].sort();
}
