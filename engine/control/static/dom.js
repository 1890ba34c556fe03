// The few things every part of the page needs.

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// Whether two values look the same; numbers to five digits, as the show sends them.
export function same(one, other) {
  if (typeof one === "number") return Math.abs(one - other) <= 1e-5 * Math.max(Math.abs(one), Math.abs(other), 1e-3);
  if (typeof one !== "object") return one === other;
  return Object.keys(one).every((key) => same(one[key], other[key]));
}
