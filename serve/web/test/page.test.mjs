// The page in a real browser, against the real service with the example data.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const root = join(import.meta.dirname, "../../..");
const restock = join(root, "bin/restock");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = process.env.SCREENSHOTS; // folder to leave pictures in
let data, server, base, browser, key, reader;

const freePort = () => new Promise((resolve) => { const s = createServer().listen(0, "127.0.0.1", () => { const { port } = s.address(); s.close(() => resolve(port)); }); });

before(async () => {
  data = mkdtempSync(join(tmpdir(), "restock-page-"));
  const forecast = join(data, "forecast.parquet");
  const made = spawnSync(restock, ["forecast", "--history", join(root, "testdata/history.parquet"), "--out", forecast, "--quiet"]);
  assert.equal(made.status, 0, String(made.stderr));
  const create = (rights) => String(spawnSync(restock, ["keys", "create", "--data", data, "--name", "page test", "--merchant", "kitchen", "--right", rights]).stdout).trim().split("\n").pop();
  key = create("read,what-if,write");
  reader = create("read");
  base = `http://127.0.0.1:${await freePort()}`;
  server = spawn(restock, ["serve", "--data", data, "--listen", base.slice(7), "--load-articles", join(root, "testdata/articles.csv"), "--load-forecast", forecast,
    "--config", join(root, "testdata/restock.yaml"), "--quiet"], { stdio: "inherit" });
  for (let i = 0; ; i++) {
    if (await fetch(`${base}/readyz`).then((r) => r.ok, () => false)) break;
    assert.ok(i < 150, "the service does not start");
    await new Promise((r) => setTimeout(r, 200));
  }
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  if (shots && !existsSync(shots)) mkdirSync(shots);
});

after(async () => {
  await browser?.close();
  server?.kill();
  rmSync(data, { recursive: true, force: true });
});

// open signs in, as a partner would, and goes to a place behind the #. Every complaint of the browser fails the test.
async function open(t, hash, { token = key, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (m) => m.type() === "error" && !m.text().includes("401") && complaints.push(m.text()));
  page.on("pageerror", (e) => complaints.push(e.message));
  t.after(async () => { await context.close(); assert.deepEqual(complaints, []); });
  await page.goto(`${base}/${hash}`);
  await page.getByLabel("API key").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator("h1").filter({ hasNotText: "Sign in" }).waitFor();
  return page;
}

const shot = (page, name) => shots && page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });

async function accessible(page, where) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"] }));
  const serious = found.violations.filter((v) => ["serious", "critical"].includes(v.impact));
  assert.deepEqual(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).slice(0, 2)}`), [], where);
}

test("a wrong key is refused in words", async () => {
  const page = await browser.newPage();
  await page.goto(base);
  await page.getByLabel("API key").fill("rsk_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").filter({ hasText: "not accepted" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Sign out" }).count(), 0);
  await page.close();
});

test("find an article and read what is recommended", async (t) => {
  const page = await open(t, "");
  await page.getByText("to order this week").waitFor();
  await page.locator("tbody tr").first().waitFor();
  await shot(page, "overview");
  await accessible(page, "overview");
  await page.getByLabel("Find an article").fill("22114");
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1);
  await page.getByRole("link", { name: "22114" }).click();
  await page.locator(".order").filter({ hasText: /Order [\d,]+/ }).waitFor();
  assert.match(await page.locator(".verdict").textContent(), /costs .* less than not ordering \(.* to .*\)/);
  await accessible(page, "article");
  await shot(page, "article");
});

test("sorting, filters and the export", async (t) => {
  const page = await open(t, "");
  await page.getByRole("button", { name: "Stock" }).click();
  await page.locator('th[aria-sort="descending"]').filter({ hasText: "Stock" }).waitFor();
  for (const name of ["to order this week", "too much stock", "would run out"]) {
    await page.getByRole("link", { name }).click();
    await page.locator(".tile.chosen").filter({ hasText: name }).waitFor();
    const counted = await page.locator(".tile.chosen strong").textContent();
    await page.getByText(new RegExp(`of ${counted} articles`)).waitFor();
  }
  await page.getByLabel("Find an article").fill("22");
  const found = page.getByText(/^\d+ of \d+ articles$/);
  await page.waitForFunction(() => location.hash.includes("search=22"));
  await page.waitForLoadState("networkidle");
  const few = (await found.textContent()).match(/of (\d+)/)[1];
  await page.getByRole("button", { name: "Left over" }).click();
  await page.locator('th[aria-sort="descending"]').filter({ hasText: "Left over" }).waitFor();
  await page.getByText(`of ${few} articles`).waitFor();
  await page.locator("tbody a").first().click();
  await page.locator(".order").waitFor();
  await page.goBack();
  await page.getByText(`of ${few} articles`).waitFor();
  assert.equal(await page.getByLabel("Find an article").inputValue(), "22");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export as CSV" }).click();
  const lines = readFileSync(await (await download).path(), "utf8").trim().split("\n");
  const shown = Number((await page.getByText(/of \d+ articles/).textContent()).match(/of (\d+)/)[1]);
  assert.equal(lines.length, shown + 1);
  assert.match(lines[0], /^merchant_id,article_id/);
});

test("moving a slider moves the curve and the numbers within a blink", async (t) => {
  const page = await open(t, "#/kitchen/22114");
  await page.locator(".order").waitFor();
  const picture = () => page.locator(".plot canvas").first().evaluate((c) => c.toDataURL());
  const before = { order: await page.locator(".order").textContent(), picture: await picture() };
  const answered = page.waitForResponse("**/v1/what-if");
  const start = Date.now();
  await page.getByLabel("Lead time").fill("8");
  await answered;
  await page.waitForFunction((text) => document.querySelector(".order").textContent !== text, before.order);
  t.diagnostic(`slider to new numbers: ${Date.now() - start} ms, of which 80 ms wait for the hand to rest`);
  assert.notEqual(await picture(), before.picture);
  await page.getByLabel("Your own order now").fill("960");
  await page.locator(".verdict").filter({ hasText: /Your own order (costs|and)/ }).waitFor();
  await shot(page, "what-if");
  await page.getByRole("button", { name: "Save this what-if" }).click();
  await page.getByRole("button", { name: "Put back" }).click();
  await page.waitForFunction((text) => document.querySelector(".order").textContent === text, before.order);
  await page.getByRole("button", { name: "Save this what-if" }).click();
  assert.equal(await page.locator('section[aria-label="Saved what-ifs"] tbody tr').count(), 2);
  await page.getByRole("button", { name: "Open" }).first().click();
  await page.locator(".verdict").filter({ hasText: /Your own order (costs|and)/ }).waitFor();
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await page.getByText("Cheapest policies for rising service").waitFor({ state: "attached" });
});

test("an answer that comes late does not take the place of another article", async (t) => {
  const page = await open(t, "#/kitchen");
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  await page.route("**/v1/what-if", async (route) => {
    if (route.request().postData().includes("22114")) await held;
    await route.continue().catch(() => {});
  });
  const asked = page.waitForRequest("**/v1/what-if");
  await page.evaluate(() => { location.hash = "#/kitchen/22114"; });
  await asked;
  await page.evaluate(() => { location.hash = "#/kitchen/23300"; });
  await page.locator("h1").filter({ hasText: "23300" }).waitFor();
  release();
  await page.waitForTimeout(500);
  assert.equal(await page.locator("h1").textContent(), "23300");
});

test("what has no answer can be put back, and is not saved with the figures of something else", async (t) => {
  const page = await open(t, "#/kitchen/22722");
  const saved = page.locator('section[aria-label="Saved what-ifs"] tbody tr');
  const order = page.locator(".order");
  await order.waitFor();
  const before = await order.textContent();
  const refuse = (route) => route.fulfill({ status: 200, json: { results: [{ error: { status: 422, detail: "that can't be" } }] } });
  await page.route("**/v1/what-if", refuse);
  await page.getByLabel("Price").fill("0");
  await page.getByText("that can't be").waitFor();
  const asked = page.waitForResponse("**/v1/what-if");
  await page.getByRole("button", { name: "Save this what-if" }).click();
  await asked;
  assert.equal(await saved.count(), 0);
  await page.unroute("**/v1/what-if", refuse);
  await page.getByRole("button", { name: "Put back" }).click();
  await page.locator(".verdict").filter({ hasText: "than not ordering" }).waitFor();
  await page.route("**/v1/what-if", async (route) => { await new Promise((r) => setTimeout(r, 300)); await route.continue(); });
  await page.getByLabel("Lead time").fill("9");
  await page.getByRole("button", { name: "Save this what-if" }).click();
  await saved.waitFor();
  assert.notEqual(await order.textContent(), before);
  assert.match(await saved.innerText(), /^Lead time 9\t/);
  assert.equal(`Order ${(await saved.locator("td").first().textContent())} now`, await order.textContent());
});

test("what is accepted is what was there when it was accepted", async (t) => {
  const page = await open(t, "#/kitchen/20726");
  await page.locator(".order").waitFor();
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  await page.route("**/articles/20726", async (route) => { await held; await route.continue(); });
  await page.getByLabel("Lead time").fill("7");
  const sent = page.waitForRequest("**/articles/20726");
  await page.getByRole("button", { name: "Accept: lead time" }).click();
  assert.equal((await sent).postData(), '{"lead_time_mean":7}');
  const moved = page.waitForResponse("**/v1/what-if");
  await page.getByLabel("Lead time").fill("3");
  await moved;
  const asked = [];
  page.on("request", (r) => r.url().endsWith("/v1/what-if") && asked.push(JSON.parse(r.postData()).articles[0].changes?.lead_time_mean));
  release();
  await page.getByText("Accepted: lead time").waitFor();
  assert.equal(asked.at(-1), 3);
});

test("the verdict says no more than is so", async (t) => {
  const page = await open(t, "#/kitchen/22114");
  const verdict = page.locator(".verdict");
  await page.locator(".order").waitFor();
  await page.getByLabel("Serve at least").fill("0.97");
  await verdict.filter({ hasText: "for the service's sake" }).waitFor(); // the objective, too, costs more than today
  const id = "nobody-buys-it";
  const put = await fetch(`${base}/v1/merchants/kitchen/articles/${id}/features`, { method: "PUT", headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify({ article: { on_hand: 10, price: 2, unit_cost: 1 }, forecast: { as_of: "2011-12-05", levels: [0.5], quantiles: Array(12).fill([0]) } }) });
  assert.equal(put.status, 200, await put.text());
  await page.goto(`${base}/#/kitchen/${id}`);
  await verdict.filter({ hasText: "The recommendation costs as much as not ordering." }).waitFor();
});

test("the controls stand where the figures are from, when a setting was changed elsewhere", async (t) => {
  const page = await open(t, "#/kitchen/22988");
  await page.locator(".order").waitFor();
  const patch = await fetch(`${base}/v1/merchants/kitchen/articles/22988`, { method: "PATCH", headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" }, body: '{"lead_time_mean":9.5}' });
  assert.equal(patch.status, 202, await patch.text());
  await page.getByLabel("Price").fill("1.1");
  await page.locator(".knob").filter({ hasText: "9.5 weeks" }).waitFor({ timeout: 5000 });
  assert.equal(await page.getByLabel("Lead time").inputValue(), "9.5");
  assert.equal(await page.getByRole("button", { name: "Accept: price" }).count(), 1);
});

test("accepting a setting decides the article anew, for good", async (t) => {
  const page = await open(t, "#/kitchen/23300");
  await page.locator(".order").waitFor();
  await page.getByLabel("Lead time").fill("9");
  await page.getByRole("button", { name: "Accept: lead time" }).click();
  await page.getByText("Accepted: lead time").waitFor();
  const order = await page.locator(".order").textContent();
  await page.reload();
  await page.locator(".knob").filter({ hasText: "9 weeks" }).waitFor();
  assert.equal(await page.locator(".order").textContent(), order);
});

test("a key that may only read shows what is recommended", async (t) => {
  const page = await open(t, "#/kitchen/22114", { token: reader });
  const asker = await open(t, "#/kitchen/22114");
  for (const p of [page, asker]) await p.locator(".order").waitFor();
  for (const place of [".order", ".verdict", 'section[aria-label="Service and cost"] table'])
    assert.equal(await page.locator(place).innerText(), await asker.locator(place).innerText());
  await page.getByText("may read, but not ask").waitFor();
  assert.equal(await page.locator("input").count(), 0);
  await accessible(page, "article of a reader");
  await shot(page, "reader");
});

test("everything can be done with the keyboard", async (t) => {
  const page = await open(t, "#/kitchen");
  await page.locator("tbody tr").first().waitFor();
  const reach = async (match) => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((m) => /^(A|BUTTON|INPUT)$/.test(document.activeElement.tagName) && (document.activeElement.textContent || document.activeElement.id).includes(m), match)) return;
    }
    assert.fail(`${match} can't be reached by Tab`);
  };
  await reach("22114");
  await page.keyboard.press("Enter");
  await page.locator(".order").waitFor();
  const before = await page.locator(".order").textContent();
  await reach("lead_time_mean");
  for (let i = 0; i < 8; i++) await page.keyboard.press("ArrowRight");
  await page.waitForFunction((text) => document.querySelector(".order").textContent !== text, before);
  await reach("Save this what-if");
  await page.keyboard.press("Enter");
  await page.locator('section[aria-label="Saved what-ifs"] tbody tr').waitFor();
});

test("it fits a phone, and the dark", async (t) => {
  for (const [name, options] of [["phone", { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }], ["dark", { colorScheme: "dark" }]]) {
    const page = await open(t, "#/kitchen", options);
    for (const hash of ["#/kitchen", "#/kitchen/22114"]) {
      await page.goto(`${base}/${hash}`);
      await page.locator(hash.endsWith("4") ? ".order" : "tbody tr").first().waitFor();
      await page.waitForTimeout(300);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, `${name} ${hash} scrolls sideways`);
      await accessible(page, `${name} ${hash}`);
      await shot(page, `${name}${hash.endsWith("4") ? "-article" : ""}`);
    }
  }
});

test("an axis shows large numbers whole", async (t) => {
  const path = "/v1/merchants/kitchen/articles/by-the-million/features";
  const put = await fetch(base + path, { method: "PUT", headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify({ article: { on_hand: 3e7, price: 2, unit_cost: 1 }, forecast: { as_of: "2011-12-05", levels: [0.5], quantiles: Array(12).fill([4e6]) } }) });
  assert.equal(put.status, 200, await put.text());
  const page = await open(t, "#/kitchen/by-the-million");
  await page.addInitScript(() => {
    window.drawn = [];
    const draw = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, x, ...rest) {
      if (this.textAlign === "right") window.drawn.push({ text, room: x - this.measureText(text).width });
      return draw.call(this, text, x, ...rest);
    };
  });
  await page.reload();
  await page.locator(".order").waitFor();
  await page.waitForTimeout(300);
  const drawn = await page.evaluate(() => window.drawn);
  assert.ok(drawn.some((d) => d.text === "10M"), JSON.stringify(drawn));
  assert.deepEqual(drawn.filter((d) => d.room < 0), []);
  await shot(page, "millions");
});

test("a phone sorts by a choice, which a wide screen does not show", async (t) => {
  const page = await open(t, "#/kitchen", { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  await page.locator("tbody tr").first().waitFor();
  await page.getByLabel("Sort by").selectOption({ label: "Article, Z to A" });
  await page.waitForFunction(() => location.hash.includes("sort=-article_id"));
  await page.locator("tbody tr").first().waitFor();
  const names = await page.locator("tbody th").allTextContents();
  assert.deepEqual(names, [...names].sort().reverse());
  assert.equal(await page.getByLabel("Sort by").inputValue(), "-article_id");
  const wide = await open(t, "#/kitchen");
  await wide.locator("tbody tr").first().waitFor();
  assert.equal(await wide.getByLabel("Sort by").isVisible(), false);
});

test("hostile names and missing articles do no harm", async (t) => {
  const id = `<img src=x onerror="document.title='broken'">/..?#%`;
  const path = `/v1/merchants/kitchen/articles/${encodeURIComponent(id)}/features`;
  const put = await fetch(base + path, { method: "PUT", headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify({ article: { on_hand: 1, price: 2, unit_cost: 1 }, forecast: { as_of: "2011-12-05", levels: [0.5], quantiles: Array(12).fill([1]) } }) });
  assert.equal(put.status, 200, await put.text());
  const page = await open(t, `#/kitchen/${encodeURIComponent(id)}`);
  await page.locator(".order").waitFor();
  assert.equal(await page.locator("h1").textContent(), id);
  assert.doesNotMatch(await page.title(), /^broken/);
  const missing = await browser.newContext();
  const other = await missing.newPage();
  await other.goto(base);
  await other.getByLabel("API key").fill(key);
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.locator("tbody tr").first().waitFor();
  await other.goto(`${base}/#/kitchen/nothing`);
  await other.getByRole("alert").filter({ hasText: "There is no such article" }).waitFor();
  await missing.close();
});
