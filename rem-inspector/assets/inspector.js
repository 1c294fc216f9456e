// The events of a bus as they come, newest first. What programs publish becomes text nodes, never HTML.
"use strict";

const at = (id) => document.getElementById(id);
const rows = at("events");
let stream = null;

function row(cells) {
  const line = document.createElement("tr");
  for (const text of cells) {
    const cell = document.createElement("td");
    cell.textContent = text;
    line.append(cell);
  }
  rows.prepend(line);
  while (rows.childElementCount > 200) rows.lastElementChild.remove();
}

async function about() {
  const answer = await fetch("api/about");
  const said = await answer.json();
  if (said.error) at("state").textContent = said.error.message;
  else if (said.title) at("title").textContent = said.title;
}

async function watch() {
  const pattern = at("pattern").value;
  const answer = await fetch("api/pattern?pattern=" + encodeURIComponent(pattern));
  const meaning = await answer.json();
  const error = meaning.error;
  at("wrong").textContent = error ? error.message + "\n" + (error.caret || "") : "";
  if (error) return;
  if (stream) stream.close();
  rows.replaceChildren();
  stream = new EventSource("api/stream?pattern=" + encodeURIComponent(pattern));
  const on = (name, then) => stream.addEventListener(name, (message) => then(JSON.parse(message.data)));
  on("hello", () => { at("state").textContent = "live"; });
  on("event", (event) => row([event.sequence, event.time, event.topic, JSON.stringify(event.data)]));
  on("sampled", (told) => row(["", "", "sampled", told.left_out + " left out of " + told.from + " to " + told.to]));
  on("gap", (told) => row(["", "", "gap", told.from + " to " + (told.to ?? "now") + ": " + told.why]));
  on("bye", () => { at("state").textContent = "closed"; stream.close(); });
  stream.onerror = () => { at("state").textContent = "connecting again"; };
}

at("filter").addEventListener("submit", (event) => { event.preventDefault(); watch(); });
about();
watch();
