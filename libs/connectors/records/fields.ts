/** Sets an own field of a record; assigning "__proto__" would call its setter. */
export function setField(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  else target[name] = value;
}

/** Makes `target` hold exactly the fields of `source`, in their order: a record keeps its identity while it is rebuilt. */
export function replaceFields(target: Record<string, unknown>, source: Record<string, unknown>): void {
  for (const name of Object.keys(target)) delete target[name];
  for (const name of Object.keys(source)) setField(target, name, source[name]);
}
