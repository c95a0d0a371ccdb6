import { Worker } from 'node:worker_threads';
import { checkCel, evaluateCel } from './cel-language.js';
import { checkJsonata, evaluateJsonata } from './jsonata-language.js';
import type { Checked, Evaluated, ProcessAnswer, ProcessRequest } from './protocol.js';

/**
 * Expressions that people wrote run in this process: its end no regular expression and no list can hold off. A thread would not do: V8 ends the
 * whole process where one value alone does not fit into a thread's heap.
 */
const say = (answer: ProcessAnswer): void => void process.send?.(answer);

async function answer({ id, check = [], evaluate }: ProcessRequest): Promise<readonly (Checked | Evaluated)[]> {
  const results: (Checked | Evaluated)[] = [];
  for (const [at, { language, text, names }] of check.entries()) {
    say({ id, at });
    results.push(language === 'cel' ? checkCel(text, names) : checkJsonata(text, names));
  }
  if (evaluate === undefined) return results;
  const context = JSON.parse(evaluate.context) as Record<string, unknown>;
  for (const [at, { language, text }] of evaluate.expressions.entries()) {
    say({ id, at });
    results.push(await (language === 'cel' ? evaluateCel(text, context) : evaluateJsonata(text, context, evaluate.maxOutput)));
  }
  return results;
}

process.on('message', (request: ProcessRequest) => {
  void answer(request).then((done) => say({ id: request.id, done }));
});
process.on('disconnect', () => process.exit());
// A terminal's signals go to the whole group; whoever started this process says when it ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
// Where it is killed while an expression keeps us busy, nobody else would end us.
new Worker(
  `const parent = ${process.ppid}; setInterval(() => process.ppid !== parent && process.kill(process.pid, 'SIGKILL'), 1000);`,
  { eval: true },
).unref();
