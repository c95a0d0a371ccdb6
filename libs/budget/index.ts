export { PgBudgetGate, type PgBudgetGateOptions } from './budget-gate.js';
export { describeBudget, listBudgets, type BudgetView, type LimitUse } from './list-budgets.js';
export { parseProviderHeaders, type HeaderNames, type ObservedWindow, type ProviderWord } from './provider-headers.js';
