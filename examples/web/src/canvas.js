// What both tabs draw with.

/** A colour of the style sheet, as it is now. */
export const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The canvas's context, cleared, at the screen's resolution and in CSS pixels; its width, height. */
export function fitted(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return [context, width, height];
}

/** `values` as pixels of one colour over the card, the more the greater; 1 is all of it. */
export function paint(canvas, values, most, [red, green, blue]) {
  const context = canvas.getContext("2d", { willReadFrequently: true }); // few pixels: no graphics card
  const image = context.createImageData(canvas.width, canvas.height);
  values.forEach((value, at) => {
    image.data.set([red, green, blue, most > 0 ? (255 * value) / most : 0], 4 * at);
  });
  context.putImageData(image, 0, 0);
}

/** "#b4233c" as three bytes. */
export const bytes = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
