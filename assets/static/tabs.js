// The tabs of the instruments: arrows go from one to the next, the open one is brought into sight, and where more of
// them lie beside the screen there is a mark.
(() => {
  const MARK_PX = 24;
  const list = () => document.querySelector("#instruments [role=tablist]");

  const mark = () => {
    const tabs = list();
    if (!tabs) return;
    const left = tabs.scrollLeft > 1;
    const right = tabs.scrollLeft + tabs.clientWidth < tabs.scrollWidth - 1;
    tabs.parentElement.dataset.more = [left && "left", right && "right"].filter(Boolean).join(" ");
  };
  // It is chosen here, by an address or from within another, and drawn a little later.
  let watched;
  workbench.bringTab = () => {
    const tabs = list();
    if (tabs && tabs !== watched) {
      watched = tabs;
      new MutationObserver(workbench.bringTab).observe(tabs, { subtree: true, attributeFilter: ["aria-selected"] });
    }
    const tab = tabs?.querySelector("[aria-selected=true]");
    const middle = (part) => part.getBoundingClientRect().left + part.offsetWidth / 2;
    if (tab) tabs.scrollLeft += middle(tab) - middle(tabs);
    mark();
  };
  document.addEventListener("scroll", (e) => e.target === list() && mark(), true);
  addEventListener("resize", mark);

  // None is opened on the way: what a tab shows may take work.
  document.addEventListener("keydown", (e) => {
    const tab = e.target.closest?.("#instruments [role=tab]");
    if (!tab || e.ctrlKey || e.metaKey || e.altKey || e.shiftKey) return;
    const tabs = [...list().querySelectorAll("[role=tab]")];
    const at = tabs.indexOf(tab);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    tabs[(to + tabs.length) % tabs.length].focus();
  });
  // The one that has the focus is not behind a mark.
  document.addEventListener("focusin", (e) => {
    const tab = e.target.closest?.("#instruments [role=tab]");
    if (!tab) return;
    const [inner, outer] = [tab, list()].map((part) => part.getBoundingClientRect());
    const [left, right] = [inner.left - outer.left - MARK_PX, inner.right - outer.right + MARK_PX];
    list().scrollLeft += Math.min(left, 0) + Math.max(right, 0);
  });
  // The toolkit's folds do not say whether they are open.
  const tellFold = (e) => {
    const fold = e.target.closest?.("button.label-wrap");
    if (fold) setTimeout(() => fold.setAttribute("aria-expanded", String(fold.classList.contains("open"))));
  };
  for (const event of ["focusin", "click"]) document.addEventListener(event, tellFold);
})();
