// The map of the space: pictures under the pointer, points to pick, a loop that lists what is in it, and the point at
// which the film stands. What each row is, the figure's meta says; nothing is asked of the server but for pictures,
// and what is nearest to a point that was picked.
(() => {
  const MOST_PICTURES = 24;
  const MOST_ROWS = 60;

  workbench.space = ({ element, props, trigger, watch }) => {
    const part = (selector) => element.querySelector(selector);
    const [box, plot, tip, here, litBox, chosenBox] = [
      ".space", ".plot", ".space-tip", ".space-now", ".space-lit", ".space-chosen",
    ].map(part);
    let meta = {};
    let places = new Map(); // row -> [x, y]
    let now = 0;
    let mode = "pan";
    let isBound = false;

    const middle = (row) => {
      const [a, b] = meta.spans[row];
      return a === null ? null : (a + b) / 2;
    };
    const filmOf = (row) => meta.films[meta.film[row]] || ["", ""];
    const pictureOf = (row) => `workbench/picture/${filmOf(row)[0]}/${Math.round(1000 * middle(row))}`;
    const told = (row) => meta.labels[row] || [filmOf(row)[1], workbench.clock(meta.spans[row][0] ?? 0)].filter(Boolean).join(", ");
    const isFlat = () => Boolean(plot._fullLayout?.xaxis && !plot._fullLayout?.scene);

    // Where a row lies in the plot's element, in pixels; null outside, and in three axes.
    const pixelOf = (row) => {
      const at = places.get(row);
      if (!at || !isFlat()) return null;
      const { xaxis, yaxis } = plot._fullLayout;
      const [x, y] = [xaxis.l2p(at[0]), yaxis.l2p(at[1])];
      if (x < 0 || y < 0 || x > xaxis._length || y > yaxis._length) return null;
      return [x + xaxis._offset, y + yaxis._offset];
    };
    const put = (mark, row) => {
      const at = row === null ? null : pixelOf(row);
      mark.hidden = !at;
      if (at) mark.style.transform = `translate(${at[0]}px, ${at[1]}px)`;
    };

    // The row of the film on show that the player stands in.
    const rowAt = (t) => {
      if (!meta.here) return null;
      const own = meta.films.findIndex(([id]) => id === meta.here);
      for (let row = 0; row < meta.film.length; row++) {
        const [a, b] = meta.spans[row];
        if (meta.film[row] === own && a !== null && a <= t && t < b) return row;
      }
      return null;
    };
    const place = () => {
      put(here, rowAt(now));
      for (const mark of litBox.children) put(mark, Number(mark.dataset.row));
    };
    const light = (rows) => {
      litBox.replaceChildren(
        ...rows.map((row) => {
          const mark = document.createElement("div");
          mark.dataset.row = row;
          return mark;
        }),
      );
      place();
    };

    const show = ({ points: [point], event }) => {
      const row = point?.customdata;
      if (row === undefined) return;
      const [image, text] = [tip.querySelector("img"), tip.querySelector("span")];
      image.hidden = middle(row) === null;
      if (!image.hidden) image.src = pictureOf(row);
      text.textContent = told(row) + (meta.torn.includes(row) ? ": torn from its neighbours" : "");
      const frame = part(".canvas").getBoundingClientRect();
      const [x, y] = event ? [event.clientX - frame.left, event.clientY - frame.top] : [0, 0];
      tip.style.transform = `translate(${Math.min(x + 12, frame.width - 150)}px, ${Math.min(y + 12, frame.height - 110)}px)`;
      tip.hidden = false;
    };
    const pick = (row) => {
      if (filmOf(row)[0] === meta.here && meta.spans[row][0] !== null) workbench.seek(middle(row));
      trigger("select", { row });
    };

    const list = (rows) => {
      chosenBox.hidden = !rows.length;
      const own = rows.filter((row) => filmOf(row)[0] === meta.here && meta.spans[row][0] !== null);
      workbench.lightSpans?.(own.map((row) => meta.spans[row]));
      if (!rows.length) return;
      const some = (most) => (rows.length <= most ? rows : Array.from({ length: most }, (_, i) => rows[Math.floor((i * rows.length) / most)]));
      part(".space-chosen p").textContent =
        `${rows.length} points chosen${rows.length > MOST_ROWS ? `, ${MOST_ROWS} of them listed` : ""}; ` +
        `${own.length} of the video on show are lit on the timeline.`;
      const button = (row, ...inside) => {
        const made = document.createElement("button");
        made.type = "button";
        made.title = told(row);
        made.append(...inside);
        made.addEventListener("click", () => pick(row));
        return made;
      };
      part(".space-strip").replaceChildren(
        ...some(MOST_PICTURES)
          .filter((row) => middle(row) !== null)
          .map((row) => button(row, Object.assign(new Image(), { src: pictureOf(row), alt: told(row), loading: "lazy" }))),
      );
      part("tbody").replaceChildren(
        ...some(MOST_ROWS).map((row) => {
          const line = document.createElement("tr");
          const group = meta.groups[row] ?? -1;
          const cells = [filmOf(row)[1] || meta.labels[row], "", group < 0 ? "" : `${group + 1} ${meta.names[group] || ""}`];
          line.append(...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
          if (meta.spans[row][0] !== null) line.children[1].append(button(row, workbench.clock(meta.spans[row][0])));
          return line;
        }),
      );
    };

    const bind = () => {
      isBound = true;
      plot.on("plotly_hover", show);
      plot.on("plotly_unhover", () => (tip.hidden = true));
      plot.on("plotly_click", ({ points: [point] }) => point?.customdata !== undefined && pick(point.customdata));
      plot.on("plotly_selected", (e) => e && list([...new Set(e.points.map((point) => point.customdata))].sort((a, b) => a - b)));
      plot.on("plotly_deselect", () => list([]));
      plot.on("plotly_relayout", place);
      plot.on("plotly_relayouting", place);
      plot.on("plotly_afterplot", place);
    };
    const draw = async () => {
      const figure = props.value;
      box.hidden = !figure?.data;
      if (!figure?.data) return list([]);
      const Plotly = await workbench.loadPlotly();
      if (meta.here !== figure.layout.meta.here) list([]);
      meta = figure.layout.meta;
      const layout = { ...figure.layout, template: workbench.plotlyTemplate(element), autosize: true, dragmode: mode };
      if (layout.scene) layout.dragmode = "orbit";
      element.classList.toggle("is-deep", Boolean(layout.scene));
      if (box.clientWidth < 480) Object.assign(layout, { height: 420, showlegend: false });
      await Plotly.react(plot, figure.data, layout, { displayModeBar: false, scrollZoom: true, responsive: false });
      places = new Map();
      for (const { x, y, customdata } of plot._fullData)
        if (customdata) for (let i = 0; i < customdata.length; i++) places.set(customdata[i], [x[i], y[i]]);
      if (!isBound) bind();
      place();
      element.dataset.drawn = String(performance.now());
    };

    part(".space-bar").addEventListener("click", (e) => {
      const drag = e.target.closest("[data-drag]")?.dataset.drag;
      if (!drag || !window.Plotly || !plot.data) return;
      if (drag === "whole") {
        list([]);
        window.Plotly.restyle(plot, { selectedpoints: [null] });
        window.Plotly.relayout(plot, { "xaxis.autorange": true, "yaxis.autorange": true, selections: [] });
        return;
      }
      mode = drag;
      for (const button of part(".space-bar").querySelectorAll("[aria-pressed]"))
        button.setAttribute("aria-pressed", String(button.dataset.drag === drag));
      window.Plotly.relayout(plot, { dragmode: drag });
    });
    // What is nearest to the point that was picked is lit on the map.
    new MutationObserver(() => {
      const near = document.querySelector("#space-near [data-rows]");
      light(near ? [Number(near.dataset.rows), ...[...near.querySelectorAll("[data-pick]")].map((b) => Number(b.dataset.pick))] : []);
    }).observe(document.querySelector("#space-near") || element, { childList: true, subtree: true });
    workbench.onTime(element, (t) => put(here, rowAt((now = t))));
    new ResizeObserver(() => {
      if (!window.Plotly || !plot.data || !plot.offsetWidth) return;
      window.Plotly.Plots.resize(plot);
      place();
    }).observe(element);
    new MutationObserver(() => draw()).observe(document.body, { attributeFilter: ["class"] });
    watch("value", draw);
    draw();
  };
})();
