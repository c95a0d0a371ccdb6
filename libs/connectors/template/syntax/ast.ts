/** An expression as parsed. */
export type Expression =
  | { kind: 'literal'; value: unknown }
  | { kind: 'name'; name: string; offset: number }
  | { kind: 'attribute'; target: Expression; name: string }
  | { kind: 'index'; target: Expression; index: Expression }
  | { kind: 'slice'; target: Expression; from: Expression | null; to: Expression | null }
  | { kind: 'call'; target: Expression; args: Expression[]; named: [string, Expression][] }
  | { kind: 'filter'; name: string; target: Expression; args: Expression[]; named: [string, Expression][]; offset: number }
  | { kind: 'test'; name: string; target: Expression; args: Expression[]; negated: boolean; offset: number }
  | { kind: 'unary'; operator: '-' | '+' | 'not'; operand: Expression }
  | {
      kind: 'binary';
      operator: '+' | '-' | '*' | '/' | '//' | '%' | '**' | '~' | 'and' | 'or';
      left: Expression;
      right: Expression;
    }
  | { kind: 'compare'; first: Expression; rest: [string, Expression][] }
  | { kind: 'choice'; condition: Expression; then: Expression; otherwise: Expression | null }
  | { kind: 'list' | 'tuple'; items: Expression[] }
  | { kind: 'dict'; entries: [Expression, Expression][] };

export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'print'; expression: Expression }
  | { kind: 'set'; name: string; expression: Expression }
  | { kind: 'if'; branches: { condition: Expression | null; body: Node[] }[] };
