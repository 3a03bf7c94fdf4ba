import { Alternative, Answer, articlePath, call, Failure, Inputs, Interval, Job, patiently, Stored } from "./api";
import { costBars, costCurves, frontierCurve, legend, names, Plot, stockFan, stockTable, table } from "./charts";
import { debounce, h, money, percent, replace, say, units } from "./dom";
import { link, may, problem } from "./main";
import { forget, save, saved, Saved } from "./saved";

interface Result extends Partial<Answer> { error?: { status: number; detail: string } }

// Knob is something that the partner can move. change is the name in changes; without one it is not a column or setting.
interface Knob { id: string; label: string; unit: string; low: number; high: number; step: number; value: number; base: number; change?: string; acceptable?: boolean; show?: (v: number) => string }

function knobs(a: Answer, best: Alternative): Knob[] {
  const i = a.inputs;
  const round = (v: number, step: number) => Math.round(v / step) * step;
  const priceStep = i.price > 50 ? 1 : i.price > 5 ? 0.1 : 0.01;
  const demand = best.weeks.reduce((sum, w) => sum + w.demand.p50, 0);
  const most = Math.max(10, Math.ceil(Math.max(best.order_quantity * 3, demand * 1.5)));
  const pack = Math.max(1, i.pack_size);
  return [
    { id: "lead_time_mean", label: "Lead time", unit: "weeks", low: 0, high: Math.max(12, Math.ceil(i.lead_time_mean * 2)), step: 0.5, value: i.lead_time_mean, base: i.lead_time_mean, change: "lead_time_mean", acceptable: true },
    { id: "demand", label: "Demand", unit: "of the forecast", low: 0.2, high: 3, step: 0.05, value: 1, base: 1, show: percent },
    { id: "unit_cost", label: "Unit cost", unit: "", low: 0, high: round(Math.max(i.price, i.unit_cost) * 1.5, priceStep) || 1, step: priceStep, value: i.unit_cost, base: i.unit_cost, change: "unit_cost", acceptable: true, show: money },
    { id: "price", label: "Price", unit: "", low: 0, high: round(i.price * 2, priceStep) || 1, step: priceStep, value: i.price, base: i.price, change: "price", acceptable: true, show: money },
    { id: "on_hand", label: "On hand", unit: "units", low: 0, high: Math.max(20, Math.ceil(i.on_hand * 2), most), step: 1, value: i.on_hand, base: i.on_hand, change: "on_hand" },
    { id: "min_fill_rate", label: "Serve at least", unit: "", low: 0, high: 0.99, step: 0.01, value: i.min_fill_rate, base: i.min_fill_rate, change: "min_fill_rate", show: (v) => (v === 0 ? "no floor" : percent(v)) },
    { id: "own", label: "Your own order now", unit: "units", low: 0, high: Math.ceil(most / pack) * pack, step: pack, value: -1, base: -1 },
  ];
}

const changed = (k: Knob): boolean => Math.abs(k.value - k.base) > 1e-9;

// showArticle shows what is recommended for an article, and what would be if something were different.
// left is aborted when the partner goes elsewhere: an answer that comes later must not take the place of another article.
export async function showArticle(main: HTMLElement, merchant: string, article: string, left: AbortSignal): Promise<void> {
  if (!may("what-if")) return showStored(main, merchant, article, left);
  const ask = async (question: object, signal: AbortSignal): Promise<Answer> => {
    const answer = await patiently(signal, () => call<{ results: Result[] }>("POST", "/v1/what-if",
      { articles: [{ merchant_id: merchant, article_id: article, ...question }] }, signal));
    const [result] = answer.results;
    if (result.error) throw new Failure(result.error.status, result.error.detail);
    return result as Answer;
  };
  const first = await ask({}, left);
  const view = new View(main, merchant, article, first, ask);
  view.show(first);
  left.addEventListener("abort", () => view.leave(), { once: true });
}

// showStored shows the stored recommendation, for keys that may read and not ask.
async function showStored(main: HTMLElement, merchant: string, article: string, left: AbortSignal): Promise<void> {
  const r = await call<Stored>("GET", `${articlePath(merchant, article)}/recommendation`, undefined, left);
  const row = (name: string, text: (v: number) => string, best: keyof Stored, nothing: keyof Stored) => [name, text(r[best] as number), text(r[nothing] as number)];
  replace(main, ...title(merchant, article),
    h("section", { class: "headline" }, ...headline(r, r, `Week of ${r.as_of}, ${r.weeks} weeks ahead. All figures from ${r.eval_scenarios} scenarios.`)),
    h("p", { class: "verdict" }, compare("The recommendation", "not ordering", { estimate: r.saving, low: r.saving_low, high: r.saving_high })),
    h("section", { class: "card", "aria-label": "Service and cost" }, h("h2", {}, "Side by side"), h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Alternatives side by side" },
      sideBySide([names.recommended, names.do_nothing], [
        ["First order", r.order_quantity > 0 ? units(r.order_quantity) : "–", "–"],
        row("Ordered in all", units, "units_ordered", "none_units_ordered"), row("Demand served", percent, "fill_rate", "none_fill_rate"),
        row("Weeks without lack", percent, "availability", "none_availability"), row("Stock on average", units, "average_stock", "none_average_stock"),
        row("Mean cost", money, "mean_cost", "none_mean_cost"), row("What is minimised", money, "objective_eval", "none_objective"), row("Sales", money, "gmv", "none_gmv")]))),
    h("p", { class: "quiet" }, "Your key may read, but not ask what-ifs."));
}

function title(merchant: string, article: string): HTMLElement[] {
  return [h("nav", { "aria-label": "Where you are" }, h("a", { href: link(merchant) }, `← ${merchant}`)), h("h1", {}, article)];
}

function headline(order: { order_week: number; order_quantity: number }, why: { explanation: string; status: string }, note: string): HTMLElement[] {
  return [h("p", { class: "order" }, order.order_quantity > 0
    ? h("span", {}, h("strong", {}, `Order ${units(order.order_quantity)}`), order.order_week === 0 ? " now" : ` in week ${order.order_week}`)
    : h("strong", {}, "Nothing to order now")),
  h("p", {}, sentence(why.explanation), why.status === "degraded" ? h("span", { class: "tag" }, "uncertain: it can't be told from doing nothing") : null),
  h("p", { class: "quiet" }, note)];
}

function sideBySide(titles: string[], rows: string[][]): HTMLElement {
  return h("table", {}, h("caption", { class: "visually-hidden" }, "Alternatives side by side"),
    h("thead", {}, h("tr", {}, h("td"), ...titles.map((x) => h("th", { scope: "col" }, x)))),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((x, i) => (i ? h("td", {}, x) : h("th", { scope: "row" }, x)))))));
}

class View {
  private readonly knobs: Knob[];
  private readonly fan = new Plot();
  private readonly costs = new Plot();
  private readonly frontier = new Plot();
  private readonly headline = h("section", { class: "headline", "aria-live": "polite" });
  private readonly verdict = h("p", { class: "verdict", role: "status" });
  private readonly fanLegend = h("div");
  private readonly fanTable = h("div");
  private readonly bars = h("div");
  private readonly costTable = h("div");
  private readonly frontierBox = h("div");
  private readonly service = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Alternatives side by side" });
  private readonly savedBox = h("section", { class: "card wide", "aria-label": "Saved what-ifs" });
  private readonly acceptBox = h("div", { class: "accept" });
  private readonly reset: HTMLButtonElement;
  private abort = new AbortController();
  private answer: Answer;
  private asked = "{}"; // the question that the answer is to
  private keepNext = false; // the next answer is to be saved
  private readonly later = debounce(80, () => void this.update());

  constructor(main: HTMLElement, private readonly merchant: string, private readonly article: string, first: Answer,
    private readonly ask: (question: object, signal: AbortSignal) => Promise<Answer>) {
    this.answer = first;
    this.knobs = knobs(first, first.alternatives[0]);
    this.reset = h("button", { type: "button", class: "secondary", click: () => this.putBack() }, "Put back");
    const panel = h("form", { class: "card knobs", "aria-label": "What if", submit: (e: Event) => e.preventDefault() }, h("h2", {}, "What if …"));
    for (const k of this.knobs) panel.append(this.control(k));
    panel.append(h("div", { class: "buttons" }, this.reset, h("button", { type: "button", class: "secondary", click: () => this.keep() }, "Save this what-if")), this.acceptBox);
    replace(main, ...title(merchant, article), this.headline,
      h("div", { class: "columns" }, panel,
        h("div", { class: "results" }, this.verdict,
          h("section", { class: "card", "aria-label": "Stock" }, h("h2", {}, "Stock at the end of each week"), this.fanLegend, this.fan.element, this.fanTable),
          h("section", { class: "card", "aria-label": "Service and cost" }, h("h2", {}, "Side by side"), this.service),
          h("section", { class: "card", "aria-label": "Cost parts" }, h("h2", {}, "What it costs, on average"), this.bars),
          h("section", { class: "card", "aria-label": "Cost distribution" }, h("h2", {}, "How the cost may turn out"), this.costs.element, this.costTable),
          h("section", { class: "card", "aria-label": "Cost against service" }, h("h2", {}, "What more service would cost"), this.frontierBox))),
      this.savedBox);
    this.showSaved();
  }

  leave(): void { this.abort.abort(); }

  private control(k: Knob): HTMLElement {
    const output = h("output", { for: k.id, class: "value" });
    const text = () => (k.id === "own" && k.value < 0 ? "none" : `${(k.show ?? units)(k.value)}${k.unit ? ` ${k.unit}` : ""}`);
    const input = h("input", { type: "range", id: k.id, min: k.low, max: k.high, step: k.step, value: Math.max(k.low, k.value) });
    const refresh = () => {
      output.textContent = text();
      input.setAttribute("aria-valuetext", text());
      row.classList.toggle("changed", changed(k));
    };
    input.addEventListener("input", () => {
      k.value = Number(input.value);
      refresh();
      this.reset.disabled = false;
      this.later();
    });
    const row = h("div", { class: "knob" }, h("label", { for: k.id }, k.label), output, input);
    this.sync.push(() => { input.value = String(Math.max(k.low, k.value)); refresh(); });
    refresh();
    return row;
  }

  private readonly sync: (() => void)[] = [];

  private question(): { changes?: Record<string, number>; demand_scale?: number; policy?: string } {
    const changes: Record<string, number> = {};
    for (const k of this.knobs) if (k.change && changed(k)) changes[k.change] = k.value;
    const scale = this.knobs.find((k) => k.id === "demand")!.value;
    const own = this.knobs.find((k) => k.id === "own")!.value;
    return { ...(Object.keys(changes).length ? { changes } : {}), ...(scale !== 1 ? { demand_scale: scale } : {}), ...(own >= 0 ? { policy: own > 0 ? `plan:0=${own}` : "none" } : {}) };
  }

  private putBack(): void {
    for (const k of this.knobs) k.value = k.base;
    for (const s of this.sync) s();
    void this.update();
  }

  private async update(): Promise<void> {
    this.abort.abort();
    this.abort = new AbortController();
    const question = this.question();
    try {
      const answer = await this.ask(question, this.abort.signal);
      this.asked = JSON.stringify(question);
      this.show(answer);
    } catch (error) {
      if ((error as Error).name === "AbortError") return;
      this.keepNext = false;
      if (error instanceof Failure && error.status !== 401) replace(this.verdict, h("span", { class: "worse" }, error.message), " The figures are still those from before.");
      else problem(this.verdict, error);
    }
  }

  show(a: Answer): void {
    this.answer = a;
    const order = ["recommended", "own", "current", "do_nothing"];
    const all = [...a.alternatives].sort((x, y) => order.indexOf(x.name) - order.indexOf(y.name));
    const best = all[0];
    const touched = this.asked !== "{}";
    this.follow(a.inputs);
    const shown = touched ? all : all.filter((x) => x.name !== "current");
    replace(this.headline, ...headline(best, a, `Week of ${a.as_of}, ${a.horizon} weeks ahead. Chosen for the ${objective(a.objective)} over ${a.scenarios} scenarios; all figures from ${a.eval_scenarios} others.`));
    replace(this.verdict, ...this.verdictParts(all, touched));
    replace(this.fanLegend, legend(shown));
    stockFan(this.fan, shown);
    replace(this.fanTable, h("p", { class: "quiet" }, "Recommended: the line is the median, the bands hold half and nine tenths of the outcomes. Others: medians."), stockTable(best));
    costBars(this.bars, shown);
    costCurves(this.costs, shown);
    replace(this.costTable, table("Quantiles of the cost, money", ["% of the outcomes", ...shown.map((x) => names[x.name])],
      best.cost_distribution.levels.map((l, i) => [`${Math.round(100 * l)} %`, ...shown.map((x) => money(x.cost_distribution.values[i]))])));
    this.showService(shown);
    this.showFrontier();
    this.showAccept();
    this.reset.disabled = Object.keys(this.question()).length === 0;
    if (this.keepNext && this.fresh()) this.keep();
  }

  // follow takes over what has changed since the page was opened: stock that was sold, settings that were accepted elsewhere.
  private follow(inputs: Inputs): void {
    const asked = JSON.parse(this.asked).changes ?? {};
    for (const k of this.knobs) {
      if (!k.change || k.change in asked) continue;
      const now = inputs[k.change as keyof Inputs];
      if (!changed(k)) k.value = now;
      k.base = now;
    }
    for (const s of this.sync) s();
  }

  // fresh tells whether the figures are those of the controls as they stand.
  private fresh(): boolean { return JSON.stringify(this.question()) === this.asked; }

  // verdictParts says in words how the recommendation compares with what is recommended now, and the partner's own order with both.
  private verdictParts(all: Alternative[], touched: boolean): Node[] {
    const best = all.find((x) => x.name === "recommended")!;
    const own = all.find((x) => x.name === "own");
    const current = all.find((x) => x.name === "current");
    const nothing = all.find((x) => x.name === "do_nothing");
    const parts: Node[] = [];
    if (touched && current && best.saving && best.policy !== current.policy) {
      const why = best.objective.estimate < current.objective.estimate ? ", for the objective's sake" : this.answer.inputs.min_fill_rate > 0 ? ", for the service's sake" : "";
      parts.push(compare("With these changes the new recommendation", "today's recommendation", best.saving, why));
    }
    else if (touched && current) parts.push(h("span", {}, "The recommendation stays as it is. "));
    else if (!current && best.saving) parts.push(compare("The recommendation", "not ordering", best.saving));
    else if (current && nothing?.saving) parts.push(compare("The recommendation", "not ordering", { estimate: -nothing.saving.estimate, low: -nothing.saving.high, high: -nothing.saving.low }));
    if (own) {
      if (own.saving_to_recommended) parts.push(h("span", {}, " ", compare("Your own order", "the recommendation", own.saving_to_recommended)));
      parts.push(h("span", {}, ` It serves ${percent(own.fill_rate)} of the demand, the recommendation ${percent(best.fill_rate)}.`));
    }
    return parts;
  }

  private showService(shown: Alternative[]): void {
    const row = (name: string, text: (a: Alternative) => string) => [name, ...shown.map(text)];
    replace(this.service, sideBySide(shown.map((a) => names[a.name]), [
      row("First order", (a) => (a.order_quantity > 0 ? units(a.order_quantity) : "–")), row("Ordered in all", (a) => units(a.units_ordered)),
      row("Demand served", (a) => percent(a.fill_rate)), row("Weeks without lack", (a) => percent(a.availability)), row("Stock on average", (a) => units(a.average_stock)),
      row("Mean cost", (a) => money(a.mean_cost.estimate)), row("What is minimised", (a) => money(a.objective.estimate)), row("Sales", (a) => money(a.gmv))]));
  }

  private showFrontier(): void {
    const button = h("button", { type: "button", class: "secondary" }, "Show");
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        const points = (await this.ask({ ...this.question(), frontier: true }, this.abort.signal)).frontier ?? [];
        replace(this.frontierBox, this.frontier.element, table("Cheapest policies for rising service", ["Served", "Cost that is minimised", "Mean cost", "Stock on average", "Policy"],
          points.map((p) => [percent(p.fill_rate), money(p.objective.estimate), money(p.mean_cost), units(p.average_stock), p.policy])));
        frontierCurve(this.frontier, points);
        say(`${points.length} policies`);
      } catch (error) {
        problem(this.frontierBox, error);
      }
    });
    replace(this.frontierBox, h("p", { class: "quiet" }, "The cheapest policy found for each share of the demand that is to be served."), button);
  }

  private keep(): void {
    this.keepNext = !this.fresh();
    if (this.keepNext) return void this.update();
    const best = this.answer.alternatives.find((x) => x.name === "recommended")!;
    const q = this.question();
    const name = this.knobs.filter(changed).map((k) => `${k.label} ${(k.show ?? units)(k.value)}`).join(", ") || "As it is";
    save(this.merchant, { id: crypto.randomUUID?.() ?? String(Date.now()), article: this.article, name, changes: q.changes ?? {}, scale: q.demand_scale ?? 1,
      own: q.policy === undefined ? null : this.knobs.find((k) => k.id === "own")!.value,
      order: best.order_quantity, cost: best.mean_cost.estimate, fillRate: best.fill_rate, stock: best.average_stock, asOf: this.answer.as_of });
    this.showSaved();
    say("Saved; it is compared at the end of the page");
  }

  private showSaved(): void {
    const list = saved(this.merchant).filter((s) => s.article === this.article);
    this.savedBox.hidden = list.length === 0;
    replace(this.savedBox, h("h2", {}, "Saved what-ifs"), h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Saved what-ifs, compared" }, h("table", {}, h("caption", { class: "visually-hidden" }, "Saved what-ifs, compared"),
      h("thead", {}, h("tr", {}, ...["What if", "First order", "Demand served", "Mean cost", "Stock on average", "Week of", ""].map((x) => h("th", { scope: "col" }, x)))),
      h("tbody", {}, ...list.map((s) => h("tr", {}, h("th", { scope: "row" }, s.name), h("td", {}, units(s.order)), h("td", {}, percent(s.fillRate)),
        h("td", {}, money(s.cost)), h("td", {}, units(s.stock)), h("td", {}, s.asOf),
        h("td", {}, h("button", { type: "button", class: "plain", click: () => this.open(s) }, "Open"),
          h("button", { type: "button", class: "plain", "aria-label": `Remove ${s.name}`, click: () => { forget(this.merchant, s.id); this.showSaved(); } }, "Remove"))))))));
  }

  private open(s: Saved): void {
    for (const k of this.knobs) {
      k.value = k.base;
      if (k.change && k.change in s.changes) k.value = s.changes[k.change];
      if (k.id === "demand") k.value = s.scale;
      if (k.id === "own" && s.own !== null) k.value = s.own;
    }
    for (const f of this.sync) f();
    void this.update();
  }

  // showAccept offers to make the changes that are settings of the article permanent.
  private showAccept(): void {
    const good = this.knobs.filter((k) => k.acceptable && changed(k));
    const other = this.knobs.filter((k) => !k.acceptable && k.id !== "own" && changed(k));
    if (!may("write") || good.length === 0) {
      replace(this.acceptBox, other.length > 0 && may("write") ? h("p", { class: "quiet" }, "Lead time, unit cost and price can be accepted as settings. Demand, stock and the service floor are for trying out here.") : null);
      return;
    }
    const names = good.map((k) => k.label.toLowerCase()).join(", ");
    const button = h("button", { type: "button" }, `Accept: ${names}`);
    const note = h("p", { class: "quiet" }, "The article is decided anew at once, and tonight's run uses it, too.");
    button.addEventListener("click", async () => {
      button.disabled = true;
      const values = good.map((k) => k.value); // the controls may move while this is decided
      try {
        const accepted = await call<{ job: string }>("PATCH", articlePath(this.merchant, this.article), Object.fromEntries(good.map((k, i) => [k.change!, values[i]])));
        note.textContent = "Deciding anew …";
        const job = await finished(accepted.job);
        if (job.state !== "done") throw new Failure(422, job.error ?? `The job is ${job.state}.`);
        good.forEach((k, i) => { k.base = values[i]; });
        for (const s of this.sync) s();
        await this.update();
        replace(this.acceptBox, h("p", { class: "better", role: "status" }, `Accepted: ${names}. The recommendation is up to date.`));
        say("Accepted");
      } catch (error) {
        problem(this.acceptBox, error);
      }
    });
    replace(this.acceptBox, button, note);
  }
}

async function finished(id: string): Promise<Job> {
  for (;;) {
    const job = await call<Job>("GET", `/v1/jobs/${encodeURIComponent(id)}`);
    if (job.state !== "queued" && job.state !== "running") return job;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

// compare says in words whether something is cheaper, with the interval of the difference.
function compare(what: string, than: string, saving: Interval, why = ""): HTMLElement {
  const range = (low: number, high: number) => `${money(low)} to ${money(high)}`;
  if (saving.low > 0) return h("span", { class: "better" }, `${what} costs ${money(saving.estimate)} less than ${than} (${range(saving.low, saving.high)}).`);
  if (saving.high < 0) return h("span", { class: "worse" }, `${what} costs ${money(-saving.estimate)} more than ${than} on average (${range(-saving.high, -saving.low)})${why}.`);
  if (saving.low === 0 && saving.high === 0) return h("span", {}, `${what} costs as much as ${than}.`);
  return h("span", {}, `${what} and ${than} can't be told apart by their mean cost (from ${money(-saving.low)} more to ${money(saving.high)} less).`);
}

function sentence(text: string): string {
  return text ? `${text[0].toUpperCase()}${text.slice(1)}. ` : "";
}

function objective(text: string): string {
  const [kind, level] = text.split(/[ ,]/);
  if (kind === "quantile") return `smallest ${Math.round(100 * Number(level))} % quantile of the cost`;
  if (kind === "cvar") return "smallest mean of the worst outcomes";
  return "smallest mean cost";
}
