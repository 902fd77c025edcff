// The pad: pointer events become strokes, and strokes are drawn.
import { fitted, colour } from "./canvas.js";

const PEN = 0.075; // of the pad's side

export class Pad {
  /** changed() is called when there is something new to see. */
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.strokes = [];
    this.pointer = null;
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(end, (event) => this.up(event));
    }
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  down(event) {
    if (this.pointer !== null || event.button !== 0) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.stopWriting();
    this.pointer = event.pointerId;
    this.strokes.push([this.place(event)]);
    this.update();
  }

  move(event) {
    if (event.pointerId !== this.pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) this.strokes.at(-1).push(this.place(each));
    this.update();
  }

  up(event) {
    if (event.pointerId === this.pointer) this.pointer = null;
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  clear() {
    this.stopWriting();
    this.pointer = null;
    this.strokes = [];
    this.update();
  }

  undo() {
    this.stopWriting();
    this.pointer = null;
    this.strokes.pop();
    this.update();
  }

  /** Writes strokes as a hand would, or at once where motion is not wanted; a hand that draws
   * takes the pad over. */
  write(strokes, atOnce = matchMedia("(prefers-reduced-motion: reduce)").matches) {
    this.clear();
    this.example = true;
    if (atOnce) {
      this.strokes = strokes;
      this.update();
      return;
    }
    const points = strokes.flatMap((stroke, index) => stroke.map((point) => [index, point]));
    let shown = 0;
    const frame = () => {
      for (const [index, point] of points.slice(shown, (shown += 2))) {
        (this.strokes[index] ??= []).push(point);
      }
      this.update();
      this.writing = shown < points.length ? requestAnimationFrame(frame) : null;
    };
    this.writing = requestAnimationFrame(frame);
  }

  /** What was written for show goes when a hand begins. */
  stopWriting() {
    cancelAnimationFrame(this.writing ?? 0);
    this.writing = null;
    if (this.example) this.strokes = [];
    this.example = false;
  }

  update() {
    this.draw();
    this.changed(this.strokes);
  }

  draw() {
    const [context, side] = fitted(this.canvas);
    context.lineWidth = PEN * side;
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = colour("--ink");
    for (const stroke of this.strokes) {
      context.beginPath();
      context.moveTo(stroke[0][0] * side, stroke[0][1] * side);
      stroke.forEach(([x, y], i) => {
        const [nextX, nextY] = stroke[Math.min(i + 1, stroke.length - 1)];
        context.quadraticCurveTo(
          x * side,
          y * side,
          ((x + nextX) / 2) * side,
          ((y + nextY) / 2) * side,
        );
      });
      context.lineTo(stroke.at(-1)[0] * side, stroke.at(-1)[1] * side);
      context.stroke();
    }
  }
}
