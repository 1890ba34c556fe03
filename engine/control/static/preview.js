// The picture on the wall, as it arrives, and the same full screen.

export class Preview {
  #stage;
  #canvas;
  #frames = 0;
  #pending = null;
  #decoding = false;

  constructor(stage) {
    this.#stage = stage;
    this.#canvas = stage.querySelector("canvas");
    stage.querySelector("button").addEventListener("click", () => this.toggle());
    addEventListener("keydown", (event) => this.#key(event));
  }

  // A JPEG. While one is being decoded only the newest waits.
  async show(bytes) {
    this.#pending = bytes;
    if (this.#decoding) return;
    this.#decoding = true;
    while (this.#pending) {
      const blob = new Blob([this.#pending], { type: "image/jpeg" });
      this.#pending = null;
      await createImageBitmap(blob).then((picture) => this.#paint(picture), () => {}); // a broken one is skipped
    }
    this.#decoding = false;
  }

  #paint(picture) {
    const { width, height } = picture;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      Object.assign(this.#canvas, { width, height });
      this.#stage.style.setProperty("--aspect", width / height);
    }
    this.#canvas.getContext("2d").drawImage(picture, 0, 0);
    picture.close();
    this.#frames += 1;
    this.#canvas.dataset.frames = this.#frames;
    this.#stage.classList.add("showing");
  }

  // Phones that cannot give one element the screen get it as large as the page.
  toggle() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.#stage.requestFullscreen) this.#stage.requestFullscreen();
    else this.#stage.classList.toggle("filling");
  }

  #key(event) {
    const writing = event.target.matches?.("input, select, textarea");
    if (event.key !== "f" || writing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.toggle();
  }
}
