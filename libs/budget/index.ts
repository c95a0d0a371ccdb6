export { PgBudgetGate } from './budget-gate.js';
export * from './forecast.policy.js';
export * from './sync-forecast.policy.js';
export { findAccountUse, findBudget, listBudgets, type BudgetView } from './list-budgets.js';
