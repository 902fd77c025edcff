// Digits drawn by arcs and lines in several hands: not the forms that the weights learnt from
// (examples/web/pen.py), nor those that the page writes itself.

/** Part of an ellipse; angles in degrees, clockwise from the right, as y goes down. */
function arc(x, y, rx, ry, from, to) {
  const count = Math.max(4, Math.round(Math.abs(to - from) / 15));
  return Array.from({ length: count + 1 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / count) * Math.PI) / 180;
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)];
  });
}

/** A straight line with points on the way. */
function line(...corners) {
  const points = [corners[0]];
  for (let i = 1; i < corners.length; ++i) {
    const [[x0, y0], [x1, y1]] = [corners[i - 1], corners[i]];
    for (let step = 1; step <= 5; ++step) points.push([x0 + ((x1 - x0) * step) / 5, y0 + ((y1 - y0) * step) / 5]);
  }
  return points;
}

// In a box of 1 x 1; each digit has two forms, a list of strokes each.
export const DIGITS = [
  [[arc(0.5, 0.5, 0.3, 0.5, -90, 270)], [arc(0.5, 0.5, 0.38, 0.46, -60, -410)]],
  [[line([0.5, 0], [0.5, 1])], [line([0.3, 0.22], [0.55, 0], [0.53, 1])]],
  [
    [[...arc(0.48, 0.28, 0.32, 0.28, -170, 30), ...line([0.7, 0.5], [0.14, 1], [0.86, 1])]],
    [[...arc(0.45, 0.26, 0.3, 0.26, -150, 45), ...line([0.6, 0.52], [0.2, 0.94]), ...line([0.24, 1], [0.88, 0.96])]],
  ],
  [
    [[...arc(0.45, 0.25, 0.3, 0.25, -150, 90), ...arc(0.45, 0.74, 0.34, 0.26, -90, 150)]],
    [[...line([0.16, 0], [0.78, 0], [0.46, 0.4]), ...arc(0.46, 0.7, 0.34, 0.3, -90, 140)]],
  ],
  [
    [line([0.3, 0], [0.12, 0.6], [0.9, 0.6]), line([0.66, 0.3], [0.66, 1])],
    [line([0.62, 1], [0.62, 0], [0.08, 0.68], [0.9, 0.68])],
  ],
  [
    [[...line([0.26, 0], [0.22, 0.42]), ...arc(0.46, 0.68, 0.34, 0.3, -120, 140)], line([0.26, 0], [0.8, 0])],
    [[...line([0.82, 0.03], [0.3, 0.03], [0.24, 0.46]), ...arc(0.45, 0.7, 0.32, 0.28, -110, 150)]],
  ],
  [
    [[...arc(0.72, 0.7, 0.55, 0.7, -95, -175), ...arc(0.48, 0.72, 0.3, 0.27, 180, -170)]],
    [[...line([0.56, 0], [0.24, 0.52]), ...arc(0.47, 0.72, 0.27, 0.27, -150, -500)]],
  ],
  [[line([0.12, 0], [0.86, 0], [0.42, 1])], [line([0.14, 0.02], [0.82, 0], [0.5, 1]), line([0.32, 0.5], [0.8, 0.5])]],
  [
    [[...arc(0.5, 0.25, 0.25, 0.24, 90, -270), ...arc(0.5, 0.75, 0.3, 0.26, -90, 270)]],
    [arc(0.5, 0.24, 0.24, 0.24, -90, 270), arc(0.5, 0.74, 0.3, 0.26, -90, 270)],
  ],
  [
    [[...arc(0.48, 0.27, 0.28, 0.27, 0, -340), ...line([0.76, 0.2], [0.74, 1])]],
    [[...arc(0.46, 0.28, 0.3, 0.27, -20, -350), ...line([0.76, 0.24], [0.56, 1])]],
  ],
];

// Hands: what a point of the box becomes on the pad.
export const HANDS = {
  plain: ([x, y]) => [0.22 + 0.56 * x, 0.15 + 0.7 * y],
  slanted: ([x, y]) => [0.18 + 0.52 * x + 0.22 * (1 - y), 0.15 + 0.7 * y],
  leaning_back: ([x, y]) => [0.22 + 0.5 * x + 0.12 * y, 0.15 + 0.7 * y],
  small: ([x, y]) => [0.1 + 0.16 * x, 0.7 + 0.22 * y],
  large: ([x, y]) => [0.04 + 0.9 * x, 0.03 + 0.94 * y],
  narrow: ([x, y]) => [0.36 + 0.3 * x, 0.12 + 0.76 * y],
  wide: ([x, y]) => [0.1 + 0.78 * x, 0.2 + 0.6 * y],
  turned: ([x, y]) => {
    const angle = (9 * Math.PI) / 180;
    const [u, v] = [0.56 * (x - 0.5), 0.7 * (y - 0.5)];
    return [0.5 + u * Math.cos(angle) - v * Math.sin(angle), 0.5 + u * Math.sin(angle) + v * Math.cos(angle)];
  },
  shaky: ([x, y]) => [0.22 + 0.56 * x + 0.012 * Math.sin(37 * y + 11 * x), 0.15 + 0.7 * y + 0.012 * Math.sin(41 * x + 5 * y)],
};

/** A digit's strokes on the pad, as one hand writes its form 0 or 1. */
export const drawn = (digit, form, hand) => DIGITS[digit][form].map((stroke) => stroke.map(HANDS[hand]));
