#!/usr/bin/env node
// Talks with REM over a server of NATS, by the client of NATS for Node.js and the `cloudevents` SDK of npm.
// usage: nats.mjs URL
//
// Says `{"ready": true}` when it hears, then each event that comes as the SDK reads it, or `{"refused": …}`. Told by a message to
// `peer.stream`, it reads what the stream of the mesh of that name keeps; told by `peer.publish`, it publishes an event of its own and
// one that is none; told by `peer.stop`, it ends.
import { createRequire } from "node:module";
import { join } from "node:path";

// Installed where the program is run, not where this file is.
const require = createRequire(join(process.cwd(), "x.js"));
const { connect, headers } = require("@nats-io/transport-node");
const { CloudEvent, HTTP } = require("cloudevents");

const say = (what) => console.log(JSON.stringify(what));
const MEDIA_TYPE = "application/cloudevents+json";

function read(message) {
  if (!message.headers?.get("content-type")?.startsWith("application/cloudevents")) return null;
  const body = message.string();
  if (!JSON.parse(body).id) throw new Error("missing or empty id"); // which the SDK fills in
  const event = HTTP.toEvent({ headers: { "content-type": MEDIA_TYPE }, body });
  event.validate();
  const { data, ...attributes } = event.toJSON();
  return { mode: "structured", attributes, data };
}

function publish(client) {
  const event = new CloudEvent({
    id: "node-1",
    source: "/peer/node",
    type: "greeting.said",
    time: "2026-05-17T08:30:00.123Z",
    datacontenttype: "application/json",
    tenant: "t 1 €",
    data: { text: "hello 1 €" },
  });
  const options = { headers: headers() };
  options.headers.set("Content-Type", MEDIA_TYPE);
  client.publish("rem.main.greeting.said", HTTP.structured(event).body, options);
  const wrong = JSON.stringify({ specversion: "1.0", type: "x", source: "/peer" });
  client.publish("rem.main.greeting.said", wrong, options);
}

function order(_, message) {
  try {
    const found = read(message);
    if (found) say({ read: found });
  } catch (error) {
    say({ refused: String(error.message).slice(0, 200) });
  }
}

// By the protocol of JetStream itself: what is kept is sent to a subject of ours.
async function stream(client, mesh) {
  const inbox = `peer-stream.${mesh}`;
  client.subscribe(inbox, { callback: order });
  const config = { deliver_subject: inbox, deliver_policy: "all", ack_policy: "none" };
  const ask = JSON.stringify({ stream_name: `rem_${mesh}`, config });
  const answer = await client.request(`$JS.API.CONSUMER.CREATE.rem_${mesh}`, ask, { timeout: 10_000 });
  const { error } = answer.json();
  if (error) throw new Error(error.description);
}

const client = await connect({ servers: process.argv[2] });
client.subscribe("rem.main.order.>", { callback: order });
const told = client.subscribe("peer.*");
await client.flush();
say({ ready: true });
for await (const message of told) {
  if (message.subject === "peer.stop") break;
  if (message.subject === "peer.stream") await stream(client, message.string());
  else publish(client);
  await client.flush();
}
await client.close();
