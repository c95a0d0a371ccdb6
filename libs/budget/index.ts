export { PgBudgetGate } from './budget-gate.js';
export * from './forecast.policy.js';
export { findBudget, listBudgets, type BudgetView } from './list-budgets.js';
