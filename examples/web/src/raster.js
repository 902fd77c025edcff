// Strokes of the pad as MNIST's pictures: the ink's box 20 long, its centre of mass in the middle of
// 28 x 28. Strokes are lists of [x, y] in units of the pad; the pen is as thick as MNIST's whatever
// the size of the drawing.

export const SIDE = 28;
const BOX = 20; // of the longer side, ink included
const PEN = 2.4; // pixels
const MOST_MAGNIFIED = 4; // a dot stays small

/** The picture, SIDE * SIDE numbers of 0 (paper) to 1 (ink), or null if nothing is drawn. */
export function rasterize(strokes) {
  const points = strokes.flat();
  if (!points.length) return null;
  const xs = points.map((p) => p[0]);
  const ys = points.map((p) => p[1]);
  const [left, right, top, bottom] = [
    Math.min(...xs),
    Math.max(...xs),
    Math.min(...ys),
    Math.max(...ys),
  ];
  const extent = Math.max(right - left, bottom - top, 1e-6);
  const scale = Math.min((BOX - PEN) / extent, MOST_MAGNIFIED * SIDE);
  const place = (dx, dy) =>
    strokes.map((stroke) =>
      stroke.map(([x, y]) => [
        (x - (left + right) / 2) * scale + SIDE / 2 + dx,
        (y - (top + bottom) / 2) * scale + SIDE / 2 + dy,
      ]),
    );
  const [x, y] = centreOfMass(ink(place(0, 0)));
  return ink(place(SIDE / 2 - x, SIDE / 2 - y));
}

/** Under a round pen each pixel has what its distance from the line says. */
function ink(lines) {
  const nearest = new Float32Array(SIDE * SIDE).fill(Infinity); // squared distance
  for (const line of lines) {
    for (let i = 0; i < Math.max(1, line.length - 1); ++i) {
      segment(nearest, line[i], line[Math.min(i + 1, line.length - 1)]);
    }
  }
  return nearest.map((squared) => Math.min(1, Math.max(0, PEN / 2 - Math.sqrt(squared) + 0.5)));
}

function segment(nearest, [x0, y0], [x1, y1]) {
  const reach = PEN / 2 + 1;
  const first = (a, b) => Math.max(0, Math.floor(Math.min(a, b) - reach));
  const last = (a, b) => Math.min(SIDE - 1, Math.ceil(Math.max(a, b) + reach));
  const [dx, dy] = [x1 - x0, y1 - y0];
  const squaredLength = Math.max(dx * dx + dy * dy, 1e-9);
  for (let row = first(y0, y1); row <= last(y0, y1); ++row) {
    for (let column = first(x0, x1); column <= last(x0, x1); ++column) {
      const [px, py] = [column + 0.5 - x0, row + 0.5 - y0];
      const along = Math.min(1, Math.max(0, (px * dx + py * dy) / squaredLength));
      const squared = (px - along * dx) ** 2 + (py - along * dy) ** 2;
      const at = row * SIDE + column;
      nearest[at] = Math.min(nearest[at], squared);
    }
  }
}

function centreOfMass(picture) {
  let [sum, x, y] = [0, 0, 0];
  picture.forEach((value, at) => {
    sum += value;
    x += value * ((at % SIDE) + 0.5);
    y += value * (Math.floor(at / SIDE) + 0.5);
  });
  return [x / sum, y / sum];
}
