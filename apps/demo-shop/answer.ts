/** An answer, complete, before a fault may spoil it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly Buffer[];
  /** Records in it. */
  readonly rows: number;
}

export const json = (status: number, value: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: [Buffer.from(JSON.stringify(value))],
  rows: 0,
});

/** `{"error":{"code","message"}}`, as many real APIs do it. */
export const refusal = (status: number, code: string, message: string, headers: Record<string, string> = {}): Answer =>
  json(status, { error: { code, message } }, headers);

export const bodyLength = ({ body }: Answer): number => body.reduce((sum, { length }) => sum + length, 0);
