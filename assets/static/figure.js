// Draws a plotly figure in the colours of the page. A figure whose layout.meta has `clock` is linked
// to the film: click to seek, drag to select a span, a playhead across all rows.
(() => {
  let plotly;
  const loadPlotly = () =>
    (plotly ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = "workbench/plotly.min.js";
      script.onload = () => resolve(window.Plotly);
      script.onerror = reject;
      document.head.append(script);
    }));
  loadPlotly(); // every answer has figures: it is read while the page still waits for the server

  // Where a page has a base address, as the toolkit's has, plotly clips by paths that it names by the page's whole
  // address, and once that has changed nothing that is clipped is seen. Without one they are of this page, whatever
  // its address.
  const react = (Plotly, ...drawn) => {
    const base = document.querySelector("base[href]");
    const href = base?.getAttribute("href");
    base?.removeAttribute("href");
    const done = Plotly.react(...drawn);
    base?.setAttribute("href", href);
    return done;
  };

  // Neutral colours are not in the figures: they come from the page, as plotly's template.
  const template = (element) => {
    const style = getComputedStyle(element);
    const [ink, rule, soft] = ["--wb-ink", "--wb-rule", "--wb-soft"].map((n) => style.getPropertyValue(n).trim());
    const axis = { gridcolor: rule, linecolor: rule, tickcolor: rule, zerolinecolor: rule, tickfont: { color: soft } };
    return {
      data: { bar: [{ insidetextfont: { color: ink } }] },
      layout: {
        font: { color: ink, family: style.fontFamily, size: 12 },
        colorway: [soft],
        xaxis: axis,
        yaxis: axis,
        shapedefaults: { line: { color: ink } },
        hoverlabel: { font: { family: style.fontFamily } },
      },
    };
  };

  // The range of the time axis with round ticks that read as a clock, as many as there is room for; plotly
  // has none for seconds.
  const ticks = ([t0, t1], width_px) => {
    const most = Math.min(10, width_px / (t1 < 3600 ? 48 : 72));
    const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
    const step = steps.find((s) => (t1 - t0) / s <= most) || 7200;
    const tickvals = [];
    for (let k = Math.ceil(t0 / step) || 1; k * step <= t1; k++) tickvals.push(k * step);
    const ticktext = tickvals.map((t) => (step < 1 ? workbench.clock(t) : workbench.clock(t).slice(0, -2)));
    return { range: [t0, t1], tickvals, ticktext };
  };

  const draw = async (view) => {
    const figure = view.figure;
    view.element.classList.toggle("is-empty", !figure?.data);
    if (!figure?.data) return;
    const Plotly = await loadPlotly();
    const layout = { ...figure.layout, template: template(view.element), autosize: true };
    delete layout.width;
    // Beside a long sentence a phone has no room for its range.
    if (view.plot.clientWidth < 480) layout.annotations = layout.annotations?.filter((a) => a.name !== "range");
    const { clock, duration_s, is_partial, aspect } = layout.meta || {};
    if (aspect && view.plot.clientWidth) layout.height = Math.min(layout.height, view.plot.clientWidth / aspect + 16);
    if (clock) layout.xaxis = { ...layout.xaxis, ...ticks(view.span0 || [0, duration_s], view.plot.clientWidth) };
    const data = view.plot.clientWidth < 480 ? figure.data.filter(({ meta }) => meta !== "wide") : figure.data;
    // Not awaited: its promise also waits for pictures that the browser may put off.
    react(Plotly, view.plot, data, layout, { displayModeBar: false, responsive: false });
    if (!view.isBound) {
      view.isBound = true;
      view.plot.on("plotly_click", ({ points: [point] }) => view.onPoint(point));
      view.plot.on("plotly_afterplot", () => view.spare());
    }
    view.element.dataset.ready = String(Boolean(clock && !is_partial));
    view.place();
  };

  Object.assign(workbench, { loadPlotly, react, plotlyTemplate: template });

  workbench.figure = ({ element, props, trigger, watch }) => {
    const plot = element.querySelector(".plot");
    const view = { element, plot, trigger, figure: null, span0: null, place: () => {}, spare: () => {}, onPoint: () => {} };
    const read = () => (view.figure = props.value ? JSON.parse(props.value) : null);
    read();
    const isClock = element.querySelector(".playhead") !== null;
    if (isClock) link(view);
    else view.onPoint = (point) => {
      if (point.data.meta === "seek") workbench.seek(point.x);
      if (point.data.meta !== "cell") return;
      workbench.seek(point.customdata[0]);
      workbench.lightWord(point.customdata[1]);
    };
    watch("value", () => {
      read();
      if (isClock) view.reset();
      draw(view);
    });
    new MutationObserver(() => draw(view)).observe(document.body, { attributeFilter: ["class"] });
    new ResizeObserver(() => {
      if (!window.Plotly || !plot.data || !plot.offsetWidth) return;
      if (view.figure?.layout?.meta?.aspect) return draw(view);
      window.Plotly.Plots.resize(plot);
      view.place();
    }).observe(element);
    draw(view);
  };

  // Link a figure to the clock. The overlays are plain elements moved by transform, so that a playing
  // film costs no redraw of the plot.
  const link = (view) => {
    const { element, plot, trigger } = view;
    const part = (name) => element.querySelector(name);
    const isTimeline = element.closest("#timeline") !== null;
    const [playhead, cursor, span, bar] = [".playhead", ".cursor", ".span", ".span-bar"].map(part);
    let now = 0;
    let selected = null;
    let lit = [];
    const placeLit = () => {
      for (const { a, b, bar } of lit) {
        bar.style.transform = `translateX(${xOf(a)}px)`;
        bar.style.width = `${Math.max(xOf(b) - xOf(a), 1)}px`;
      }
    };

    const meta = () => view.figure?.layout?.meta || {};
    const range = () => view.span0 || [0, meta().duration_s || 1];
    const timeAt = (x) => {
      const box = plot.getBoundingClientRect();
      const [t0, t1] = range();
      const t = t0 + (Math.min(Math.max(x - box.left, 0), box.width) / box.width) * (t1 - t0);
      return Math.round(t * 1000) / 1000;
    };
    const xOf = (t) => ((t - range()[0]) / (range()[1] - range()[0])) * plot.clientWidth;
    const rowAt = (y) => {
      const top = y - plot.getBoundingClientRect().top - (view.figure?.layout?.margin?.t || 0);
      return (meta().rows || []).findIndex(([a, b]) => a <= top && top < b);
    };
    const put = (line, t) => {
      const x = xOf(t);
      line.hidden = !meta().clock || x < -1 || x > plot.clientWidth + 1;
      line.style.transform = `translateX(${x}px)`;
    };
    // The playhead leaves out what is written where it stands: a number without its sign is another number.
    let written = [];
    const putPlayhead = () => {
      put(playhead, now);
      const x = xOf(now);
      const gaps = written.filter(({ left, right }) => left < x && x < right);
      const holes = gaps.map(({ top, bottom }) => `M-9 ${top}H11V${bottom}H-9Z`).join("");
      playhead.style.clipPath = holes && `path(evenodd, "M-9 -9H11V9999H-9Z${holes}")`;
    };
    view.spare = () => {
      const origin = part(".canvas").getBoundingClientRect();
      const y0 = origin.top + parseFloat(getComputedStyle(playhead).top);
      const boxes = [...plot.querySelectorAll("svg text")].map((text) => text.getBoundingClientRect());
      written = boxes
        .filter(({ width }) => width)
        .map(({ left, right, top, bottom }) => ({
          left: left - origin.left - 3,
          right: right - origin.left + 3,
          top: top - y0,
          bottom: bottom - y0,
        }));
      putPlayhead();
    };

    view.place = () => {
      putPlayhead();
      placeLit();
      span.hidden = bar.hidden = !selected;
      if (!selected) return;
      const [a, b] = selected.map(xOf);
      span.style.transform = `translateX(${a}px)`;
      span.style.width = `${Math.max(b - a, 1)}px`;
      part(".span-text").textContent = `${workbench.clock(selected[0])} – ${workbench.clock(selected[1])}`;
    };
    view.reset = () => {
      if (view.duration_s !== meta().duration_s) view.span0 = selected = null;
      view.duration_s = meta().duration_s;
      if (!isTimeline || from?.isDrag) return view.place();
      // What was dragged before the whole film was read is told now; what was dragged since is on its way.
      const isNews = String(view.known) !== String(meta().span);
      if (!meta().is_partial) {
        view.known = meta().span;
        if (view.isUntold && selected) select(selected);
        else if (isNews) selected = meta().span || null;
        view.isUntold = false;
      }
      view.place();
    };
    const zoom = (to) => {
      view.span0 = to;
      element.classList.toggle("is-zoomed", Boolean(to));
      cursor.hidden = true;
      window.Plotly.Fx?.unhover(plot);
      window.Plotly.relayout(plot, Object.fromEntries(
        Object.entries(ticks(range(), plot.clientWidth)).map(([name, value]) => [`xaxis.${name}`, value]),
      ));
      view.place();
    };
    const select = (to) => {
      selected = to;
      view.place();
      // There is nothing to say of a span before the whole film has been read.
      view.isUntold = Boolean(meta().is_partial);
      if (!view.isUntold) trigger("brush", to ? { start_s: to[0], end_s: to[1] } : {});
    };

    let from = null;
    element.addEventListener("pointerdown", (e) => {
      if (e.button || e.target.closest(".span-bar")) return;
      from = { x: e.clientX, t: timeAt(e.clientX), isDrag: false };
      plot.setPointerCapture?.(e.pointerId);
    });
    element.addEventListener("pointermove", (e) => {
      if (!e.target.closest(".span-bar")) {
        put(cursor, timeAt(e.clientX));
        cursor.dataset.time = workbench.clock(timeAt(e.clientX));
        cursor.classList.toggle("is-left", xOf(timeAt(e.clientX)) > plot.clientWidth - 64);
      }
      if (!from) return;
      from.isDrag ||= Math.abs(e.clientX - from.x) > 4;
      if (!from.isDrag) return;
      selected = [from.t, timeAt(e.clientX)].sort((a, b) => a - b);
      view.place();
    });
    element.addEventListener("pointerleave", () => (cursor.hidden = true));
    element.addEventListener("pointercancel", () => (from = null));
    element.addEventListener("pointerup", (e) => {
      if (!from) return;
      const { isDrag, t } = from;
      from = null;
      // One span for all: that of the timeline.
      if (isDrag) return isTimeline ? select(selected) : (workbench.selectSpan?.(selected), (selected = null), view.place());
      workbench.seek(t);
      const query = rowAt(e.clientY);
      if (query >= 0) trigger("select", { query, at_s: t });
    });
    element.addEventListener("click", (e) => {
      const act = e.target.closest("[data-span]")?.dataset.span;
      if (act === "zoom") zoom(selected);
      if (act === "play") (workbench.seek(selected[0]), workbench.film()?.play());
      if (act === "whole") zoom(null);
      if (act === "clear") (select(null), zoom(null));
    });
    workbench.onTime(element, (t) => ((now = t), putPlayhead()));
    if (!isTimeline) return;
    // Spans that another view lights up, over all rows.
    workbench.lightSpans = (spans) => {
      lit = spans.map(([a, b]) => ({ a, b, bar: Object.assign(document.createElement("div"), { className: "lit" }) }));
      for (const old of element.querySelectorAll(".lit")) old.remove();
      part(".canvas").append(...lit.map(({ bar }) => bar));
      placeLit();
    };
    workbench.selectSpan = select;
    // A span by keys: from where the player stands, or up to there; the other end is where it was, or the film's.
    const end = () => meta().duration_s || 0;
    workbench.spanFrom = () => now < end() && select([now, selected && now < selected[1] ? selected[1] : end()]);
    workbench.spanTo = () => now > 0 && select([selected && selected[0] < now ? selected[0] : 0, now]);
    workbench.clearSpan = () => selected && (select(null), zoom(null));
    // The answer to a sentence, when clicked, does what its row does.
    document.addEventListener("click", (e) => {
      const answer = e.target.closest?.("#answers [data-query]");
      if (answer) trigger("select", { query: Number(answer.dataset.query) });
    });
  };
})();
