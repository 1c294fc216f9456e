// The page as a person uses it: every view on the flights and in a shop, by mouse and by keys alone, light and dark.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LIMIT, accessible, browse, look, picture, start, until, wire } from "./support.mjs";

let flights, shop, browser;

before(async () => {
  [flights, shop, browser] = await Promise.all([
    start("flights", ["--inspect", "127.0.0.1:0", "--pace", "400", "--svg", process.env.REM_PAGE_SVG ?? "../../target/page/flights.svg"]),
    start("22_inspector", ["--stay", "--rate", "120"]),
    browse(),
  ]);
});
after(async () => {
  await browser?.close();
  await Promise.all([flights?.stop(), shop?.stop()]);
});

const rows = (page) => page.locator("[role=grid] .body [role=row], [role=treegrid] .body [role=row]");
/** Clicks on a row that is seen: rows beyond the edges are others when they have been scrolled to. */
async function choose(page, text) {
  const at = await page.evaluate((text) => {
    const grid = document.querySelector("[role=grid]").getBoundingClientRect();
    const places = [...document.querySelectorAll("[role=grid] .body [role=row]")].filter((row) => row.textContent.includes(text)).map((row) => row.getBoundingClientRect());
    const { x, y } = places.find(({ top, bottom }) => top > grid.top + 30 && bottom < grid.bottom - 10);
    return { x: x + 40, y: y + 11 };
  }, text);
  await page.mouse.click(at.x, at.y);
}
const hash = (page, part) => until(page, `the address has ${part}`, (part) => decodeURIComponent(location.hash).includes(part), part);

test("topics: a tree with rates and lines, that opens and closes and leads to events", () => look(browser, `${flights.url}#topics`, {}, async (page) => {
  await page.getByRole("heading", { name: "flights" }).waitFor();
  const grid = page.getByRole("treegrid", { name: "Topics" });
  const ua = grid.getByRole("row").filter({ has: page.getByTitle("flight.ua", { exact: true }) });
  await ua.waitFor();
  await until(page, "a rate and a line of it", () => document.querySelectorAll(".spark polyline").length > 5 && !/^[0–]/.test(document.querySelector(".figures b").textContent));
  assert.equal(await ua.getAttribute("aria-expanded"), "false");
  await ua.locator(".turn").click();
  await until(page, "it is open", () => document.querySelector("[title='flight.ua']").closest("[role=row]").getAttribute("aria-expanded") === "true");
  await page.getByRole("button", { name: "Open all" }).click();
  await grid.getByRole("row", { name: /departed.*FlightEvent::Departed/ }).first().waitFor();
  await page.getByRole("button", { name: "Close all" }).click();
  await page.getByRole("treegrid").focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await page.getByRole("columnheader", { name: "Published" }).getByRole("button").click();
  await until(page, "the greatest first", () => {
    const of = [...document.querySelectorAll(".body [aria-level='2']")].map((row) => Number(row.children[3].textContent.replaceAll(",", "")));
    return of.length > 3 && of.every((value, at) => at === 0 || of[at - 1] >= value);
  });
  await picture(page, "topics-light");
  await accessible(page, "topics");
  const row = grid.getByRole("row", { name: /ua/ }).first();
  await row.click();
  await hash(page, "events?pattern=flight.ua.**");
}));

test("events: followed, filtered, searched, paused, and looked into", () => look(browser, `${flights.url}#events`, {}, async (page) => {
  await rows(page).first().waitFor();
  const newest = () => page.evaluate(() => Number([...document.querySelectorAll("[role=grid] .body [role=row]")].at(-1)?.firstChild.textContent));
  const first = await newest();
  await until(page, "what is new comes", (first) => Number([...document.querySelectorAll("[role=grid] .body [role=row]")].at(-1)?.firstChild.textContent) > first + 200, first);
  await until(page, "it says that it is sampled", () => /sampled: .* a second shown, [\d,]+ left out/.test(document.querySelector(".foot").textContent));

  const pattern = page.getByLabel("Pattern", { exact: true });
  await pattern.fill("flight.>.x");
  await page.locator("pre.caret").waitFor();
  assert.match(await page.locator("pre.caret").textContent(), /flight\.>\.x\n.*\^/);
  assert.match(await page.locator("#pattern-says").textContent(), /`>` is the last segment/);
  await picture(page, "events-mistake-light");
  await pattern.fill("flight.*.ewr.departed");
  await until(page, "only what is selected", () => {
    const topics = [...document.querySelectorAll("[role=grid] .body [role=row]")].map((row) => row.children[2].textContent);
    return topics.length > 5 && topics.every((topic) => /^flight\.\w+\.ewr\.departed$/.test(topic));
  });
  await page.getByLabel("Search").fill('"to":"ord"');
  await until(page, "only what is found", () => {
    const data = [...document.querySelectorAll("[role=grid] .body [role=row]")].map((row) => row.children[3].textContent);
    return data.length > 0 && data.every((data) => data.includes('to: "ord"'));
  });
  await page.getByLabel("Search").fill("");
  await page.getByRole("button", { name: "Clear the pattern" }).click();
  await until(page, "no filter", () => !/search=\S|pattern=f/.test(location.hash));
  await rows(page).filter({ hasNotText: "ord" }).nth(5).waitFor();

  await page.getByRole("button", { name: "Pause" }).click();
  const still = await newest();
  await page.getByRole("button", { name: /Go on \([\d,]+ more\)/ }).waitFor();
  assert.equal(await newest(), still);
  await page.getByRole("button", { name: "Older" }).click();
  await until(page, "older ones are there", () => document.querySelector("[role=grid]").scrollHeight > 500 * 22);

  await page.getByRole("grid").focus();
  await page.keyboard.press("Home");
  const detail = page.getByRole("region", { name: "Event", exact: true });
  await detail.getByText("Heard by").waitFor();
  await detail.getByText("FlightEvent::", { exact: false }).first().waitFor();
  await picture(page, "events-light");
  await accessible(page, "events");
  await detail.getByRole("button", { name: "Story" }).click();
  await page.getByRole("treegrid", { name: "Story" }).waitFor();
}));

test("what is published is text, never a part of the page, and what is masked stays so", () => look(browser, `${shop.url}#events?pattern=order.placed`, {}, async (page) => {
  const script = rows(page).filter({ hasText: "<script>" }).first();
  await script.waitFor();
  await rows(page).filter({ hasText: "<img src=x" }).first().waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await choose(page, "<script>");
  const detail = page.getByRole("region", { name: "Event", exact: true });
  await detail.getByText("<script>document.title = 'owned'</script>").waitFor();
  await detail.locator(".masked").nth(1).waitFor();
  assert.equal(await detail.locator(".leaf", { hasText: "card" }).textContent(), "card: redacted");
  assert.equal(await detail.locator(".leaf", { hasText: "pin" }).textContent(), "pin: redacted", "what is no text is known by its type");
  assert.equal(await page.locator("main script, main img").count(), 0);
  assert.match(await page.title(), /^shop/);
  for (const secret of ["4000 0000", "4711"]) assert.ok(!(await page.content()).includes(secret), secret);
  await picture(page, "masked-light");
  // By search as little: what is masked is not there to be found.
  await page.getByLabel("Search").fill("4000 0000");
  await page.getByText("No event that is kept is selected").waitFor();
}));

test("a story: who handled it, how long that took, what they published, failures in red", () => look(browser, `${shop.url}#story`, {}, async (page) => {
  const failed = page.locator(".failures button").first();
  await failed.waitFor();
  await failed.click();
  const grid = page.getByRole("treegrid", { name: "Story" });
  const red = grid.getByRole("row", { name: /order\.paid.*failed.*no kettle is left/ });
  await red.waitFor();
  assert.match(await red.getAttribute("class"), /failed/);
  const color = await red.locator(".bad").first().evaluate((element) => getComputedStyle(element).color);
  assert.match(color, /^rgb\(179, 32, 26\)$/);
  assert.match(await red.textContent(), /\d (µs|ms|s)/);
  const levels = await rows(page).evaluateAll((rows) => rows.map((row) => [row.children[0].textContent.split(" ")[0], Number(row.getAttribute("aria-level"))]));
  assert.deepEqual(levels.slice(0, 3), [["order.placed", 1], ["order.placed", 2], ["order.paid", 3]], "what a handler published stands below it");
  await red.click();
  await page.locator(".problem pre", { hasText: "no kettle is left" }).waitFor();
  await picture(page, "story-light");
  await accessible(page, "story");
  await page.emulateMedia({ colorScheme: "dark" });
  await picture(page, "story-dark");
  await accessible(page, "story, dark");
  await page.getByRole("button", { name: "Another" }).click();
  await page.getByLabel("Event", { exact: true }).fill("999999999");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "999999999" }).waitFor();
}));

test("subscriptions: what looks wrong is pointed out", () => look(browser, `${shop.url}#subscriptions`, {}, async (page) => {
  const findings = page.getByRole("region", { name: "What looks wrong" });
  await findings.getByText(/`ordr\.\*\*` .* can select none of the topics/).waitFor();
  await findings.getByText(/`audit\.opened` was published .* nobody hears it/).waitFor();
  await findings.getByText(/`order\.paid` .* has failed .* no kettle is left/).waitFor();
  await findings.getByText(/`order\.shipped` .* has lost/).waitFor();
  const shipped = page.getByRole("row", { name: /order\.shipped.*queue 64.*22_inspector\.rs:\d+/ });
  await shipped.waitFor();
  const before = await shipped.textContent();
  await until(page, "the numbers are live", (before) => [...document.querySelectorAll("[role=row]")].some((row) => row.textContent.includes("order.shippedOrderEvent") && row.textContent !== before), before);
  await page.getByRole("columnheader", { name: "Dropped" }).getByRole("button").click();
  await until(page, "the most losses first", () => document.querySelector(".body [role=row]").textContent.includes("order.shipped"));
  await findings.getByRole("button", { name: /Show subscription/ }).first().click();
  const about = page.getByRole("region", { name: "Subscription", exact: true });
  await about.getByRole("heading", { name: "Last error" }).waitFor();
  await about.getByText(/^examples\/src\/bin\/22_inspector\.rs:\d+:\d+$/).waitFor();
  await picture(page, "subscriptions-light");
  await accessible(page, "subscriptions");
  await page.emulateMedia({ colorScheme: "dark" });
  await picture(page, "subscriptions-dark");
  await accessible(page, "subscriptions, dark");
}));

test("time: a moment, two states and what is different between them", () => look(browser, `${flights.url}#time`, {}, async (page) => {
  const grid = page.getByRole("grid", { name: "The last event of each topic" });
  await grid.getByRole("row", { name: /^flight\./ }).first().waitFor();
  const moment = page.getByLabel("Moment: number or time");
  await moment.fill("yesterday");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "a number, a time as" }).waitFor();
  const { to } = await (await fetch(`${flights.url}api/history`)).json();
  const middle = String(to - 100);
  await moment.fill(middle);
  await page.keyboard.press("Enter");
  await hash(page, `at=${middle}`);
  await until(page, "nothing is later than the moment", (middle) => {
    const numbers = [...document.querySelectorAll("[role=grid] .body [role=row]")].map((row) => Number(row.children[1].textContent));
    return numbers.length > 3 && numbers.every((number) => number <= middle);
  }, Number(middle));
  await picture(page, "time-light");
  await accessible(page, "time");

  await page.getByRole("button", { name: "Projections" }).click();
  const other = page.getByLabel("Compared with: number or time");
  await other.fill(String(Number(middle) - 40));
  await page.keyboard.press("Enter");
  await hash(page, `other=${Number(middle) - 40}`);
  await page.getByRole("heading", { name: `Different from ${(Number(middle) - 40).toLocaleString("en-US")} to ${Number(middle).toLocaleString("en-US")}` }).waitFor();
  const difference = page.getByRole("region", { name: "Difference", exact: true });
  await difference.getByRole("cell", { name: /^\/\w+\/(departed|arrived|cancelled)$/ }).first().waitFor();
  const changes = await difference.locator("tbody tr").evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
  const added = changes.filter(([path]) => path.split("/").length === 3).map(([, before, after]) => Number(after) - Number(before));
  assert.ok(added.length > 0 && added.every((more) => more > 0), JSON.stringify(changes));
  assert.equal(added.reduce((sum, more) => sum + more, 0), 40, "each of forty events is in the totals");
  await page.getByRole("region", { name: "State: Moment", exact: true }).getByText("departed").first().waitFor();
  await picture(page, "projections-light");
  await accessible(page, "projections");
  // The slider, by its keys.
  await page.getByRole("slider", { name: "Moment" }).focus();
  await page.keyboard.press("ArrowRight");
  await hash(page, `at=${Number(middle) + 1}`);
}));

test("replay: into a sandbox, with a speed and how far it is; told to wait, looked into, forgotten", () => look(browser, `${shop.url}#time?show=replays`, {}, async (page) => {
  await page.getByLabel("Speed").selectOption("as it was");
  await page.getByLabel("go on after failures").check();
  await page.getByRole("button", { name: "Begin" }).click();
  const replay = page.getByRole("region", { name: "replay-1", exact: true });
  await replay.getByText("running").waitFor();
  await replay.getByRole("progressbar").waitFor();
  await until(page, "it is known of how many", () => document.querySelector("progress").max > 1);
  await replay.getByRole("button", { name: "Pause" }).click();
  await replay.getByText("paused").waitFor();
  await picture(page, "replay-light");
  await accessible(page, "replay");
  await replay.getByRole("button", { name: "Resume" }).click();
  await replay.getByText("running").waitFor();
  await replay.getByRole("button", { name: "Stop" }).click();
  await replay.getByText("stopped").waitFor();
  await replay.getByRole("button", { name: "Forget replay-1" }).click();
  await replay.waitFor({ state: "detached" });

  await page.getByLabel("Speed").selectOption("as fast as it can");
  await page.getByRole("button", { name: "Begin" }).click();
  const second = page.getByRole("region", { name: "replay-2", exact: true });
  await second.getByText("done").waitFor();
  await second.getByText(/^[1-9][\d,]* failed$/).waitFor();
  await second.getByRole("button", { name: "Look into it" }).click();
  await page.getByRole("treegrid", { name: "Topics" }).getByRole("row", { name: /order/ }).first().waitFor();
  assert.equal(await page.getByLabel("Look at").inputValue(), "replay-2");
  await page.getByRole("button", { name: /^Subscriptions/ }).click();
  await page.getByRole("row", { name: /^order\.refused|! order\.refused/ }).waitFor();
  await page.getByLabel("Look at").selectOption("bus");
  await page.getByRole("row", { name: /order\.shipped.*queue 64/ }).waitFor();
}));

test("keys alone are enough", () => look(browser, shop.url, {}, async (page) => {
  await page.getByRole("treegrid", { name: "Topics" }).getByRole("row", { name: /order/ }).first().waitFor();
  // By the tab key to the list, past all that is before it, and never into a trap.
  const stops = [];
  for (let at = 0; at < 40; at += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent?.slice(0, 20) || document.activeElement?.tagName);
    stops.push(stop);
    if (stop === "topics-list") break;
  }
  assert.equal(stops.at(-1), "topics-list", stops.join(" | "));
  const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(ring, "solid", "where one is can be seen");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const active = () => page.evaluate(() => document.getElementById(document.activeElement.getAttribute("aria-activedescendant"))?.textContent ?? "");
  await until(page, "the row is told", () => document.activeElement.hasAttribute("aria-activedescendant"));
  const chosen = await active();
  assert.ok(chosen.length > 0);
  await page.keyboard.press("Enter");
  await hash(page, "events?pattern=");
  await page.keyboard.press("/");
  await until(page, "the pattern has the focus", () => document.activeElement?.dataset.focus === "filter");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("order.placed");
  await hash(page, "pattern=order.placed");
  await page.keyboard.press("Escape");
  await page.keyboard.press("p");
  await page.getByText("paused", { exact: true }).waitFor();
  await page.keyboard.press("l");
  await page.keyboard.press("End");
  await page.getByRole("region", { name: "Event", exact: true }).getByText("Heard by").waitFor();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Escape");
  await page.getByRole("region", { name: "Event", exact: true }).waitFor({ state: "detached" });
  await page.keyboard.press("p");
  await page.getByText("following", { exact: true }).waitFor();
  for (const [key, view] of [["3", "story"], ["4", "subscriptions"], ["5", "time"], ["1", "topics"]]) {
    await page.keyboard.press(key);
    await hash(page, `#${view}`);
    await until(page, `${view} is told`, (view) => document.querySelector("nav [aria-current]")?.textContent.toLowerCase().startsWith(view), view);
  }
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await accessible(page, "keys");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "hidden" });
}));

test("a page has one stream, however fast one goes from view to view", async () => {
  const own = await start("22_inspector", ["--stay", "--rate", "30"]);
  await look(browser, own.url, {}, async (page) => {
    await page.getByText("live", { exact: true }).waitFor();
    await page.evaluate(async () => {
      for (let times = 0; times < 20; times += 1) {
        for (const view of ["events", "topics"]) {
          location.hash = view;
          await new Promise((resolve) => setTimeout(resolve, times % 4));
        }
      }
    });
    await page.keyboard.press("2");
    await rows(page).nth(3).waitFor();
    const open = () => page.evaluate(async () => (await (await fetch("api/about")).json()).clients.attached);
    const until = Date.now() + LIMIT;
    while (await open() !== 1 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(await open(), 1);
  }).finally(own.stop);
});

test("dark and light: as the system has it, and as it is chosen", () => look(browser, `${flights.url}#topics`, { colorScheme: "dark" }, async (page) => {
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const [DARK, LIGHT] = ["rgb(23, 25, 29)", "rgb(255, 255, 255)"];
  assert.equal(await ground(), DARK);
  await page.getByRole("treegrid").getByRole("row", { name: /ua/ }).first().waitFor();
  await until(page, "lines", () => document.querySelectorAll(".spark polyline").length > 5);
  await picture(page, "topics-dark");
  for (const view of ["topics", "events", "time"]) {
    await page.goto(`${flights.url}#${view}`);
    await rows(page).first().waitFor();
    await accessible(page, `${view}, dark`);
    await picture(page, `${view}-dark`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  assert.equal(await ground(), LIGHT);
  await page.getByLabel("Colours").selectOption("dark");
  assert.equal(await ground(), DARK);
  await page.reload();
  assert.equal(await ground(), DARK, "the choice is kept");
  await page.getByLabel("Colours").selectOption("system");
  assert.equal(await ground(), LIGHT);
}));

const numbers = (page) => page.evaluate(() => [...document.querySelectorAll("[role=grid] .body [role=row]")].map((row) => Number(row.firstChild.textContent)));

test("a stream that is cut off says so, and goes on from where it was", async () => {
  const own = await start("22_inspector", ["--stay", "--rate", "30"]);
  const cable = await wire(own.port);
  try {
    await look(browser, `${cable.url}#events`, {}, async (page) => {
      await rows(page).nth(20).waitFor();
      await page.getByText("live", { exact: true }).waitFor();
      const before = (await numbers(page)).at(-1);
      await cable.cut();
      await page.getByText("cut off", { exact: true }).waitFor();
      await page.getByRole("alert").filter({ hasText: "from where it was" }).waitFor();
      await picture(page, "cut-off-light");
      await accessible(page, "cut off");
      const { to } = await (await fetch(`${own.url}api/history`)).json();
      await cable.mend();
      await page.getByText("live", { exact: true }).waitFor();
      await page.getByRole("alert").waitFor({ state: "detached" });
      await until(page, "what came meanwhile is there", (to) => Number([...document.querySelectorAll("[role=grid] .body [role=row]")].at(-1).firstChild.textContent) > to + 20, Math.max(to, before));
      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByRole("grid").focus();
      const seen = new Set();
      for (let top = 0; !seen.has(to + 19) && top < 22 * (to + 1_000); top += 200) {
        await page.evaluate((top) => document.querySelector("[role=grid]").scrollTo(0, top), top);
        await page.evaluate(() => new Promise(requestAnimationFrame));
        await page.evaluate(() => new Promise(requestAnimationFrame));
        for (const number of await numbers(page)) seen.add(number);
      }
      const first = Math.min(...seen);
      const missing = Array.from({ length: to + 20 - first }, (_, at) => first + at).filter((number) => !seen.has(number));
      assert.deepEqual(missing, [], "nothing is missed");
    });
  } finally {
    await cable.cut();
    await own.stop();
  }
});

test("another run of the program, whose numbers begin anew, is seen from its begin", async () => {
  const first = await start("22_inspector", ["--stay", "--rate", "600"]);
  let second;
  try {
    await look(browser, `${first.url}#events`, {}, async (page) => {
      await until(page, "some hundred events", () => Number([...document.querySelectorAll("[role=grid] .body [role=row]")].at(-1)?.firstChild.textContent) > 900);
      await first.stop();
      await page.getByText("cut off", { exact: true }).waitFor();
      second = await start("22_inspector", ["--stay", "--rate", "30", "--address", `127.0.0.1:${first.port}`]);
      await page.getByText("live", { exact: true }).waitFor();
      await until(page, "the first events of the new run", () => {
        const numbers = [...document.querySelectorAll("[role=grid] .body [role=row]")].map((row) => Number(row.firstChild.textContent));
        return numbers.length > 10 && numbers.every((number) => number < 800);
      });
    });
  } finally {
    await first.stop();
    await second?.stop();
  }
});

test("thousands of events a second leave the page able to answer", async () => {
  const own = await start("22_inspector", ["--stay", "--rate", "5500"]);
  const before = () => {
    globalThis.longest = [];
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) globalThis.longest.push({ startTime, duration });
    }).observe({ type: "longtask", buffered: true });
  };
  await look(browser, `${own.url}#events`, { before }, async (page) => {
    await page.getByLabel("At most").selectOption("2,000/s");
    // What watches sees a long task.
    await page.evaluate(() => setTimeout(() => {
      const begun = performance.now();
      while (performance.now() - begun < 120);
    }));
    await until(page, "a long task is seen", () => globalThis.longest.some(({ duration }) => duration >= 100));
    await until(page, "so many a second are published", () => Number(document.querySelector(".figures b").textContent.replaceAll(",", "")) >= 5_000);
    await until(page, "it says that it is sampled", () => /sampled: .* left out/.test(document.querySelector(".foot").textContent));
    const published = () => page.evaluate(() => Number(document.querySelectorAll(".figures b")[1].textContent.replaceAll(",", "")));
    const first = await published();
    await until(page, "20,000 more come", (first) => Number(document.querySelectorAll(".figures b")[1].textContent.replaceAll(",", "")) >= first + 20_000, first);
    // It answers while they come.
    await page.getByLabel("Pattern", { exact: true }).fill("order.refused");
    await until(page, "the filter holds", () => {
      const topics = [...document.querySelectorAll("[role=grid] .body [role=row]")].map((row) => row.children[2].textContent);
      return topics.length > 0 && topics.every((topic) => topic === "order.refused");
    });
    for (const key of ["1", "4", "5", "2"]) await page.keyboard.press("Escape").then(() => page.keyboard.press(key));
    await rows(page).first().waitFor();
    const { paint, longest } = await page.evaluate(() => ({ paint: performance.getEntriesByName("first-contentful-paint")[0].startTime, longest: globalThis.longest }));
    const slow = longest.filter(({ startTime, duration }) => startTime > paint && duration > 200);
    console.log(`    longest task: ${Math.round(Math.max(0, ...longest.map(({ duration }) => duration)))} ms, of ${longest.length} above 50 ms`);
    assert.deepEqual(slow, []);
    await picture(page, "thousands-light");
  }).finally(own.stop);
});
