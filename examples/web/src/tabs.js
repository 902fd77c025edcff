// The tabs, after the ARIA pattern: arrows, Home and End go from one to another.

/** panels: {id: {show?, hide?, key?, repaint?}}; the address's #id opens one. */
export function makeTabs(panels) {
  const ids = Object.keys(panels);
  const tab = (id) => document.getElementById(`tab-${id}`);
  let current = null;

  function open(id, focus = false) {
    if (id === current) return;
    panels[current]?.hide?.();
    current = id;
    for (const each of ids) {
      tab(each).setAttribute("aria-selected", each === id);
      tab(each).tabIndex = each === id ? 0 : -1;
      document.getElementById(each).hidden = each !== id;
    }
    if (focus) tab(id).focus();
    panels[id].show?.();
  }

  for (const id of ids) {
    tab(id).addEventListener("click", () => open(id));
    tab(id).addEventListener("keydown", (event) => {
      const at = ids.indexOf(id);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: ids.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      open(ids[(to + ids.length) % ids.length], true);
    });
  }
  document.addEventListener("keydown", (event) => panels[current].key?.(event));
  const named = () => (ids.includes(location.hash.slice(1)) ? location.hash.slice(1) : ids[0]);
  addEventListener("hashchange", () => open(named()));
  open(named());
}
