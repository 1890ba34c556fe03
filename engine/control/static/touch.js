// A finger that lands on a slider may want to scroll the page: wait until it says so.
//
// Tweakpane moves a slider the moment it is touched. Here the touch is held back until it has travelled sideways, and
// only then handed on; one that travels along the page scrolls it (touch-action: pan-y in panel.css) and changes nothing.

const TRAVEL = 6;
const TRACK = ".tp-sldv_t";

export function guardSliders(root) {
  let waiting = null;
  let passing = false;

  root.addEventListener("touchstart", (event) => {
    const track = event.target.closest?.(TRACK);
    if (passing || !track || event.touches.length > 1) return;
    event.stopPropagation();
    waiting = { track, touch: event.touches[0] };
  }, { capture: true, passive: true });

  root.addEventListener("touchmove", (event) => {
    if (!waiting) return;
    const touch = event.touches[0];
    const across = Math.abs(touch.clientX - waiting.touch.clientX);
    const along = Math.abs(touch.clientY - waiting.touch.clientY);
    if (across < TRAVEL || across < along) {
      event.stopPropagation();
      return;
    }
    const { track } = waiting;
    waiting = null;
    passing = true;
    track.dispatchEvent(new TouchEvent("touchstart", {
      bubbles: true, cancelable: true, touches: [touch], targetTouches: [touch], changedTouches: [touch],
    }));
    passing = false;
  }, { capture: true, passive: true });

  const end = (event) => {
    if (!waiting) return;
    waiting = null;
    event.stopPropagation();
  };
  root.addEventListener("touchend", end, { capture: true });
  root.addEventListener("touchcancel", end, { capture: true });
}
