/** What the value is of; a number is a decimal or a double. */
export type BeyondKind = 'number' | 'date' | 'timestamp' | 'timestamptz' | 'time' | 'timetz';

/** A database's value that JSON, or ISO 8601, has no way to say: NaN, infinity, 44 BC, 24:00. To whoever does not know its kind it is the text that the database shows. */
export class BeyondJson {
  constructor(
    readonly kind: BeyondKind,
    private readonly text: string,
  ) {}

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }
}
