// The page on what is no program's bus: a journal, and where a token is asked for; and a page that does not read.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { LIMIT, accessible, browse, look, picture, run, start, until, wire } from "./support.mjs";

/** An hour of orders: one each six seconds, every hundredth lost, all of the last ten minutes refunded too. */
const BEGUN = Date.parse("2026-01-01T09:00:00Z");
const orders = Array.from({ length: 600 }, (_, order) => {
  const time = new Date(BEGUN + order * 6_000).toISOString();
  const line = (type, id) => JSON.stringify({ specversion: "1.0", id: `${type}-${id}`, source: "/shop", type, time, data: { order, text: `Order ${order}` } });
  const paid = line(order % 100 === 99 ? `order.${order}.lost` : "order.paid", order);
  return order >= 500 ? `${paid}\n${line("refund.made", order)}\n` : `${paid}\n`;
}).join("");

let browser, folder, journal;

before(async () => {
  [browser, folder] = await Promise.all([browse(), mkdtemp(join(tmpdir(), "rem-journal-"))]);
  journal = join(folder, "orders.rem");
  await writeFile(join(folder, "orders.jsonl"), orders);
  assert.equal(await run("rem", ["import", join(folder, "orders.jsonl"), "--into", journal]), "700 events are imported\n");
});
after(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

test("a journal: its topics counted, its events found, its time walked through", async () => {
  const own = await start("rem", ["inspect", journal, "--unmasked", "--address", "127.0.0.1:0"]);
  await look(browser, `${own.url}#topics`, {}, async (page) => {
    await page.getByRole("heading", { name: "orders.rem" }).waitFor();
    const grid = page.getByRole("treegrid", { name: "Topics" });
    await page.getByRole("columnheader", { name: "All its time" }).waitFor();
    await page.getByRole("button", { name: "Open all" }).click();
    const published = (title) => grid.getByRole("row").filter({ has: page.getByTitle(title, { exact: true }) });
    await until(page, "all is counted", () => document.querySelector(".foot")?.textContent.startsWith("8 topics") && !/counting/.test(document.querySelector(".foot").textContent));
    const pattern = page.getByLabel("Pattern", { exact: true });
    await pattern.fill("order.paid,refund.made");
    await until(page, "two of them", () => document.querySelector(".foot").textContent.startsWith("2 topics"));
    await published("order.paid").waitFor();
    const cells = async (title) => (await published(title).locator("> *").allTextContents()).map((text) => text.trim());
    const paid = await cells("order.paid");
    assert.deepEqual([paid[1], paid[3], paid[4]], ["–", "594", ""], "no rate, for nothing comes, and nobody who could hear it");
    assert.equal((await cells("refund"))[3], "100", "of what is below it");
    // All refunds are of the last sixth of the time.
    const line = await published("refund.made").locator("polyline").getAttribute("points");
    const heights = line.split(" ").map((point) => Number(point.split(",")[1]));
    assert.equal(heights.length, 60);
    assert.ok(heights.slice(0, 49).every((y) => y === heights[0]) && heights.slice(51).every((y) => y < heights[0]), line);
    // Of all, whatever the pattern.
    await page.getByRole("img", { name: "All events: 700, by their times" }).waitFor();
    const before = await grid.textContent();
    await page.evaluate(() => new Promise((resolve) => {
      let beats = 0;
      const stream = new EventSource("api/stream?none=true&stats=true");
      stream.addEventListener("stats", () => {
        beats += 1;
        if (beats === 3) resolve(stream.close());
      });
    }));
    assert.equal(await grid.textContent(), before, "nothing of it goes on");
    await picture(page, "journal-topics-light");
    await accessible(page, "topics of a journal");

    await pattern.fill("order.*.lost");
    await until(page, "only what is selected", () => document.querySelector(".foot").textContent.startsWith("6 topics"));
    await page.keyboard.press("Escape");
    await page.keyboard.press("2");
    const events = page.locator("[role=grid] .body [role=row]");
    await events.first().waitFor();
    await page.getByLabel("Pattern", { exact: true }).fill("refund.made");
    await until(page, "the refunds", () => {
      const topics = [...document.querySelectorAll("[role=grid] .body [role=row]")].map((row) => row.children[2].textContent);
      return topics.length > 5 && topics.every((topic) => topic === "refund.made");
    });
    await page.getByRole("grid").focus();
    await page.keyboard.press("End");
    await page.getByRole("region", { name: "Event", exact: true }).getByText('"Order 599"').first().waitFor();
    await picture(page, "journal-events-light");

    await page.goto(`${own.url}#time`);
    const latest = page.getByRole("grid", { name: "The last event of each topic" });
    await latest.getByRole("row", { name: /refund\.made/ }).waitFor();
    // Before there were any.
    await page.getByLabel("Moment: number or time").fill("2026-01-01T09:30:00Z");
    await page.keyboard.press("Enter");
    await until(page, "no refund was made by then", () => {
      const rows = [...document.querySelectorAll("[role=grid] .body [role=row]")].map((row) => row.textContent);
      return rows.some((row) => row.includes("order.paid")) && !rows.some((row) => row.includes("refund"));
    });
    await picture(page, "journal-time-light");
    await accessible(page, "time of a journal");
  }).finally(own.stop);
});

test("a token: who has none is told how to get in, and the address that was printed leads in", async () => {
  const own = await start("rem", ["inspect", journal, "--unmasked", "--address", "127.0.0.1:0", "--token", "a-token-that-is-long-enough"]);
  const bare = new URL("/", own.url).href;
  try {
    assert.match(own.url, /token=a-token-that-is-long-enough/);
    await look(browser, bare, {}, async (page) => {
      await page.getByText("refused", { exact: true }).waitFor();
      await page.getByRole("alert").filter({ hasText: "open the address that the program printed" }).first().waitFor();
      assert.ok(!(await page.content()).includes("order.paid"));
      await picture(page, "token-light");
      await accessible(page, "no token");
    });
    await look(browser, own.url, {}, async (page) => {
      await page.getByText("live", { exact: true }).waitFor();
      await page.getByRole("treegrid", { name: "Topics" }).getByRole("row", { name: /order/ }).first().waitFor();
      assert.ok(!page.url().includes("token"), "it does not stay in the address");
      assert.equal(await page.evaluate(() => document.cookie), "", "no script reads it");
    });
    await look(browser, bare, {}, (page) => page.getByText("live", { exact: true }).waitFor());
  } finally {
    await own.stop();
  }
});

test("a page that does not read is cut off, told so, and goes on from where it was", async () => {
  const own = await start("22_inspector", ["--stay", "--rate", "2000", "--patience", "5"]);
  const cable = await wire(own.port);
  try {
    await look(browser, `${cable.url}#events`, {}, async (page) => {
      await page.getByLabel("At most").selectOption("2,000/s");
      await page.locator("[role=grid] .body [role=row]").nth(10).waitFor();
      const newest = () => page.evaluate(() => Number([...document.querySelectorAll("[role=grid] .body [role=row]")].at(-1)?.firstChild.textContent));
      await until(page, "it follows", () => Number(document.querySelectorAll(".figures b")[1].textContent.replaceAll(",", "")) > 2_000);
      cable.hold();
      const told = page.getByRole("alert").filter({ hasText: "did not read for" });
      // What the system keeps for who does not read is full soon. It is told if it reads again between five seconds and ten from then on.
      await new Promise((resolve) => setTimeout(resolve, 7_500));
      const before = await newest();
      cable.release();
      await told.waitFor();
      assert.match(await told.textContent(), /did not read for [5-9] s and was cut off; it went on from where it was/);
      await picture(page, "lagged-light");
      await accessible(page, "lagged");
      await page.getByText("live", { exact: true }).waitFor();
      await until(page, "it goes on", (before) => Number([...document.querySelectorAll("[role=grid] .body [role=row]")].at(-1)?.firstChild.textContent) > before + 1_000, before);
      const { clients } = await (await fetch(`${own.url}api/about`)).json();
      assert.ok(clients.cut >= 1, JSON.stringify(clients));
      await told.getByRole("button", { name: "Close" }).click();
      await told.waitFor({ state: "detached" });
    });
  } finally {
    await cable.cut();
    await own.stop();
  }
});
