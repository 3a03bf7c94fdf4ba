import uPlot from "uplot";
import { Alternative, FrontierPoint } from "./api";
import { h, money, percent, replace, units } from "./dom";

export const names: Record<string, string> = { recommended: "Recommended", current: "Current", own: "Your own", do_nothing: "No order" };
export const partNames: Record<string, string> = {
  holding: "Holding", inbound: "Inbound", outbound: "Outbound", returns: "Returns", lost_sales: "Lost sales", overstock: "Overstock",
};

const color = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const font = "12px system-ui, sans-serif";

// Plot is a chart that is drawn again when its data, its width or the colours change.
export class Plot {
  readonly element = h("div", { class: "plot", "aria-hidden": "true" });
  private chart?: uPlot;
  private shape = "";
  private options?: (width: number) => uPlot.Options;
  private data: uPlot.AlignedData = [[]];

  constructor() {
    new ResizeObserver(() => {
      const width = this.element.clientWidth;
      if (this.chart && width > 0 && width !== this.chart.width) this.chart.setSize({ width, height: this.chart.height });
    }).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.rebuild());
  }

  // show draws data. Only what has another shape needs a new chart: everything else moves at once.
  show(shape: string, data: uPlot.AlignedData, options: (width: number) => uPlot.Options): void {
    this.data = data;
    this.options = options;
    if (this.chart && shape === this.shape) {
      this.chart.setData(data);
      return;
    }
    this.shape = shape;
    this.rebuild();
  }

  private rebuild(): void {
    if (!this.options) return;
    this.chart?.destroy();
    this.chart = new uPlot(this.options(this.element.clientWidth || 600), this.data, this.element);
  }
}

// amounts writes an axis' numbers: large ones would not find room, and lose their first digits.
const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });
const amounts: uPlot.Axis.Values = (_u, marks) => marks.map((m) => (Math.max(...marks.map(Math.abs)) < 1e5 ? plain : compact).format(m));

const axis = (label: string, values = amounts): uPlot.Axis => ({
  label, labelFont: font, font, stroke: color("quiet"), grid: { stroke: color("line"), width: 1 }, ticks: { show: false }, labelSize: 18, size: 46, gap: 4, values,
});

const short = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });
const seconds = (date: string): number => Date.parse(`${date}T00:00:00Z`) / 1000;

// stockFan shows the stock at the end of each week: the recommended policy with its bands, the others by their medians.
export function stockFan(plot: Plot, alternatives: Alternative[]): void {
  const first = alternatives[0];
  const others = alternatives.slice(1);
  const band = (key: "p5" | "p25" | "p50" | "p75" | "p95") => first.weeks.map((w) => w.on_hand[key]);
  const data: uPlot.AlignedData = [first.weeks.map((w) => seconds(w.date)), band("p95"), band("p75"), band("p25"), band("p5"), band("p50"),
    ...others.map((a) => a.weeks.map((w) => w.on_hand.p50))];
  const edge: uPlot.Series = { stroke: "transparent", width: 0, points: { show: false } };
  plot.show(`fan ${others.map((a) => a.name)}`, data, (width) => ({
    width, height: 260, legend: { show: false }, cursor: { show: false }, padding: [8, 8, 0, 0],
    scales: { x: { time: true }, y: { range: (_u, _low, high) => [0, Math.max(1, high * 1.05)] } },
    series: [{}, edge, edge, edge, edge, { stroke: color("accent"), width: 2.5, points: { show: false } },
      ...others.map((a): uPlot.Series => ({ stroke: color(a.name), width: 1.5, dash: a.name === "do_nothing" ? [2, 4] : [6, 4], points: { show: false } }))],
    bands: [{ series: [1, 4], fill: color("band") }, { series: [2, 3], fill: color("band-inner") }],
    axes: [{ ...axis(""), size: 28, labelSize: 0, label: undefined, values: (_u, marks) => marks.map((m) => short.format(new Date(m * 1000))) }, axis("units on hand")],
  }));
}

// costCurves shows the distribution of the cost: how likely it is to stay below an amount.
export function costCurves(plot: Plot, alternatives: Alternative[]): void {
  const levels = alternatives[0].cost_distribution.levels;
  const data: uPlot.AlignedData = [levels.map((l) => 100 * l), ...alternatives.map((a) => a.cost_distribution.values)];
  plot.show(`costs ${alternatives.map((a) => a.name)}`, data, (width) => ({
    width, height: 220, legend: { show: false }, cursor: { show: false }, padding: [8, 8, 0, 0], scales: { x: { time: false } },
    series: [{}, ...alternatives.map((a): uPlot.Series => ({
      stroke: color(a.name === "recommended" ? "accent" : a.name), width: a.name === "recommended" ? 2.5 : 1.5,
      dash: a.name === "recommended" ? undefined : a.name === "do_nothing" ? [2, 4] : [6, 4], points: { show: false } }))],
    axes: [{ ...axis("% of the outcomes cost at most …"), size: 28 }, { ...axis("money"), size: 58 }],
  }));
}

// frontierCurve shows what more service would cost.
export function frontierCurve(plot: Plot, points: FrontierPoint[]): void {
  plot.show(`frontier ${points.length}`, [points.map((p) => 100 * p.fill_rate), points.map((p) => p.objective.estimate)], (width) => ({
    width, height: 220, legend: { show: false }, cursor: { show: false }, padding: [8, 8, 0, 0], scales: { x: { time: false } },
    series: [{}, { stroke: color("accent"), width: 2, points: { show: true, size: 7, fill: color("accent") } }],
    axes: [{ ...axis("% of the demand served"), size: 28 }, { ...axis("cost that is minimised"), size: 58 }],
  }));
}

export function legend(alternatives: Alternative[]): HTMLElement {
  return h("ul", { class: "legend" }, ...alternatives.map((a) => h("li", {}, h("span", { class: `key key-${a.name}` }), names[a.name])));
}

// table is the same figures as text, for those who do not see the chart, or want the numbers.
export function table(caption: string, headers: string[], rows: (string | number)[][]): HTMLElement {
  return h("details", { class: "numbers" }, h("summary", {}, "The numbers"),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
      h("table", {}, h("caption", {}, caption), h("thead", {}, h("tr", {}, ...headers.map((x) => h("th", { scope: "col" }, x)))),
        h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((x, i) => (i ? h("td", {}, x) : h("th", { scope: "row" }, x)))))))));
}

// costBars shows the parts of the mean cost side by side.
export function costBars(element: HTMLElement, alternatives: Alternative[]): void {
  const parts = Object.keys(partNames).filter((p) => alternatives.some((a) => Math.abs(a.cost_parts[p] ?? 0) > 0.005));
  const most = Math.max(1e-9, ...alternatives.map((a) => parts.reduce((sum, p) => sum + Math.max(0, a.cost_parts[p]), 0)));
  const rows = alternatives.map((a) => {
    const bar = h("div", { class: "bar" });
    for (const p of parts) {
      if (a.cost_parts[p] <= 0) continue;
      const piece = h("span", { class: `part part-${p}`, title: `${partNames[p]} ${money(a.cost_parts[p])}` });
      piece.style.width = `${(100 * a.cost_parts[p]) / most}%`;
      bar.append(piece);
    }
    return h("div", { class: "bar-row" }, h("span", { class: "bar-name" }, names[a.name]), bar, h("span", { class: "bar-sum" }, money(a.mean_cost.estimate)));
  });
  replace(element, h("div", { "aria-hidden": "true" }, ...rows, h("ul", { class: "legend" }, ...parts.map((p) => h("li", {}, h("span", { class: `key part-${p}` }), partNames[p])))),
    table("Parts of the mean cost, money", ["", ...parts.map((p) => partNames[p]), "Sum"],
      alternatives.map((a) => [names[a.name], ...parts.map((p) => money(a.cost_parts[p])), money(a.mean_cost.estimate)])));
}

export function stockTable(a: Alternative): HTMLElement {
  return table(`Week by week: ${names[a.name]}`, ["Week of", "Order", "Arrives", "Demand", "Sold", "Lost", "Stock, median", "Stock, 5 to 95 %", "Risk to run out"],
    a.weeks.map((w) => [w.date, units(w.order), units(w.arrivals), units(w.demand.p50), units(w.sales), units(w.lost), units(w.on_hand.p50),
      `${units(w.on_hand.p5)} to ${units(w.on_hand.p95)}`, percent(w.stockout_risk)]));
}
