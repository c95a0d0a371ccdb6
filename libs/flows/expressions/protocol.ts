/** What the process of expressions is asked and says. Values cross as JSON text, with numbers marked that a double cannot hold. */
export type Language = 'cel' | 'jsonata';

export interface ToCheck {
  language: Language;
  text: string;
  /** What it may name at its root. */
  names: readonly string[];
}

export type Checked =
  /** `steps`: whose results it names; null: it looks at all of them. */
  { ok: true; steps: readonly string[] | null } | { ok: false; message: string; position: number | null };

export interface ToEvaluate {
  language: Language;
  text: string;
}

export type Evaluated =
  /** JSON text; null: it has no value. */
  { ok: true; value: string | null } | { ok: false; message: string; position: number | null };

export interface ProcessRequest {
  id: number;
  check?: readonly ToCheck[];
  evaluate?: { context: string; expressions: readonly ToEvaluate[]; maxOutput: number };
}

/** `at`: it begins with this one; the last word is `done`. */
export type ProcessAnswer = { id: number; at: number } | { id: number; done: readonly (Checked | Evaluated)[] };

/** How deep JSONata may call itself. */
export const MAX_DEPTH = 200;
/** Items of one list that JSONata makes. */
export const MAX_SEQUENCE = 100_000;
