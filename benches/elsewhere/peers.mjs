// What one send takes with the event libraries of Node.js, in nanoseconds; a line each: library, receivers, median.
//
// Each does the same: a value is handed to each receiver, which adds it up. The first line is a loop by hand.

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";

// The packages lie where the program is started, not where it stands.
const require = createRequire(join(process.cwd(), "package.json"));
const { EventEmitter2 } = require("eventemitter2");
const { version } = require("eventemitter2/package.json");

const ROUNDS = Number(process.env.REM_BENCH_ROUNDS ?? 201);
const CALLS = 10_000;

const receivers = (count) => {
  const seen = new Array(count).fill(0);
  const all = seen.map((_, at) => (value) => {
    seen[at] += value;
  });
  return { all, seen };
};

const emitter = (made, on, emit) => (all) => {
  all.forEach((receiver) => made.on(on, receiver));
  return () => made.emit(emit, 1);
};

const byHand = (all) => () => {
  for (const receiver of all) receiver(1);
};

const CONTENDERS = [
  ["a loop by hand", byHand],
  ["node:events", (all) => emitter(new EventEmitter(), "connected", "connected")(all)],
  [`EventEmitter2 ${version}`, (all) => emitter(new EventEmitter2({ maxListeners: 100 }), "connected", "connected")(all)],
  [
    `EventEmitter2 ${version}, by wildcard`,
    (all) => emitter(new EventEmitter2({ wildcard: true, maxListeners: 100 }), "system.*", "system.connected")(all),
  ],
];

console.log(`Node.js ${process.version}`);
for (const count of [1, 8]) {
  const contenders = CONTENDERS.map(([name, make]) => {
    const { all, seen } = receivers(count);
    const send = make(all);
    send();
    assert.deepEqual(seen, new Array(count).fill(1), "every receiver has had it once");
    return { name, send, times: [] };
  });
  // In turns, so that what else the machine does meets all of them; the first round warms up.
  for (let turn = 0; turn <= ROUNDS; turn += 1) {
    for (const { send, times } of contenders) {
      const start = process.hrtime.bigint();
      for (let call = 0; call < CALLS; call += 1) send();
      if (turn > 0) times.push(Number(process.hrtime.bigint() - start) / CALLS);
    }
  }
  for (const { name, times } of contenders) {
    times.sort((a, b) => a - b);
    console.log(`${name}\t${count}\t${times[Math.floor(times.length / 2)].toFixed(1)}`);
  }
}
