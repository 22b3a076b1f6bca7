/**
 * Short names for the generated schema; nothing else imports `_schema.ts`.
 *
 * Money is a decimal string in USD and stays one: see `money.ts`.
 */
import { type components } from './_schema';

type Schemas = components['schemas'];

export type BudgetStatus = Schemas['BudgetStatus'];
export type Budgets = Schemas['Budgets'];
export type CallDetail = Schemas['CallDetail'];
export type CallPage = Schemas['CallPage'];
export type CallSummary = Schemas['CallSummary'];
export type CostSummary = Schemas['CostSummary'];
export type Me = Schemas['Me'];
export type ModelCard = Schemas['ModelCard'];
export type Models = Schemas['Models'];
export type NamedSpend = Schemas['NamedSpend'];
export type Offer = Schemas['Offer'];
export type Preference = Schemas['Preference'];
export type PriceCard = Schemas['PriceCard'];
export type Problem = Schemas['Problem'];
export type Revision = Schemas['Revision'];
export type Speed = Schemas['Speed'];
export type Spend = Schemas['Spend'];
export type Timings = Schemas['Timings'];
export type Usage = Schemas['Usage'];
export type UsageForecast = Schemas['UsageForecast'];

/** A decimal number of USD, exactly as the gateway wrote it. */
export type Usd = string;

export type Outcome = CallSummary['outcome'];
export type Residency = ModelCard['residency'];
