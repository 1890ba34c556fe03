// The flash limiter at a glance: how much of the wall it holds back just now, and how quick the flicker is.

import { element } from "/static/dom.js";

const QUIET = "quiet";

// `flashes` as health reports it; an item of the list of figures.
export function flashMeter(flashes) {
  const { limited_tiles: limited, tiles, transitions_per_s: rate, engagements } = flashes;
  const share = tiles > 0 ? limited / tiles : 0;
  const bar = element("span", { class: "held", "aria-hidden": "true" }, element("i"));
  bar.firstChild.style.transform = `scaleX(${share})`;
  const words = limited > 0 ? `${percent(share)} · ${rate.toFixed(0)}/s` : QUIET;
  const item = element("div", { "data-figure": "flashes" }, element("dt", {}, "flashes"), element("dd", {}, bar, words));
  item.title = `${limited} of ${tiles} tiles limited, ${rate} transitions a second wanted; ${engagements} times so far`;
  if (limited > 0) item.dataset.limited = "";
  return item;
}

// A little is never shown as nothing.
function percent(share) {
  return `${Math.max(1, Math.round(100 * share))} %`;
}
