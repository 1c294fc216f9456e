#!/usr/bin/env node
// Reads what REM wrote with the parser of AsyncAPI, which validates it.
// usage: async_api.mjs DIRECTORY
//
// Every file `….json` of the directory is one document, of AsyncAPI 3. Says how many were valid; ends with 1 if one was not,
// or there were none.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

// Installed where the program is run, not where this file is.
const { Parser } = createRequire(join(process.cwd(), "x.js"))("@asyncapi/parser");
const SEVERITY = ["error", "warning", "info", "hint"];
// That 3.1 exists is no fault of a document of 3.0.
const PASSED = ["asyncapi-latest-version"];

async function valid(file) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"), { source: resolve(file) });
  const told = diagnostics.filter(({ code }) => !PASSED.includes(code));
  for (const { severity, range, code, path, message } of told.slice(0, 20))
    console.error(`${file}:${range.start.line + 1}: ${SEVERITY[severity]} ${code} ${path.join(".")} ${message}`);
  if (!document || told.some(({ severity }) => severity < 2)) return false;
  const [channels, operations, messages] = [document.channels(), document.operations(), document.allMessages()];
  console.error(`${file}: ${document.version()}, ${channels.length} channels, ${operations.length} operations, ${messages.length} messages`);
  return document.version().startsWith("3.") && channels.length > 0 && operations.length > 0 && messages.length > 0;
}

const directory = process.argv[2];
const files = readdirSync(directory).filter((name) => name.endsWith(".json"));
const results = await Promise.all(files.map((name) => valid(join(directory, name))));
const count = results.filter(Boolean).length;
console.log(`${count} valid, ${results.length - count} invalid`);
process.exit(count && count === results.length ? 0 : 1);
