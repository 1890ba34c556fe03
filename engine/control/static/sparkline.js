// The last seconds of one signal as a thin line.

const POINTS = 240;

export class Sparkline {
  #canvas;
  #values = [];

  constructor(canvas) {
    this.#canvas = canvas;
  }

  // `share` is 0 to 1 of the signal's range, or null while there is none: the line breaks there.
  add(share) {
    this.#values.push(share);
    if (this.#values.length > POINTS) this.#values.shift();
  }

  draw() {
    const { clientWidth, clientHeight } = this.#canvas;
    const ratio = devicePixelRatio;
    const width = Math.round(clientWidth * ratio);
    const height = Math.round(clientHeight * ratio);
    if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
    const context = this.#canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    context.strokeStyle = getComputedStyle(this.#canvas).color;
    context.lineWidth = 1.25 * ratio;
    context.lineJoin = "round";
    context.stroke(this.#path(width, height, 2 * ratio));
  }

  #path(width, height, margin) {
    const path = new Path2D();
    const start = POINTS - this.#values.length;
    let pen = "moveTo";
    this.#values.forEach((share, index) => {
      if (share === null) {
        pen = "moveTo";
        return;
      }
      path[pen](((start + index) / (POINTS - 1)) * width, height - margin - share * (height - 2 * margin));
      pen = "lineTo";
    });
    return path;
  }
}
