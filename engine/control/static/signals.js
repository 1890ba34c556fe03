// One meter a signal: what it says, how good that is, and where it has been.

import { element } from "/static/dom.js";
import { decimals } from "/static/scale.js";
import { Sparkline } from "/static/sparkline.js";

const OLD_SECONDS = 2;

export class Signals {
  #list;
  #meters = new Map();
  #drawing = false;

  constructor(list) {
    this.#list = list;
  }

  // Newest readings by name.
  show(readings) {
    for (const [name, meter] of this.#meters) {
      if (name in readings) continue;
      meter.item.remove();
      this.#meters.delete(name);
    }
    for (const [name, reading] of Object.entries(readings)) this.#meter(name).show(reading);
    this.#draw();
  }

  #meter(name) {
    if (!this.#meters.has(name)) {
      const meter = new Meter(name);
      this.#meters.set(name, meter);
      this.#list.append(meter.item);
    }
    return this.#meters.get(name);
  }

  #draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      for (const meter of this.#meters.values()) meter.line.draw();
    });
  }
}

class Meter {
  constructor(name) {
    const [sensor, ...channel] = name.split(".");
    const canvas = element("canvas", { "aria-hidden": "true" });
    this.value = element("span", { class: "value" });
    this.unit = element("span", { class: "unit" });
    this.quality = element("span", { class: "quality" });
    this.bar = element("div", { class: "bar", role: "meter", "aria-label": name }, element("i"));
    this.line = new Sparkline(canvas);
    const heading = element("p", { class: "name" }, element("small", {}, sensor), " ", channel.join("."));
    const figure = element("p", { class: "figure" }, this.value, " ", this.unit);
    this.item = element("li", { "data-signal": name }, heading, figure, this.quality, canvas, this.bar);
  }

  show({ value, unit, low, high, age, quality }) {
    const share = value === null ? null : Math.min(1, Math.max(0, (value - low) / (high - low || 1)));
    this.value.textContent = value === null ? "–" : value.toFixed(Math.max(0, decimals(high - low) - 1));
    this.unit.textContent = unit;
    this.quality.textContent = age !== null && age >= OLD_SECONDS ? `${quality} ${since(age)}` : quality;
    this.item.dataset.quality = quality;
    this.bar.firstChild.style.transform = `scaleX(${share ?? 0})`;
    for (const [key, number] of [["min", low], ["max", high], ["now", value ?? low]]) {
      this.bar.setAttribute(`aria-value${key}`, number);
    }
    this.line.add(share);
  }
}

function since(seconds) {
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
