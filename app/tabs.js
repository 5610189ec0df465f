// Arrow keys on tabs whose content loads on demand. Streamlit runs the page anew after each choice. While it does, its
// own keyboard handling may move the focus to a tab that is briefly disabled (which is then not selected), the answer
// to an earlier key may arrive after a later one, and the focused tab may be replaced, so that the focus falls to the
// body. So the tab that the keyboard asked for is remembered, and selected and focused until the page has caught up.
(() => {
  if (window.gaitStudioTabs) return;
  window.gaitStudioTabs = true;
  const STEPS = { ArrowLeft: -1, ArrowRight: 1 };
  const EVERY_MS = 50;
  const CALM_LOOKS = 60; // looks, not milliseconds: drawing may block the browser for longer than any fixed time
  const MOST_LOOKS = 600;
  let names = [];
  let wanted = "";
  let calm = 0; // looks left as long as nothing changes
  let looks = 0; // looks left in any case
  const stop = () => { looks = 0; };
  const isPageRunning = () => document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState === "running";
  const wantedTab = () => [...document.querySelectorAll('[role="tab"]')].find((tab) => tab.textContent === wanted);
  const settle = () => {
    if (looks <= 0) return;
    const tab = wantedTab();
    const isSelected = tab?.getAttribute("aria-selected") === "true";
    const isDisabled = tab?.getAttribute("aria-disabled") === "true";
    if (tab && !isSelected && !isDisabled) tab.click();
    const focused = document.activeElement;
    const isFree = focused === document.body || focused?.getAttribute("role") === "tab";
    if (tab && focused !== tab && isFree) tab.focus();
    calm = isSelected && focused === tab && !isPageRunning() ? calm - 1 : CALM_LOOKS;
    looks = calm > 0 ? looks - 1 : 0;
    setTimeout(settle, EVERY_MS);
  };
  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof Element && event.target.closest('[role="tab"]');
    const isPending = looks > 0;
    const isMeant = target || (isPending && event.target === document.body);
    const isBare = !(event.altKey || event.ctrlKey || event.metaKey || event.shiftKey);
    if (target && !isPending) {
      names = [...target.closest('[role="tablist"]').querySelectorAll('[role="tab"]')].map((tab) => tab.textContent);
      wanted = target.textContent;
    }
    const ends = { Home: 0, End: names.length - 1 };
    const to = ends[event.key] ?? names.indexOf(wanted) + STEPS[event.key];
    if (!isMeant || !isBare || Number.isNaN(to)) return stop();
    event.preventDefault();
    event.stopPropagation();
    wanted = names[(to + names.length) % names.length];
    calm = CALM_LOOKS;
    looks = MOST_LOOKS;
    if (!isPending) settle();
  }, true);
  document.addEventListener("pointerdown", stop, true);
})();
