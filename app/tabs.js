// Streamlit draws tabs that load on demand anew after each choice, and the keyboard loses its place.
// For a moment after an arrow key, the focus goes back to the tab that is open.
(() => {
  if (window.gaitStudioTabs) return;
  window.gaitStudioTabs = true;
  const KEYS = ["ArrowLeft", "ArrowRight", "Home", "End"];
  const PATIENCE_MS = 4000;
  let until = 0;
  const back = () => {
    if (Date.now() > until) return;
    const open = document.querySelector('[role="tab"][aria-selected="true"]');
    if (open && document.activeElement === document.body) open.focus();
    setTimeout(back, 60);
  };
  document.addEventListener("keydown", (event) => {
    const onTab = event.target instanceof Element && event.target.closest('[role="tab"]');
    const begun = Date.now() < until;
    until = onTab && KEYS.includes(event.key) ? Date.now() + PATIENCE_MS : 0;
    if (until && !begun) back();
  }, true);
  document.addEventListener("pointerdown", () => { until = 0; }, true);
})();
