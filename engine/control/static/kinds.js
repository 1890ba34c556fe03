// One entry a parameter type: how Tweakpane binds it, how our values turn into its model and back, and what a typed number
// means in that model.

import { scaleOf } from "/static/scale.js";

const number = {
  model: (value, parameter) => scaleOf(parameter).to(value),
  typed: (value, parameter) => scaleOf(parameter).to(value),
  value: (model, parameter) => scaleOf(parameter).from(model),
  options(parameter) {
    const scale = scaleOf(parameter);
    const stride = scale.bounded ? (scale.max - scale.min) / 100 : 0.01;
    return {
      min: scale.min,
      max: scale.max,
      step: scale.step,
      keyScale: scale.step ?? stride,
      pointerScale: scale.step ?? stride / 2,
      format: (position) => scale.write(scale.from(position)),
    };
  },
};

const plain = { model: (value) => value, value: (model) => model, options: () => ({}) };

export const kinds = {
  float: number,
  int: number,
  bool: plain,
  choice: {
    ...plain,
    options: (parameter) => ({ options: Object.fromEntries(parameter.choices.map((text) => [text, text])) }),
  },
  colour: {
    model: (channels) => `#${channels.map(hex).join("")}`,
    value: (text) => [1, 3, 5, 7].map((at) => parseInt(text.slice(at, at + 2), 16) / 255),
    options: () => ({ view: "color", picker: "inline" }),
  },
  vec2: {
    model: ([x, y], parameter) => ({ x: x - middle(parameter), y: y - middle(parameter) }),
    value: ({ x, y }, parameter) => [x + middle(parameter), y + middle(parameter)],
    typed: (value, parameter) => value - middle(parameter),
    options: pad,
  },
};

// Tweakpane's pad has zero in its middle, so there stands the middle of the range.
function pad(parameter) {
  const reach = parameter.minimum === null || parameter.maximum === null ? undefined : (parameter.maximum - parameter.minimum) / 2;
  const { write } = scaleOf(parameter);
  const axis = { min: reach && -reach, max: reach, format: (position) => write(position + middle(parameter)) };
  return { x: axis, y: { ...axis, inverted: true }, picker: "inline" };
}

function middle({ minimum, maximum }) {
  return minimum === null || maximum === null ? 0 : (minimum + maximum) / 2;
}

// A channel of 0 to 1 as two hexadecimal digits.
function hex(channel) {
  return Math.round(255 * channel).toString(16).padStart(2, "0");
}
