export { PgBudgetGate } from './budget-gate.js';
export { listBudgets, type BudgetView } from './list-budgets.js';
