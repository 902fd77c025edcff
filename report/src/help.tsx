// "?": the keys.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

const KEYS: [string, string][] = [
  ["1 … 7", "the tabs"],
  ["← →", "the pass before, the next pass"],
  ["↑ ↓", "the row above, below; on the tab of the kernels the kernel before, the next"],
  ["Enter", "selects what has the focus"],
  ["/", "search"],
  ["Escape", "closes this, clears the selection"],
  ["t", "dark or light"],
  ["?", "these keys"],
];

export function Help({ close }: { close: () => void }): JSX.Element {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  return (
    <div class="veil" onClick={(e) => e.target === e.currentTarget && close()}>
      <div class="help panel" role="dialog" aria-modal="true" aria-label="Keys">
        <h2>Keys</h2>
        <dl>
          {KEYS.map(([key, text]) => [
            <dt key={key}>
              <kbd>{key}</kbd>
            </dt>,
            <dd key={text}>{text}</dd>,
          ])}
        </dl>
        <p>
          Whatever is clicked (a word of the model, a node, a kernel, a rectangle of memory) is
          marked wherever the report shows it; the line below the tabs tells its road. The address
          keeps tab, pass and selection.
        </p>
        <button ref={button} type="button" onClick={close}>
          close
        </button>
      </div>
    </div>
  );
}
