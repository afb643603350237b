// What is taken away: the menu of formats, figures as pictures that say how they were made, and the panel that says how
// an answer is made again. A figure is drawn by the browser, as it stands on the page.
(() => {
  const SCALE = 2; // for a picture of pixels, which is printed larger than it is seen
  const TITLE_PX = 28; // above a figure, whose heading stays on the page
  let menu;

  // Figures that are drawn and in sight, by the ids of their elements.
  const plotOf = (id) => document.querySelector(`#${id} .plot`);
  const isShown = (id) => Boolean(plotOf(id)?.data && plotOf(id).offsetParent);

  workbench.takeAway = ({ element, props, trigger }) => {
    const part = (selector) => element.querySelector(selector);
    const [open, list, figure, select, said] = [".take-open", ".take-menu", ".take-figure", "select", ".take-said"].map(part);
    const figures = [...select.options].map(({ value, text }) => [value, text]);
    const show = (isOpen) => {
      list.hidden = !isOpen;
      open.setAttribute("aria-expanded", String(isOpen));
      if (!isOpen) return;
      const shown = figures.filter(([id]) => isShown(id));
      const chosen = select.value;
      select.replaceChildren(...shown.map(([id, text]) => new Option(text, id, false, id === chosen)));
      figure.hidden = !shown.length;
      list.scrollIntoView({ block: "nearest" });
    };
    menu = { said, close: () => show(false) };

    open.addEventListener("click", () => {
      said.textContent = "";
      show(list.hidden);
    });
    element.addEventListener("click", (e) => {
      const format = e.target.closest("[data-take]")?.dataset.take;
      if (!format) return;
      show(false);
      open.focus();
      said.textContent = said.dataset.making;
      props.value = { format, figure: figure.contains(e.target) ? select.value : "" };
      trigger("select", {});
    });
    element.addEventListener("keydown", (e) => {
      if (e.key !== "Escape" || list.hidden) return;
      e.stopPropagation(); // the span that is selected on the timeline stays
      show(false);
      open.focus();
    });
    document.addEventListener("pointerdown", (e) => element.contains(e.target) || list.hidden || show(false));
    element.addEventListener("focusout", (e) => e.relatedTarget && !element.contains(e.relatedTarget) && show(false));
  };
  workbench.handedOver = () => {
    if (menu) menu.said.textContent = "";
  };

  // A picture that the server tells of, or a file that it made.
  workbench.handOver = (value) => (value?.figure ? takePicture(value) : workbench.download(value));

  const takePicture = async ({ name, figure, format, title, provenance }) => {
    const plot = plotOf(figure);
    if (!plot?.data) return;
    const Plotly = await workbench.loadPlotly();
    const ground = getComputedStyle(document.body).backgroundColor;
    const size = { width: plot.clientWidth, height: plot.clientHeight + TITLE_PX };
    const { margin } = plot._fullLayout;
    const layout = {
      ...plot.layout,
      paper_bgcolor: ground,
      width: size.width,
      height: size.height,
      margin: { ...plot.layout.margin, t: margin.t + TITLE_PX },
      title: { text: escaped(title), font: { size: 12 }, x: 0, xanchor: "left", y: 1, yanchor: "top", pad: { t: 8, l: 8 } },
    };
    const address = await Plotly.toImage({ data: plot.data, layout }, { format, scale: format === "png" ? SCALE : 1, ...size });
    const content = address.slice(address.indexOf(",") + 1);
    const bytes = format === "png" ? withText(bytesOf(content), provenance) : withMetadata(decodeURIComponent(content), provenance);
    const url = URL.createObjectURL(new Blob([bytes], { type: format === "png" ? "image/png" : "image/svg+xml" }));
    workbench.download({ name, url });
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  };

  const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

  // PNG: an international text after the header. Source: PNG specification, third edition, 11.3.3.4 and annex D.
  const HEADER_BYTES = 33;
  const withText = (png, text) => {
    const data = new TextEncoder().encode(`iTXtprovenance\0\0\0\0\0${text}`);
    const chunk = new Uint8Array(data.length + 8);
    const view = new DataView(chunk.buffer);
    view.setUint32(0, data.length - 4);
    chunk.set(data, 4);
    view.setUint32(data.length + 4, crc(data));
    const whole = new Uint8Array(png.length + chunk.length);
    whole.set(png.subarray(0, HEADER_BYTES));
    whole.set(chunk, HEADER_BYTES);
    whole.set(png.subarray(HEADER_BYTES), HEADER_BYTES + chunk.length);
    return whole;
  };
  const crc = (bytes) => {
    let sum = 0xffffffff;
    for (const byte of bytes) {
      sum ^= byte;
      for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
    }
    return (sum ^ 0xffffffff) >>> 0;
  };

  const MARKS = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
  const escaped = (text) => text.replace(/[&<>]/g, (mark) => MARKS[mark]);
  const withMetadata = (svg, text) =>
    svg.replace(/<svg[^>]*>/, (begin) => `${begin}<metadata id="provenance">${escaped(text)}</metadata>`);

  workbench.reproduction = ({ element, props, watch }) => {
    const dialog = element.querySelector("dialog");
    const show = () => {
      if (!props.value) return;
      for (const code of dialog.querySelectorAll("[data-of]")) {
        const lines = props.value[code.dataset.of].trimEnd().split("\n");
        code.replaceChildren(...lines.map((text) => Object.assign(document.createElement("span"), { textContent: text || " " })));
      }
      const notes = props.value.notes.map((text) => Object.assign(document.createElement("li"), { textContent: text }));
      dialog.querySelector("ul").replaceChildren(...notes);
      if (!dialog.open) dialog.showModal();
    };
    const copy = async (button) => {
      const code = button.parentElement.querySelector("code");
      if (navigator.clipboard) await navigator.clipboard.writeText(props.value[code.dataset.of]);
      else {
        getSelection().selectAllChildren(code);
        document.execCommand("copy");
      }
      workbench.flash(button, workbench.text("copied text"));
    };
    dialog.addEventListener("click", (e) => {
      if (e.target === dialog || e.target.closest("[data-close]")) dialog.close();
      const button = e.target.closest("[data-copy]");
      if (button) copy(button);
    });
    dialog.addEventListener("keydown", (e) => e.stopPropagation()); // the film is not played from here
    watch("value", show);
  };
})();
