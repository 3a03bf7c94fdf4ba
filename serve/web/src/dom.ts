// Elements are made from data by these functions only: text is always text, never markup.

type Child = Node | string | number | null | undefined | false;
type Attributes = Record<string, string | number | boolean | ((event: any) => void) | undefined>;

export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  add(element, children);
  return element;
}

export function add(element: Element, children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

export function replace(element: Element, ...children: Child[]): void {
  element.textContent = "";
  add(element, children);
}

// say tells screen readers what has happened.
export function say(text: string): void {
  const status = document.getElementById("status")!;
  status.textContent = "";
  setTimeout(() => (status.textContent = text), 30);
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const two = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

export function units(v: number | null | undefined): string {
  return v === null || v === undefined ? "–" : two.format(v);
}

// money shows three digits or more, and cents only where they matter.
export function money(v: number | null | undefined): string {
  if (v === null || v === undefined) return "–";
  return Math.abs(v) < 10 ? two.format(v) : Math.abs(v) < 100 ? one.format(v) : whole.format(v);
}

export function percent(v: number | null | undefined): string {
  return v === null || v === undefined ? "–" : `${one.format(100 * v)} %`;
}

export function weeks(v: number | null | undefined): string {
  return v === null || v === undefined ? "–" : one.format(v);
}

export function debounce(wait: number, f: () => void): () => void {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = window.setTimeout(f, wait);
  };
}
