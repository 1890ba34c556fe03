// The few figures that say how the show is doing, and what is wrong just now. What is not reported is not shown.

import { element } from "/static/dom.js";
import { flashMeter } from "/static/flashes.js";

const FIGURES = [
  ["fps", "fps", (value) => value.toFixed(1)],
  ["dream_fps", "dreams/s", (value) => value.toFixed(1)],
  ["frame_p99_ms", "ms p99", (value) => value.toFixed(0)],
  ["render_scale", "scale", (value) => value.toFixed(2)],
  ["render_quality", "quality", (value) => value.toFixed(1)],
  ["network", "network", (value) => value],
];

// A wall that stands still says since when.
function inWords({ status, frame_age_s: age }) {
  return status === "stalled" ? `stalled for ${age.toFixed(0)} s` : status;
}

export class Health {
  #figures;
  #problems;

  constructor(figures, problems) {
    this.#figures = figures;
    this.#problems = problems;
  }

  show(health) {
    const rows = FIGURES.filter(([key]) => ["number", "string"].includes(typeof health[key])).map(([key, label, write]) =>
      element("div", { "data-figure": key }, element("dt", {}, label), element("dd", {}, write(health[key]))),
    );
    if (health.flashes) rows.push(flashMeter(health.flashes));
    if (health.status && health.status !== "ok") {
      rows.unshift(element("div", { class: "unwell" }, element("dt", {}, "status"), element("dd", {}, inWords(health))));
    }
    this.#figures.replaceChildren(...rows);
    const problems = Object.entries(health.problems ?? {});
    this.#problems.replaceChildren(
      ...problems.map(([part, what]) => element("li", {}, element("strong", {}, part), " ", what)),
    );
  }
}
