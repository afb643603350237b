// The tour of a first visit: a card that leads from place to place. It stands in nobody's way: the page is used as ever
// beside it, it takes no focus that it was not given, and Escape ends it. Who comes with a question gets a hint only.
(() => {
  const SEEN = "workbench-tour";
  const GAP_PX = 24;
  const asked = new URLSearchParams(location.search); // before the page writes its own
  let at = -1;
  let opener = null;
  let places = [];

  const card = () => document.querySelector("#tour");
  const steps = () => [...card().querySelectorAll("[data-place]")];
  const button = (act) => card().querySelector(`[data-tour=${act}]`);
  const isNarrow = () => matchMedia("(max-width: 640px)").matches;

  // Beside the place, on the side where there is room; else above or below it. On a phone the style sheet does it.
  const put = () => {
    if (at < 0 || isNarrow() || !places.length) return;
    const boxes = places.map((place) => place.getBoundingClientRect());
    const [left, top] = [Math.min(...boxes.map((b) => b.left)), Math.min(...boxes.map((b) => b.top))];
    const [right, bottom] = [Math.max(...boxes.map((b) => b.right)), Math.max(...boxes.map((b) => b.bottom))];
    const { width, height } = card().getBoundingClientRect();
    const within = (value, most) => Math.max(8, Math.min(value, most - 8));
    const beside = right + GAP_PX + width < innerWidth ? right + GAP_PX : left - GAP_PX - width;
    const isBeside = beside > 8;
    const over = top - GAP_PX - height;
    const y = isBeside ? top : over > 8 ? over : bottom + GAP_PX;
    card().style.left = `${within(isBeside ? beside : left, innerWidth - width)}px`;
    card().style.top = `${within(y, innerHeight - height)}px`;
  };

  const show = (to) => {
    for (const place of places) delete place.dataset.toured;
    at = to;
    steps().forEach((step, number) => (step.hidden = number !== at));
    const step = steps()[at];
    card().hidden = !step;
    if (!step) return;
    const next = button("next");
    next.dataset.next ||= next.textContent;
    next.textContent = at === steps().length - 1 ? next.dataset.done : next.dataset.next;
    button("back").hidden = at === 0;
    places = [...document.querySelectorAll(step.dataset.place)].filter((place) => place.offsetParent);
    for (const place of places) place.dataset.toured = "";
    const box = places[0]?.getBoundingClientRect();
    const floor = innerHeight - (isNarrow() ? card().offsetHeight : 0);
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
    if (box && (box.top < 0 || box.bottom > floor)) places[0].scrollIntoView({ block: "start", behavior });
    put();
    workbench.say(workbench.sentences(step.children));
  };
  const start = (from) => {
    opener = from;
    workbench.memory.set(SEEN, "seen");
    document.querySelector("#tour-hint").hidden = true;
    document.querySelector("#help dialog").close();
    show(0);
    if (from) button("next").focus();
  };
  // Whether there was one to end.
  workbench.endTour = () => {
    if (at < 0) return false;
    const hadFocus = card().contains(document.activeElement);
    show(-1);
    places = [];
    const back = opener?.checkVisibility() ? opener : document.querySelector("[data-page=help]");
    if (hadFocus) back.focus();
    return true;
  };

  const acts = {
    start,
    next: () => (at + 1 < steps().length ? show(at + 1) : workbench.endTour()),
    back: () => {
      show(at - 1);
      if (!at) button("next").focus();
    },
    end: () => workbench.endTour(),
  };
  document.addEventListener("click", (e) => {
    const pressed = e.target.closest?.("[data-tour]");
    if (pressed) acts[pressed.dataset.tour](pressed);
  });
  document.addEventListener("scroll", put, { capture: true, passive: true });
  addEventListener("resize", put);

  workbench.welcome = () => {
    new ResizeObserver(put).observe(document.body); // which fills as answers come
    if (workbench.memory.get(SEEN)) return;
    if (asked.has("q") || asked.has("video")) return void (document.querySelector("#tour-hint").hidden = false);
    const begin = () => (document.querySelector(steps()[0].dataset.place)?.offsetParent ? start(null) : setTimeout(begin, 100));
    begin();
  };
})();
