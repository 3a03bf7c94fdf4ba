import { showArticle } from "./article";
import { call, Failure, Me, token } from "./api";
import { h, replace, say } from "./dom";
import { showOverview } from "./overview";

let me: Me | undefined;

// link is the address of a merchant's overview or of an article, behind the #, so that it can be shared.
export function link(merchant: string, article = "", query: Record<string, string> = {}): string {
  const parts = [encodeURIComponent(merchant), ...(article ? [encodeURIComponent(article)] : [])];
  const text = new URLSearchParams(query).toString();
  return `#/${parts.join("/")}${text ? `?${text}` : ""}`;
}

export function go(merchant: string, article = "", query: Record<string, string> = {}): void {
  location.hash = link(merchant, article, query);
}

export const may = (right: string): boolean => me?.rights.includes(right) ?? false;

// problem says what went wrong, and offers to try again.
export function problem(place: HTMLElement, error: unknown): void {
  if ((error as Error).name === "AbortError") return;
  if (error instanceof Failure && error.status === 401) {
    token.set("");
    signIn(error.message);
    return;
  }
  const text = error instanceof Failure ? error.message : "Something is wrong with this page. Load it again.";
  if (!(error instanceof Failure)) console.error(error);
  replace(place, h("div", { class: "note", role: "alert" }, h("p", {}, text), h("button", { type: "button", click: () => void route() }, "Try again")));
}

function signIn(message = ""): void {
  me = undefined;
  header([], "");
  const input = h("input", { type: "password", id: "key", autocomplete: "off", spellcheck: "false", required: true, "aria-describedby": "key-help" });
  const form = h("form", { class: "card sign-in", submit: (event: Event) => {
    event.preventDefault();
    token.set(input.value.trim());
    void start();
  } },
  h("h1", {}, "Sign in"), message ? h("p", { class: "note", role: "alert" }, message) : null,
  h("label", { for: "key" }, "API key"), input,
  h("p", { class: "quiet", id: "key-help" }, "You have it from whoever runs this service. It is kept until you close this tab."),
  h("button", { type: "submit" }, "Sign in"));
  replace(document.getElementById("main")!, form);
  input.focus();
}

function header(merchants: string[], merchant: string): void {
  const select = merchants.length > 1 && h("label", { class: "merchant" }, h("span", { class: "visually-hidden" }, "Merchant"),
    h("select", { change: (event: Event) => go((event.target as HTMLSelectElement).value) },
      ...merchants.map((m) => h("option", { value: m, selected: m === merchant }, m))));
  replace(document.getElementById("top")!,
    h("a", { class: "brand", href: merchant ? link(merchant) : "#/" }, h("img", { src: "/icon.svg", alt: "", width: 24, height: 24 }), "restock"),
    select || (merchant ? h("span", { class: "merchant" }, merchant) : null),
    h("span", { class: "space" }),
    token.get() ? h("button", { type: "button", class: "plain", click: () => { token.set(""); signIn(); } }, "Sign out") : null);
}

let merchants: string[] = [];
let visit = new AbortController();

async function start(): Promise<void> {
  const main = document.getElementById("main")!;
  try {
    me = await call<Me>("GET", "/v1/whoami");
    merchants = me.merchants[0] === "*" ? await call<string[]>("GET", "/v1/merchants") : me.merchants;
  } catch (error) {
    if (error instanceof Failure && error.status === 401) {
      const message = token.get() ? error.message : "";
      token.set("");
      signIn(message);
      return;
    }
    problem(main, error);
    return;
  }
  await route();
}

async function route(): Promise<void> {
  const main = document.getElementById("main")!;
  if (!me) return start();
  visit.abort();
  visit = new AbortController();
  const { signal } = visit;
  const [path, text = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/").map((p) => { try { return decodeURIComponent(p); } catch { return p; } });
  const merchant = parts[0] || merchants[0] || "";
  header(merchants, merchant);
  if (!merchant) {
    replace(main, h("div", { class: "card" }, h("h1", {}, "Nothing is loaded yet"), h("p", {}, "Start the service with --load-articles and --load-forecast, or put features of articles through the API.")));
    return;
  }
  document.title = parts[1] ? `${parts[1]} – restock` : `${merchant} – restock`;
  replace(main, h("p", { class: "quiet" }, "Loading…"));
  try {
    if (parts[1]) await showArticle(main, merchant, parts.slice(1).join("/"), signal);
    else await showOverview(main, merchant, new URLSearchParams(text), signal);
    if (document.activeElement === document.body) main.focus({ preventScroll: true });
  } catch (error) {
    if (signal.aborted) return;
    problem(main, error);
    say("That did not work");
  }
}

addEventListener("hashchange", () => void route());
void start();
