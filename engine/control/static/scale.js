// How a number is laid out along a slider, and how it is written.

// Positions of a log scale are decimal logarithms, so equal strides multiply. A range that touches zero stays linear.
export function scaleOf(parameter) {
  const { minimum, maximum, type, curve } = parameter;
  const bounded = minimum !== null && maximum !== null && maximum > minimum;
  if (bounded && curve === "log" && minimum > 0) {
    return {
      bounded,
      to: (value) => Math.log10(value),
      from: (position) => 10 ** position,
      min: Math.log10(minimum),
      max: Math.log10(maximum),
      step: undefined,
      write: (value) => String(Number(value.toPrecision(3))),
    };
  }
  return {
    bounded,
    to: (value) => value,
    from: (position) => (type === "int" ? Math.round(position) : position),
    min: minimum ?? undefined,
    max: maximum ?? undefined,
    step: type === "int" ? 1 : undefined,
    write: writer(type === "int" ? 0 : decimals(bounded ? maximum - minimum : 1)),
  };
}

// How many decimals tell a thousand values of a range apart.
export function decimals(span) {
  return Math.min(3, Math.max(0, 3 - Math.floor(Math.log10(span))));
}

// At most `digits` decimals, the last one left out where it says nothing: 0.125, but 0.70.
function writer(digits) {
  return (value) => {
    const text = value.toFixed(digits);
    return digits > 1 ? text.replace(/0$/, "") : text;
  };
}

// 0 to 1 along a scale.
export function fraction(scale, value) {
  const share = (scale.to(value) - scale.min) / (scale.max - scale.min);
  return Math.min(1, Math.max(0, share));
}

// A number as people type it: decimal comma, true minus sign.
export function readNumber(text) {
  return Number(text.trim().replace(",", ".").replace("−", "-"));
}
