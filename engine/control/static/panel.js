// The panel: wires the connection to the parts of the page.

import { Connection } from "/static/connection.js";
import { Health } from "/static/health.js";
import { Parameters } from "/static/parameters.js";
import { Preview } from "/static/preview.js";
import { Signals } from "/static/signals.js";
import { guardSliders } from "/static/touch.js";

const byId = (id) => document.getElementById(id);
const NOTICE_MS = 6000;

const preview = new Preview(byId("stage"));
const signals = new Signals(document.querySelector("#signals ul"));
const health = new Health(byId("health"), byId("problems"));
const panes = document.querySelector("#parameters .panes");
const parameters = new Parameters(panes, (address, value) => connection.set(address, value));
guardSliders(panes);

const connection = new Connection({
  state: showState,
  preview: (bytes) => preview.show(bytes),
  signals: (readings) => signals.show(readings),
  health: (figures) => health.show(figures),
  values: (values, effective) => parameters.show(values, effective),
  refused: (refused) => parameters.refuse(refused),
  error: (sentence) => notify(sentence, NOTICE_MS),
  tree: ({ title, parameters: declared }) => {
    byId("title").textContent = title || "Untitled";
    document.title = title ? `${title} – Reverie` : "Reverie";
    parameters.declare(declared);
  },
});

const WORDS = { open: "live", lost: "not reachable", locked: "locked", connecting: "connecting" };

function showState(state, reason = "") {
  const link = byId("link");
  link.dataset.state = state;
  link.textContent = WORDS[state];
  document.body.classList.toggle("away", state !== "open");
  byId("parameters").inert = state !== "open";
  if (state === "lost") notify(["Show not reachable, trying again", reason].filter(Boolean).join(" – "));
  else notify("");
  if (state === "locked") askToken(reason);
}

let noticeTimer = 0;

function notify(sentence, milliseconds = 0) {
  const notice = byId("notice");
  clearTimeout(noticeTimer);
  notice.textContent = sentence;
  notice.hidden = !sentence;
  if (milliseconds) noticeTimer = setTimeout(() => notify(""), milliseconds);
}

function askToken(reason) {
  const dialog = byId("token");
  dialog.querySelector("input").value = "";
  if (reason) dialog.querySelector("p").textContent = reason;
  dialog.addEventListener("submit", () => connection.unlock(dialog.querySelector("input").value), { once: true });
  dialog.showModal();
}
