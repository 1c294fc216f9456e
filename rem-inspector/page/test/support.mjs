// A program with an inspector, and a browser that looks at it.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

/** Where the programs of the examples are, built with the feature `inspect`, and where pictures go. */
const PROGRAMS = process.env.REM_PAGE_PROGRAMS ?? "../../target/debug";
const PICTURES = process.env.REM_PAGE_PICTURES ?? "../../target/page/pictures";
const CHROMIUM = process.env.REM_CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
/** How long anything may take to come about. */
export const LIMIT = Number(process.env.REM_PAGE_LIMIT_MS ?? 30_000);

/** Starts a program that serves an inspector, and waits until it says where. */
export async function start(program, args) {
  const child = spawn(join(PROGRAMS, program), args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const url = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${program} does not say where it serves: ${said}`)), LIMIT);
    const hear = (chunk) => {
      said += chunk;
      const match = /look at (http:\S+)/.exec(said);
      if (!match) return;
      clearTimeout(timer);
      resolve(match[1]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`${program} ended with ${code}: ${said}`)));
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  return { url, port: new URL(url).port, stop: async () => { child.kill(); await ended; } };
}

/** Runs a program to its end, which has to be a good one; what it said. */
export function run(program, args) {
  return promisify(execFile)(join(PROGRAMS, program), args, { timeout: LIMIT }).then(({ stdout }) => stdout);
}

/** A wire to a program, which can be cut and mended, and held so that nothing comes of the program. */
export async function wire(to) {
  const open = new Set();
  const ways = new Map();
  const server = createServer((near) => {
    const far = connect(Number(to), "127.0.0.1");
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one);
      one.on("error", () => undefined);
      one.on("close", () => { open.delete(one); ways.delete(one); other.destroy(); });
      one.pipe(other);
    }
    ways.set(far, near);
  });
  const listen = (port) => new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const cut = () => new Promise((resolve) => {
    server.close(resolve);
    for (const socket of open) socket.destroy();
  });
  await listen(0);
  const { port } = server.address();
  const hold = () => {
    for (const [far, near] of ways) {
      far.unpipe(near);
      far.pause();
    }
  };
  const release = () => ways.forEach((near, far) => far.pipe(near));
  return { url: `http://127.0.0.1:${port}/`, cut, mend: () => listen(port), hold, release };
}

/** A browser with a profile of its own, which is thrown away. */
export async function browse() {
  const profile = await mkdtemp(join(tmpdir(), "rem-page-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM, headless: true, args: FLAGS, viewport: { width: 1280, height: 760 }, colorScheme: "light",
  });
  context.setDefaultTimeout(LIMIT);
  await mkdir(PICTURES, { recursive: true });
  return {
    context,
    /** A page whose every error is one of the test. */
    open: async (url, options = {}) => {
      const page = await context.newPage();
      page.wrongs = [];
      page.on("pageerror", (error) => page.wrongs.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error" && !/Failed to load resource|ERR_/.test(message.text())) page.wrongs.push(message.text());
      });
      if (options.colorScheme) await page.emulateMedia({ colorScheme: options.colorScheme });
      if (options.before) await page.addInitScript(options.before);
      await page.goto(url);
      return page;
    },
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** Runs a test on a page of its own, of which there is a picture if the test fails. */
export async function look(browser, url, options, then) {
  const page = await browser.open(url, options);
  try {
    await then(page);
    assert.deepEqual(page.wrongs, []);
  } catch (error) {
    await picture(page, "failed").catch(() => undefined);
    error.message += `\nThe page, at ${page.url()}: ${(await page.locator("body").innerText().catch(() => "")).slice(0, 1_500)}`;
    throw error;
  } finally {
    await page.close();
  }
}

export const picture = (page, name) => page.screenshot({ path: join(PICTURES, `${name}.png`) });

const axe = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds that is serious or worse. */
export async function accessible(page, where) {
  await page.evaluate(await axe);
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  assert.ok(passes.length > 5, `axe looked at nothing in ${where}`);
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`).join("; ")}`);
  assert.deepEqual(told, [], where);
}

/** Waits until a text of the page is as it should be. */
export async function until(page, what, check, argument) {
  try {
    await page.waitForFunction(check, argument, { timeout: LIMIT });
  } catch (error) {
    throw new Error(`${what}: ${error.message}`);
  }
}
