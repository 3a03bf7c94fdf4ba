// The service's API, as far as the page uses it.

export interface Interval { estimate: number; low: number; high: number }
export interface Fan { p5: number; p25: number; p50: number; p75: number; p95: number }
export interface Week { week: number; date: string; on_hand: Fan; demand: Fan; sales: number; lost: number; order: number; arrivals: number; stockout_risk: number }
export interface Alternative {
  name: "recommended" | "current" | "own" | "do_nothing"; policy: string; order_week: number; order_quantity: number;
  objective: Interval; mean_cost: Interval; cost_parts: Record<string, number>; fill_rate: number; availability: number;
  gmv: number; average_stock: number; units_ordered: number; saving: Interval | null; saving_to_recommended: Interval | null;
  cost_distribution: { levels: number[]; values: number[] }; weeks: Week[];
}
export interface FrontierPoint { fill_rate: number; objective: Interval; mean_cost: number; average_stock: number; policy: string }
export interface Inputs {
  on_hand: number; price: number; unit_cost: number; holding_cost: number; order_cost: number; lead_time_mean: number;
  review_period: number; pack_size: number; moq: number; min_fill_rate: number;
}
export interface Answer {
  status: string; explanation: string; objective: string; horizon: number; as_of: string; scenarios: number; eval_scenarios: number;
  inputs: Inputs; alternatives: Alternative[]; frontier?: FrontierPoint[];
}
export interface Summary {
  merchant_id: string; article_id: string; status: string; order_week: number; order_quantity: number; fill_rate: number | null;
  none_fill_rate: number | null; stockout_risk: number | null; saving: number | null; saving_low: number | null; saving_high: number | null;
  stock: number | null; cover_weeks: number | null; overstock: number | null; order_value: number | null;
}
// Stored is a stored recommendation, with the columns that the page shows.
export interface Stored {
  status: string; explanation: string; as_of: string; weeks: number; eval_scenarios: number; order_week: number; order_quantity: number;
  saving: number; saving_low: number; saving_high: number; units_ordered: number; fill_rate: number; availability: number; average_stock: number;
  mean_cost: number; objective_eval: number; gmv: number; none_units_ordered: number; none_fill_rate: number; none_availability: number;
  none_average_stock: number; none_mean_cost: number; none_objective: number; none_gmv: number;
}
export interface Page { items: Summary[]; next?: string; total: number }
export interface Overview {
  run_id: string; as_of: string; articles: number; to_order: number; order_units: number; order_value: number; stockout_risk: number;
  overstock: number; saving: number; degraded: number; recalculated: number; mean_fill_rate: number; mean_none_fill_rate: number;
}
export interface Me { name: string; merchants: string[]; rights: string[]; engine_version: string; insecure: boolean }
export interface Job { id: string; state: string; done: number; total: number; error?: string }

// Failure is an answer that is no result, in words for people.
export class Failure extends Error {
  constructor(readonly status: number, message: string, readonly retryAfter = 0) { super(message); }
}

const storage = "restock-token";
export const token = {
  get: (): string => sessionStorage.getItem(storage) ?? "",
  set: (value: string): void => (value ? sessionStorage.setItem(storage, value) : sessionStorage.removeItem(storage)),
};

export async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal, accept = "application/json"): Promise<T> {
  const headers: Record<string, string> = { Accept: accept };
  if (token.get()) headers.Authorization = `Bearer ${token.get()}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw new Failure(0, "The service can't be reached. Is it running, and is the network there?");
  }
  if (!response.ok) throw await failure(response);
  return (accept === "application/json" ? response.json() : response.blob()) as Promise<T>;
}

async function failure(response: Response): Promise<Failure> {
  let detail = "";
  try {
    const problem = await response.json();
    detail = problem.detail ?? "";
    const errors: { location?: string; message: string }[] = problem.errors ?? [];
    if (response.status === 422 && errors.length) detail = errors.map((e) => `${(e.location ?? "").replace(/^.*\]\./, "")}: ${e.message}`).join("; ");
  } catch { /* no problem document: the status says enough */ }
  const words: Record<number, string> = {
    401: "The key is not accepted. Sign in again.",
    404: "There is no such article, or it belongs to somebody else.",
    429: "Too many requests: wait a moment.",
    503: "The service is busy: wait a moment.",
  };
  return new Failure(response.status, words[response.status] ?? (detail || `The service answered ${response.status}.`),
    Number(response.headers.get("Retry-After") ?? 0));
}

export const merchantPath = (merchant: string): string => `/v1/merchants/${encodeURIComponent(merchant)}`;
export const articlePath = (merchant: string, article: string): string => `${merchantPath(merchant)}/articles/${encodeURIComponent(article)}`;

// patiently tries again what the service was too busy for.
export async function patiently<T>(signal: AbortSignal, f: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await f();
    } catch (error) {
      if (!(error instanceof Failure) || ![429, 503].includes(error.status) || attempt === 3) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * Math.max(error.retryAfter, 0.3 * 2 ** attempt)));
      if (signal.aborted) throw new DOMException("gone on", "AbortError");
    }
  }
}
