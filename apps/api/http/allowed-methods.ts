import type { Request } from 'express';

interface Layer {
  match(path: string): boolean;
  route?: { methods: Record<string, boolean> };
}

/** Methods that some route has at this address: none when there is nothing at all. Asks express's own router, so that it cannot differ from it. */
export function allowedMethods(request: Request): string[] {
  const layers = (request.app as unknown as { router: { stack: Layer[] } }).router.stack;
  const methods = layers
    .filter((layer) => layer.route !== undefined && layer.match(request.path))
    .flatMap((layer) => Object.keys(layer.route?.methods ?? {}))
    .filter((method) => method !== '_all')
    .map((method) => method.toUpperCase());
  return [...new Set(methods)].sort();
}
