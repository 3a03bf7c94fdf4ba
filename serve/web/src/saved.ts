// What-ifs that the partner has saved, in this browser.

export interface Saved {
  id: string; article: string; name: string; changes: Record<string, number>; scale: number; own: number | null;
  order: number; cost: number; fillRate: number; stock: number; asOf: string;
}

const place = (merchant: string): string => `restock-saved:${merchant}`;

export function saved(merchant: string): Saved[] {
  try {
    const list = JSON.parse(localStorage.getItem(place(merchant)) ?? "[]");
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

export function save(merchant: string, item: Saved): void {
  localStorage.setItem(place(merchant), JSON.stringify([...saved(merchant), item].slice(-200)));
}

export function forget(merchant: string, id: string): void {
  localStorage.setItem(place(merchant), JSON.stringify(saved(merchant).filter((s) => s.id !== id)));
}
