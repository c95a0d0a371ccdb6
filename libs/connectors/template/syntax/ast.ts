export type Operator = '+' | '-' | '*' | '/' | '//' | '%' | '**' | '~' | 'and' | 'or';

export interface Arguments {
  args: Expression[];
  named: [string, Expression][];
  /** `*more`, `**more`. */
  moreArgs: Expression | null;
  moreNamed: Expression | null;
}

/** An expression as parsed. Offsets count characters from the template's beginning. */
export type Expression =
  | { kind: 'literal'; value: unknown }
  | { kind: 'name'; name: string; offset: number }
  | { kind: 'attribute'; target: Expression; name: string }
  | { kind: 'index'; target: Expression; index: Expression }
  | { kind: 'slice'; target: Expression; from: Expression | null; to: Expression | null; step: Expression | null }
  | ({ kind: 'call'; target: Expression } & Arguments)
  | Filter
  | ({ kind: 'test'; name: string; target: Expression; negated: boolean; offset: number } & Arguments)
  | { kind: 'unary'; operator: '-' | '+' | 'not'; operand: Expression }
  | { kind: 'binary'; operator: Operator; left: Expression; right: Expression }
  | { kind: 'compare'; first: Expression; rest: [string, Expression][] }
  | { kind: 'choice'; condition: Expression; then: Expression; otherwise: Expression | null }
  | { kind: 'list' | 'tuple'; items: Expression[] }
  | { kind: 'dict'; entries: [Expression, Expression][] };

/** `target` is null where the text of a block is filtered. */
export type Filter = { kind: 'filter'; name: string; target: Expression | null; offset: number } & Arguments;

/** What `set`, `for` and `with` assign to. */
export type Target =
  | { kind: 'name'; name: string; offset: number }
  | { kind: 'member'; name: string; member: string; offset: number }
  | { kind: 'tuple'; items: Target[] };

/** Of a macro or a call block. */
export interface Signature {
  params: { name: string; otherwise: Expression | null }[];
}

export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'print'; expressions: Expression[] }
  | { kind: 'set'; target: Target; expression: Expression }
  | { kind: 'capture'; target: Target; filter: Filter | null; body: Node[] }
  | { kind: 'if'; branches: { condition: Expression | null; body: Node[] }[] }
  | {
      kind: 'for';
      target: Target;
      over: Expression;
      test: Expression | null;
      recursive: boolean;
      body: Node[];
      otherwise: Node[];
    }
  | { kind: 'macro'; name: string; signature: Signature; body: Node[]; offset: number }
  | { kind: 'call'; signature: Signature; call: Expression; body: Node[] }
  | { kind: 'filter'; filter: Filter; body: Node[] }
  | { kind: 'with'; assignments: { target: Target; value: Expression }[]; body: Node[] }
  /** A block, or `autoescape`: its names end with it. */
  | { kind: 'scope'; body: Node[] }
  /** Loads another template: there is none. */
  | { kind: 'load'; template: Expression; stores: Target[] };
