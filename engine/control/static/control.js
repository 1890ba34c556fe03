// One parameter's row: the artist's own value, the value in force beside it, and the way back to the default.

import { kinds } from "/static/kinds.js";
import { fraction, readNumber, scaleOf } from "/static/scale.js";
import { element, same } from "/static/dom.js";

// After a change of ours, what the server says of this parameter is an echo for so long, and does not fight the hand.
const ECHO_MS = 400;
const REFUSAL_MS = 6000;

export class Control {
  #parameter;
  #send;
  #kind;
  #scale;
  #model = { value: null };
  #binding;
  #row;
  #reset;
  #effective;
  #marker = null;
  #newest = null;
  #held = false;
  #quietUntil = 0;
  #timer = 0;
  #showing = false;

  // `send(address, value)` asks the show for a value.
  constructor(pane, parameter, send) {
    this.#parameter = parameter;
    this.#send = send;
    this.#kind = kinds[parameter.type];
    this.#scale = scaleOf(parameter);
    this.#model.value = this.#kind.model(parameter.default, parameter);
    this.#binding = pane.addBinding(this.#model, "value", { label: name(parameter), ...this.#kind.options(parameter) });
    this.#binding.on("change", () => this.#changed());
    this.#row = this.#binding.element;
    this.#dress();
    this.#watchHands();
    this.#mark();
  }

  // What the show says: the artist's value, and the one in force. Undefined: unchanged.
  show(value, effective) {
    this.#newest = { value: value ?? this.#newest?.value, effective: effective ?? this.#newest?.effective };
    this.#settle();
  }

  // The show would not take the value.
  refuse(reason) {
    this.#quietUntil = 0;
    this.#row.dataset.refused = reason;
    this.#row.title = reason;
    setTimeout(() => {
      delete this.#row.dataset.refused;
      this.#row.title = this.#parameter.help;
    }, REFUSAL_MS);
    this.#settle();
  }

  #value() {
    return this.#kind.value(this.#model.value, this.#parameter);
  }

  #changed() {
    if (this.#showing) return;
    this.#quietUntil = performance.now() + ECHO_MS;
    this.#send(this.#parameter.address, this.#value());
    this.#mark();
    this.#wait(ECHO_MS);
  }

  #settle() {
    const quiet = this.#quietUntil - performance.now();
    if (quiet > 0) this.#wait(quiet);
    else if (!this.#held && !this.#typing()) this.#take(this.#newest?.value);
    this.#mark();
  }

  #wait(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#settle(), milliseconds + 1);
  }

  #take(value) {
    if (value !== undefined && !this.#shows(value)) this.#put(value);
  }

  #shows(value) {
    return same(this.#kind.model(value, this.#parameter), this.#model.value);
  }

  #put(value) {
    this.#showing = true;
    this.#model.value = this.#kind.model(value, this.#parameter);
    this.#binding.refresh();
    this.#showing = false;
  }

  #typing() {
    const focused = document.activeElement;
    return this.#row.contains(focused) && focused.matches("input[type=text]");
  }

  #toDefault() {
    this.#put(this.#parameter.default);
    this.#changed();
  }

  #dress() {
    const { address, type, unit, help } = this.#parameter;
    Object.assign(this.#row.dataset, { address, type });
    this.#row.title = help;
    this.#reset = element("button", { class: "reset", type: "button", "aria-label": `Reset ${name(this.#parameter)}` });
    this.#effective = element("output", { class: "effective", "aria-label": "value in force" });
    const label = this.#row.querySelector(".tp-lblv_l");
    label.replaceChildren(
      this.#reset,
      element("span", { class: "label" }, name(this.#parameter)),
      element("span", { class: "unit" }, unit),
      this.#effective,
    );
    if (help) this.#row.append(element("p", { class: "help" }, help));
    label.addEventListener("dblclick", () => this.#toDefault());
    label.addEventListener("click", (event) => event.target === this.#reset || this.#row.classList.toggle("told"));
    this.#reset.addEventListener("click", () => this.#toDefault());
    this.#dressInputs();
  }

  #dressInputs() {
    const spoken = [name(this.#parameter), this.#parameter.unit].filter(Boolean).join(", ");
    const track = this.#row.querySelector(".tp-sldv_t");
    if (track) {
      this.#marker = element("i", { class: "marker" });
      track.append(this.#marker);
      track.setAttribute("role", "slider");
      track.setAttribute("aria-valuemin", this.#parameter.minimum);
      track.setAttribute("aria-valuemax", this.#parameter.maximum);
    }
    for (const part of this.#row.querySelectorAll("input, select, button:not(.reset), .tp-sldv_t")) {
      part.setAttribute("aria-label", spoken);
    }
    if (this.#kind.typed) this.#row.addEventListener("change", (event) => this.#translate(event), true);
  }

  // Tweakpane reads what is typed as a position along the slider; people type the number itself.
  #translate(event) {
    const typed = readNumber(event.target.value);
    const { minimum, maximum } = this.#parameter;
    const number = Math.min(maximum ?? typed, Math.max(minimum ?? typed, typed));
    event.target.value = Number.isFinite(number) ? String(this.#kind.typed(number, this.#parameter)) : "";
  }

  #watchHands() {
    this.#row.addEventListener("pointerdown", () => (this.#held = true));
    const release = () => {
      if (!this.#held) return;
      this.#held = false;
      this.#settle();
    };
    addEventListener("pointerup", release);
    addEventListener("pointercancel", release);
    this.#row.addEventListener("focusout", () => setTimeout(() => this.#settle()));
  }

  // Show what differs: the artist's value from the default, the value in force from the artist's.
  #mark() {
    const value = this.#value();
    this.#row.classList.toggle("changed", !this.#shows(this.#parameter.default));
    const effective = this.#newest?.effective;
    const moved = typeof effective === "number" && !same(effective, value);
    this.#row.classList.toggle("moved", moved);
    this.#effective.textContent = moved ? this.#scale.write(effective) : "";
    if (!this.#marker) return;
    this.#row.querySelector(".tp-sldv_t").setAttribute("aria-valuenow", value);
    this.#marker.style.left = `${100 * fraction(this.#scale, moved ? effective : value)}%`;
  }
}

// A trigger has no value to show: a button that fires once.
export class Trigger {
  constructor(pane, parameter, send) {
    const button = pane.addButton({ title: name(parameter) });
    button.on("click", () => send(parameter.address, true));
    button.element.dataset.address = parameter.address;
    button.element.title = parameter.help;
  }

  show() {}

  refuse() {}
}

export function name(parameter) {
  return parameter.label || parameter.address.split("/").at(-1).replaceAll("_", " ");
}
