// The map of the space, or two of the same items: pictures under the pointer, points to pick, a loop that lists what is
// in it, and the point at which the film stands. What each row is comes beside the figure; nothing is asked of the
// server but for pictures, and what is nearest to a point that was picked.
(() => {
  const MOST_PICTURES = 24;
  const MOST_ROWS = 60;

  workbench.space = ({ element, props, trigger, watch }) => {
    const part = (selector) => element.querySelector(selector);
    const [box, plot, tip, chosenBox, nowBox, litBox, overBox] = [
      ".space", ".plot", ".space-tip", ".space-chosen", ".space-now", ".space-lit", ".space-over",
    ].map(part);
    let meta = {};
    let places = new Map(); // row -> one {x, y, axis} on each map
    let now = 0;
    let mode = "pan";
    let isBound = false;

    const middle = (row) => {
      const [a, b] = meta.spans[row];
      return a === null ? null : (a + b) / 2;
    };
    const filmOf = (row) => meta.films[meta.film[row]] || ["", ""];
    const pictureOf = (row) => `workbench/picture/${filmOf(row)[0]}/${Math.round(1000 * middle(row))}`;
    const told = (row) => meta.labels[row] || [filmOf(row)[1], workbench.clock(middle(row) ?? 0)].filter(Boolean).join(", ");
    const isFlat = () => Boolean(plot._fullLayout?.xaxis && !plot._fullLayout?.scene);

    // Where a place lies in the plot's element, in pixels; null outside, and in three axes.
    const pixelOf = ({ x, y, axis }) => {
      if (!isFlat()) return null;
      const [xaxis, yaxis] = [plot._fullLayout[`xaxis${axis}`], plot._fullLayout[`yaxis${axis}`]];
      const [left, top] = [xaxis.l2p(x), yaxis.l2p(y)];
      if (left < 0 || top < 0 || left > xaxis._length || top > yaxis._length) return null;
      return [left + xaxis._offset, top + yaxis._offset];
    };
    // Rings around rows, on each map.
    const ring = (into, rows) => {
      into.replaceChildren(
        ...rows.flatMap((row) =>
          (places.get(row) || []).map((at) => Object.assign(document.createElement("div"), { at })),
        ),
      );
      place(into);
    };
    const place = (into) => {
      for (const mark of into.children) {
        const pixel = pixelOf(mark.at);
        mark.hidden = !pixel;
        if (pixel) mark.style.transform = `translate(${pixel[0]}px, ${pixel[1]}px)`;
      }
    };
    const placeAll = () => [nowBox, litBox, overBox].forEach(place);

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
    let nowRow = null;
    const follow = (row) => {
      if (row === nowRow) return;
      nowRow = row;
      ring(nowBox, row === null ? [] : [row]);
    };
    // What is nearest to the point that was picked.
    const lightNear = () => {
      const near = document.querySelector(`#${box.dataset.near} [data-rows]`);
      const others = near ? [...near.querySelectorAll("[data-pick]")].map((button) => button.dataset.pick) : [];
      ring(litBox, near ? [near.dataset.rows, ...others].map(Number) : []);
    };

    const show = ({ points: [point], event }) => {
      const row = point?.customdata;
      if (row === undefined) return;
      const [image, text] = [tip.querySelector("img"), tip.querySelector("span")];
      image.hidden = middle(row) === null;
      if (!image.hidden) image.src = pictureOf(row);
      text.textContent = meta.torn.includes(row) ? workbench.text("torn", told(row)) : told(row);
      const frame = part(".canvas").getBoundingClientRect();
      const [x, y] = event ? [event.clientX - frame.left, event.clientY - frame.top] : [0, 0];
      tip.style.transform = `translate(${Math.min(x + 12, frame.width - 150)}px, ${Math.min(y + 12, frame.height - 110)}px)`;
      tip.hidden = false;
      ring(overBox, (places.get(row) || []).length > 1 ? [row] : []);
    };
    const unshow = () => {
      tip.hidden = true;
      ring(overBox, []);
    };
    const pick = (row) => {
      if (filmOf(row)[0] === meta.here && meta.spans[row][0] !== null) workbench.seek(middle(row));
      trigger("select", { row });
    };

    const list = (rows) => {
      if (chosenBox.hidden && !rows.length) return;
      chosenBox.hidden = !rows.length;
      const own = rows.filter((row) => filmOf(row)[0] === meta.here && meta.spans[row][0] !== null);
      workbench.lightSpans?.(own.map((row) => meta.spans[row]));
      if (!rows.length) return;
      const some = (most) => (rows.length <= most ? rows : Array.from({ length: most }, (_, i) => rows[Math.floor((i * rows.length) / most)]));
      part(".space-chosen p").textContent =
        rows.length > MOST_ROWS
          ? workbench.text("chosen some", rows.length, MOST_ROWS, own.length)
          : workbench.text("chosen", rows.length, own.length);
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
          const cells = [filmOf(row)[1] || meta.labels[row], "", meta.said.names[meta.said.of[row]] || ""];
          line.append(...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
          if (meta.spans[row][0] !== null) line.children[1].append(button(row, workbench.clock(middle(row))));
          return line;
        }),
      );
    };

    // What is chosen on one map is chosen on the other.
    const chooseEverywhere = (rows) => {
      const chosen = new Set(rows);
      const points = plot._fullData.map(({ customdata }) =>
        customdata ? Array.from(customdata, (row, at) => (chosen.has(row) ? at : -1)).filter((at) => at >= 0) : null,
      );
      window.Plotly.restyle(plot, { selectedpoints: points });
    };
    const bind = () => {
      isBound = true;
      plot.on("plotly_hover", show);
      plot.on("plotly_unhover", unshow);
      plot.on("plotly_click", ({ points: [point] }) => point?.customdata !== undefined && pick(point.customdata));
      plot.on("plotly_selected", (e) => {
        if (!e) return;
        const rows = [...new Set(e.points.map((point) => point.customdata))].sort((a, b) => a - b);
        if (plot._fullLayout.xaxis2) chooseEverywhere(rows);
        list(rows);
      });
      plot.on("plotly_deselect", () => list([]));
      for (const event of ["plotly_relayout", "plotly_relayouting", "plotly_afterplot"]) plot.on(event, placeAll);
    };
    // On a phone two maps stand one above the other.
    const narrow = (layout) => {
      if (!layout.xaxis2) return Object.assign(layout, { height: 420, showlegend: false });
      layout.height = 640;
      layout.coloraxis = { ...layout.coloraxis, showscale: false };
      const domains = [[0.54, 1], [0, 0.46]];
      ["", "2"].forEach((axis, at) => {
        layout[`xaxis${axis}`] = { ...layout[`xaxis${axis}`], domain: [0, 1] };
        layout[`yaxis${axis}`] = { ...layout[`yaxis${axis}`], domain: domains[at] };
      });
      layout.annotations = layout.annotations.map((each, at) => ({ ...each, x: 0.5, y: domains[at][1] }));
    };
    const draw = async () => {
      box.hidden = !props.value;
      if (!props.value) return list([]);
      const { figure, meta: next } = JSON.parse(props.value);
      const Plotly = await workbench.loadPlotly();
      if (meta.here !== next.here || meta.key !== next.key) list([]);
      // And with the list goes the loop around its points.
      figure.layout.selectionrevision = `${figure.layout.uirevision} ${next.key} ${next.here}`;
      meta = next;
      part("th.said").textContent = meta.said.title;
      part("[data-drag=here]").hidden = !meta.films.some(([id]) => id && id === meta.here);
      const layout = { ...figure.layout, meta, template: workbench.plotlyTemplate(element), autosize: true, dragmode: mode };
      if (layout.scene) layout.dragmode = "orbit";
      element.classList.toggle("is-deep", Boolean(layout.scene));
      if (box.clientWidth < 480) narrow(layout);
      await workbench.react(Plotly, plot, figure.data, layout, { displayModeBar: false, scrollZoom: true, responsive: false });
      places = new Map();
      for (const { x, y, xaxis = "x", mode, customdata } of plot._fullData) {
        if (!customdata || mode === "lines") continue;
        const axis = xaxis.slice(1);
        for (let i = 0; i < customdata.length; i++) {
          if (!places.has(customdata[i])) places.set(customdata[i], []);
          places.get(customdata[i]).push({ x: x[i], y: y[i], axis });
        }
      }
      if (!isBound) bind();
      nowRow = undefined;
      follow(rowAt(now));
      lightNear();
      placeAll();
      element.dataset.drawn = String(performance.now());
    };

    part(".space-bar").addEventListener("click", (e) => {
      const drag = e.target.closest("[data-drag]")?.dataset.drag;
      if (!drag || !window.Plotly || !plot.data) return;
      if (drag === "here") return rowAt(now) === null || trigger("select", { row: rowAt(now) });
      if (drag === "whole") {
        list([]);
        window.Plotly.restyle(plot, { selectedpoints: [null] });
        const ranges = ["xaxis", "yaxis", "xaxis2", "yaxis2"].filter((name) => plot._fullLayout[name]);
        window.Plotly.relayout(plot, Object.fromEntries([["selections", []], ...ranges.map((name) => [`${name}.autorange`, true])]));
        return;
      }
      mode = drag;
      for (const button of part(".space-bar").querySelectorAll("[aria-pressed]"))
        button.setAttribute("aria-pressed", String(button.dataset.drag === drag));
      window.Plotly.relayout(plot, { dragmode: drag });
    });
    new MutationObserver(lightNear).observe(document.getElementById(box.dataset.near) || element, { childList: true, subtree: true });
    workbench.onTime(element, (t) => follow(rowAt((now = t))));
    new ResizeObserver(() => {
      if (!window.Plotly || !plot.data || !plot.offsetWidth) return;
      window.Plotly.Plots.resize(plot);
      placeAll();
    }).observe(element);
    new MutationObserver(() => draw()).observe(document.body, { attributeFilter: ["class"] });
    watch("value", draw);
    draw();
  };
})();
