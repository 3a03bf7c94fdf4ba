import { call, merchantPath, Overview, Page, Summary } from "./api";
import { debounce, h, money, percent, replace, say, units, weeks } from "./dom";
import { go, link, problem } from "./main";

interface Column { key: string; title: string; text: (s: Summary) => string | HTMLElement; left?: boolean; minor?: boolean }

const columns: Column[] = [
  { key: "article_id", title: "Article", left: true, text: (s) => s.article_id },
  { key: "order_quantity", title: "Order", text: (s) => (s.order_quantity > 0 ? (s.order_week === 0 ? units(s.order_quantity) : `${units(s.order_quantity)} in week ${s.order_week}`) : "–") },
  { minor: true, key: "order_value", title: "Value", text: (s) => (s.order_quantity > 0 ? money(s.order_value) : "–") },
  { minor: true, key: "stock", title: "Stock", text: (s) => units(s.stock) },
  { key: "cover_weeks", title: "Weeks it lasts", text: (s) => weeks(s.cover_weeks) },
  { key: "stockout_risk", title: "Risk without order", text: (s) => percent(s.stockout_risk) },
  { minor: true, key: "fill_rate", title: "Served", text: (s) => percent(s.fill_rate) },
  { minor: true, key: "overstock", title: "Left over", text: (s) => units(s.overstock) },
  { key: "saving", title: "Saves", text: (s) => money(s.saving) },
];

// showOverview shows a merchant's assortment: key figures, and the articles. left is aborted when the partner goes elsewhere.
export async function showOverview(main: HTMLElement, merchant: string, query: URLSearchParams, left: AbortSignal): Promise<void> {
  const overview = await call<Overview>("GET", `${merchantPath(merchant)}/overview`, undefined, left);
  const filter = query.get("show") ?? "";
  const tile = (name: string, value: string, label: string, detail: string) => {
    const chosen = filter === name;
    return h("a", { class: `tile${chosen ? " chosen" : ""}`, href: link(merchant, "", chosen ? {} : { show: name }), "aria-current": chosen ? "true" : undefined },
      h("strong", {}, value), h("span", {}, label), h("small", {}, detail));
  };
  const list = h("section", { "aria-label": "Articles" });
  replace(main,
    h("h1", {}, "What to order"),
    h("p", { class: "quiet" }, `${merchant}: ${overview.articles} articles, week of ${overview.as_of || "–"}`,
      overview.recalculated > 0 ? `; ${overview.recalculated} decided anew since the nightly run` : ""),
    h("nav", { class: "tiles", "aria-label": "Key figures; each shows its articles" },
      tile("order", String(overview.to_order), "to order this week", `${units(Math.round(overview.order_units))} units, ${money(overview.order_value)}`),
      tile("risk", String(overview.stockout_risk), "would run out", "in a quarter of the weeks or more"),
      tile("overstock", String(overview.overstock), "too much stock", "a quarter or more left at the end"),
      h("div", { class: "tile" }, h("strong", {}, money(overview.saving)), h("span", {}, "saved by ordering"),
        h("small", {}, `${percent(overview.mean_fill_rate)} served instead of ${percent(overview.mean_none_fill_rate)}`))),
    list);
  await showList(list, merchant, query, filter, left);
}

async function showList(list: HTMLElement, merchant: string, query: URLSearchParams, filter: string, left: AbortSignal): Promise<void> {
  const sort = query.get("sort") ?? (filter === "risk" ? "-stockout_risk" : filter === "overstock" ? "-overstock" : "-saving");
  const search = h("input", { type: "search", id: "search", value: query.get("search") ?? "", placeholder: "Part of its number", autocomplete: "off" });
  const body = h("tbody");
  const count = h("p", { class: "quiet" });
  const more = h("button", { type: "button", class: "secondary" }, "Show more");
  let cursor = "";
  let abort = new AbortController();

  const path = (limit: number) => {
    const p = new URLSearchParams({ sort, limit: String(limit) });
    if (search.value.trim()) p.set("search", search.value.trim());
    if (filter === "order") p.set("order_now", "true");
    if (filter === "risk") p.set("min_stockout_risk", "0.25");
    if (filter === "overstock") p.set("min_overstock_share", "0.25");
    return p;
  };
  const load = async (fresh: boolean) => {
    abort.abort();
    abort = new AbortController();
    const p = path(50);
    if (!fresh && cursor) p.set("cursor", cursor);
    try {
      const page = await call<Page>("GET", `${merchantPath(merchant)}/articles?${p}`, undefined, abort.signal);
      if (fresh) replace(body);
      for (const s of page.items) {
        body.append(h("tr", {}, ...columns.map((c, i) => (i === 0
          ? h("th", { scope: "row" }, h("a", { href: link(merchant, s.article_id) }, s.article_id),
            s.status === "degraded" ? h("span", { class: "tag", title: "Too uncertain to tell from doing nothing" }, "uncertain") : null)
          : h("td", { "data-title": c.title, class: c.minor ? "minor" : undefined }, c.text(s))))));
      }
      cursor = page.next ?? "";
      more.hidden = !page.next;
      count.textContent = page.total === 0 ? "No article fits. Search for less, or show all." : `${body.childElementCount} of ${page.total} articles`;
      if (fresh) say(`${page.total} articles`);
    } catch (error) {
      problem(list, error);
    }
  };
  more.addEventListener("click", () => load(false));
  // What is searched for stands in the address, so that it holds when the list is sorted, and when the partner comes back.
  const place = (by: string | null) => ({ ...(filter ? { show: filter } : {}), ...(by ? { sort: by } : {}), ...(search.value.trim() ? { search: search.value.trim() } : {}) });
  search.addEventListener("input", debounce(200, () => {
    if (left.aborted) return;
    history.replaceState(null, "", link(merchant, "", place(query.get("sort"))));
    void load(true);
  }));
  const sorted = (by: string) => go(merchant, "", place(by));
  const choice = h("select", { id: "sort", change: () => sorted(choice.value) }, // where there is no room for a row of headings
    ...columns.flatMap((c) => [`-${c.key}`, c.key].map((by) =>
      h("option", { value: by, selected: by === sort }, `${c.title}, ${by === c.key ? (c.left ? "A to Z" : "least first") : c.left ? "Z to A" : "most first"}`))));
  const head = columns.map((c) => {
    const falling = sort === `-${c.key}`;
    const rising = sort === c.key;
    const next = falling ? c.key : rising ? `-${c.key}` : c.key === "article_id" || c.key === "cover_weeks" ? c.key : `-${c.key}`;
    return h("th", { scope: "col", "aria-sort": falling ? "descending" : rising ? "ascending" : undefined, class: c.left ? "left" : undefined },
      h("button", { type: "button", class: "sort", click: () => sorted(next) }, c.title,
        h("span", { "aria-hidden": "true" }, falling ? " ↓" : rising ? " ↑" : "")));
  });
  replace(list,
    h("div", { class: "toolbar" },
      h("label", { for: "search" }, "Find an article ", search),
      h("label", { for: "sort", class: "narrow" }, "Sort by ", choice),
      h("button", { type: "button", class: "secondary", click: () => download(merchant, path(1000), list) }, "Export as CSV")),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of articles" }, h("table", { class: "articles" }, h("caption", { class: "visually-hidden" }, "Articles with what is recommended"),
      h("thead", {}, h("tr", {}, ...head)), body)),
    h("div", { class: "toolbar" }, count, more));
  await load(true);
}

// download saves all articles that pass the filters, with every figure.
async function download(merchant: string, query: URLSearchParams, place: HTMLElement): Promise<void> {
  try {
    const blob = await call<Blob>("GET", `${merchantPath(merchant)}/articles?${query}`, undefined, undefined, "text/csv");
    const url = URL.createObjectURL(blob);
    const a = h("a", { href: url, download: `restock-${merchant}.csv` });
    document.body.append(a);
    a.click();
    a.remove();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
    say("The file is saved");
  } catch (error) {
    problem(place, error);
  }
}
