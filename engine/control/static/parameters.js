// All parameters of the show, in one pane a group of addresses.

import { Pane } from "/static/vendor/tweakpane.min.js";
import { Control, Trigger } from "/static/control.js";
import { element } from "/static/dom.js";

export class Parameters {
  #container;
  #send;
  #controls = new Map();
  #panes = [];
  #folded = new Set();

  constructor(container, send) {
    this.#container = container;
    this.#send = send;
  }

  // Draw the tree anew. What was folded stays folded.
  declare(parameters) {
    this.#clear();
    for (const [group, members] of grouped(parameters)) {
      const pane = this.#pane(group);
      for (const parameter of members) {
        const Row = parameter.type === "trigger" ? Trigger : Control;
        this.#controls.set(parameter.address, new Row(pane, parameter, this.#send));
      }
    }
  }

  show(values, effective) {
    for (const address of new Set([...Object.keys(values), ...Object.keys(effective)])) {
      this.#controls.get(address)?.show(values[address], effective[address]);
    }
  }

  refuse(refused) {
    for (const [address, reason] of Object.entries(refused)) this.#controls.get(address)?.refuse(reason);
  }

  #pane(group) {
    const home = element("div", { class: "group", "data-group": group });
    this.#container.append(home);
    const pane = new Pane({ container: home, title: group, expanded: !this.#folded.has(group) });
    pane.on("fold", (event) => this.#folded[event.expanded ? "delete" : "add"](group));
    const title = home.querySelector(".tp-rotv_t");
    const steps = group.split("/");
    const last = element("strong", {}, steps.pop().replaceAll("_", " "));
    title.replaceChildren(...steps.map((step) => element("small", {}, step)), last);
    this.#panes.push(pane);
    return pane;
  }

  #clear() {
    for (const pane of this.#panes) pane.dispose();
    this.#panes = [];
    this.#controls.clear();
    this.#container.replaceChildren();
  }
}

function groupOf(parameter) {
  return parameter.address.split("/").slice(1, -1).join("/") || "show";
}

function grouped(parameters) {
  const groups = new Map();
  for (const parameter of parameters) {
    const group = groupOf(parameter);
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(parameter);
  }
  return groups;
}
