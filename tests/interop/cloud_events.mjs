#!/usr/bin/env node
// Reads what REM wrote with the `cloudevents` SDK of npm.
// usage: cloud_events.mjs DIRECTORY
//
// `structured.jsonl` has one event a line, `batch.json` is one document, `binary.jsonl` has one message a line: its headers,
// and its body in hexadecimal digits. Says how many were valid; ends with 1 if one was not, or there were none.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// Installed where the program is run, not where this file is.
const { CloudEvent, HTTP } = createRequire(join(process.cwd(), "x.js"))("cloudevents");
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

// What the standard says of attributes and the SDK lets pass.
function attributes(members) {
  if (members.specversion !== "1.0") throw new Error(`specversion ${JSON.stringify(members.specversion)}`);
  // The SDK fills in what is missing.
  for (const name of ["id", "source", "type"])
    if (typeof members[name] !== "string" || !members[name]) throw new Error(`missing or empty ${name}`);
  if ("time" in members && !(typeof members.time === "string" && RFC3339.test(members.time)))
    throw new Error(`time is not RFC 3339: ${members.time}`);
  for (const [name, value] of Object.entries(members)) {
    if (name === "data" || name === "data_base64") continue;
    if (!/^[a-z0-9]{1,20}$/.test(name)) throw new Error(`attribute name ${name}`);
    const integer = Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;
    if (!(typeof value === "string" || typeof value === "boolean" || integer))
      throw new Error(`attribute ${name} is ${value === null ? "null" : typeof value}`);
  }
}

function same(event, members, data = event.data) {
  for (const name of ["id", "type", "source", "subject", "dataschema", "datacontenttype", "tenant", "traceparent"])
    if (event[name] !== members[name]) throw new Error(`${name} changed in decoding: ${event[name]}`);
  // The SDK keeps milliseconds.
  if (new Date(event.time).getTime() !== new Date(members.time).getTime()) throw new Error("time changed in decoding");
  if ("data_base64" in members) {
    const bytes = Buffer.from(event.data ?? []);
    if (!bytes.equals(Buffer.from(members.data_base64, "base64"))) throw new Error("data_base64 changed in decoding");
  } else if (JSON.stringify(data ?? null) !== JSON.stringify(members.data ?? null)) {
    throw new Error(`data changed in decoding: ${JSON.stringify(data)}`);
  }
}

function structured(document) {
  const members = JSON.parse(document);
  attributes(members);
  new CloudEvent(members, true).validate();
  const event = HTTP.toEvent({ headers: { "content-type": "application/cloudevents+json" }, body: document });
  event.validate();
  same(event, members);
}

// This SDK does not undo percent-encoding, and leaves some JSON bodies as text: `null`, and those of a media type with
// parameters.
function binary(line, members) {
  const { headers, body } = JSON.parse(line);
  const decoded = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, name === "content-type" ? value : decodeURIComponent(value)]),
  );
  const bytes = Buffer.from(body, "hex");
  const text = /json|text|xml/.test(headers["content-type"] ?? "json");
  const event = HTTP.toEvent({ headers: decoded, body: text ? bytes.toString() : bytes });
  event.validate();
  const json = typeof event.data === "string" && event.data && /json/.test(event.datacontenttype);
  same(event, members, json ? JSON.parse(event.data) : event.data || null);
}

let valid = 0;
let invalid = 0;
function check(where, read) {
  try {
    read();
    valid++;
  } catch (error) {
    invalid++;
    console.error(`${where}: ${String(error.message).slice(0, 300)}`);
  }
}

const directory = process.argv[2];
const lines = (file) => readFileSync(join(directory, file), "utf8").split("\n").filter(Boolean);
const documents = lines("structured.jsonl");
documents.forEach((document, at) => check(`structured ${at + 1}`, () => structured(document)));
if (existsSync(join(directory, "batch.json"))) {
  const body = readFileSync(join(directory, "batch.json"), "utf8");
  const members = JSON.parse(body);
  const events = HTTP.toEvent({ headers: { "content-type": "application/cloudevents-batch+json" }, body });
  if (events.length !== members.length) throw new Error(`${events.length} events of a batch of ${members.length}`);
  events.forEach((event, at) => check(`batch ${at + 1}`, () => (event.validate(), same(event, members[at]))));
}
if (existsSync(join(directory, "binary.jsonl")))
  lines("binary.jsonl").forEach((line, at) =>
    check(`binary ${at + 1}`, () => binary(line, JSON.parse(documents[at]))),
  );
console.log(`${valid} valid, ${invalid} invalid`);
process.exit(invalid || !valid ? 1 : 0);
