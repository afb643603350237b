// Maps over the player and in a strip. What lies over the player is drawn in the coordinates of the picture; it
// follows the clock, and nothing is asked of the server while the film plays.
(() => {
  const OPACITY = "workbench-map-opacity";
  const kept = () => {
    try {
      return Number(sessionStorage.getItem(OPACITY) ?? 70);
    } catch {
      return 70; // a browser that keeps nothing
    }
  };
  let opacity = kept();

  // Where the player stands and how opaque maps are, for whoever asks the server about the picture on show.
  workbench.looking = () => ({ at_s: workbench.film()?.currentTime || 0, opacity: opacity / 100 });

  workbench.picks = ({ element, trigger }) =>
    element.addEventListener("click", (e) => {
      const [picked, opened] = [e.target.closest("[data-pick]"), e.target.closest("[data-open]")];
      if (picked) trigger("select", { pick: picked.dataset.pick });
      if (opened) trigger("input", { value: opened.dataset.open, at_s: Number(opened.dataset.at) });
      if (opened?.dataset.focus) document.querySelector(opened.dataset.focus)?.focus();
    });

  workbench.maps = ({ element, props, trigger, watch }) => {
    const part = (selector) => element.querySelector(selector);
    const [box, on, range, strip] = [".maps", "[name=map-on]", "[name=map-opacity]", ".maps-strip"].map(part);
    let maps = [];
    let told = -1; // the map that the page tells of
    let now = 0;
    let rest;
    let rested_s = 0;
    workbench.rested = () => ({ at_s: rested_s });

    // The map nearest in time, -1 outside the stretch that has maps.
    const mapAt = (t) => maps.findIndex(({ from_s, to_s }, i) => from_s <= t && (t < to_s || (i === maps.length - 1 && t <= to_s)));

    const drawOver = () => {
      const video = workbench.film();
      const canvas = document.querySelector("#film .map-over");
      if (!video || !canvas) return;
      const at = on.checked && element.offsetParent ? mapAt(now) : -1;
      const image = maps[at]?.image;
      const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((n) => Math.round(n * devicePixelRatio));
      const state = [at, image?.complete, width, height, opacity, video.videoWidth].join();
      if (canvas.dataset.state === state) return;
      canvas.dataset.state = state;
      [canvas.width, canvas.height] = [width, height];
      if (!image?.complete || !video.videoWidth) return;
      const scale = Math.min(width / video.videoWidth, height / video.videoHeight);
      const [w, h] = [video.videoWidth * scale, video.videoHeight * scale];
      const pen = canvas.getContext("2d");
      pen.globalAlpha = opacity / 100;
      pen.drawImage(image, (width - w) / 2, (height - h) / 2, w, h);
    };

    const mark = () => {
      const at = mapAt(now);
      for (const [i, button] of [...strip.children].entries())
        button.setAttribute("aria-current", String(i === (at < 0 ? told : at)));
    };
    // Once the player rests on another picture, the page tells of that one.
    const settle = () => {
      clearTimeout(rest);
      rest = setTimeout(() => {
        const at = mapAt(now);
        if (at < 0 || at === told || !element.offsetParent || !workbench.film()?.paused) return;
        told = at;
        rested_s = now;
        trigger("select", {});
      }, 200);
    };
    const follow = (t) => {
      now = t;
      drawOver();
      mark();
      settle();
    };

    const small = ({ layer, frame, time_s, cosine, trust }, aspect) => {
      const button = document.createElement("button");
      const over = document.createElement("span");
      const image = Object.assign(new Image(), { src: layer, alt: "", className: "layer" });
      button.type = "button";
      // Rounded up: a hair too early would show the frame before.
      button.dataset.seek = (Math.ceil(time_s * 1000) / 1000).toFixed(3);
      over.className = "over";
      over.style.cssText = `--frame:url(${frame});--aspect:${aspect}`;
      over.append(image);
      const line = (text) => Object.assign(document.createElement("small"), { textContent: text });
      button.append(over, line(workbench.clock(time_s)), line(cosine), ...(trust ? [line(trust)] : []));
      return button;
    };
    const draw = () => {
      const value = props.value || {};
      maps = (value.maps || []).map((map) => ({ ...map, image: Object.assign(new Image(), { onload: drawOver, src: map.layer }) }));
      told = value.at ?? -1;
      box.hidden = !maps.length;
      part(".maps-where").textContent = value.where || "";
      for (const method of document.querySelectorAll("#methods [data-pick]"))
        method.setAttribute("aria-pressed", String(method.dataset.pick === value.method));
      strip.replaceChildren(...maps.map((map) => small(map, value.aspect)));
      follow(now);
    };
    const fade = () => {
      document.documentElement.style.setProperty("--map-opacity", opacity / 100);
      range.value = opacity;
      part("output").textContent = `${opacity} %`;
      drawOver();
    };

    range.addEventListener("input", () => {
      opacity = Number(range.value);
      try {
        sessionStorage.setItem(OPACITY, opacity);
      } catch {
        // a browser that keeps nothing
      }
      fade();
    });
    on.addEventListener("change", drawOver);
    workbench.onTime(element, follow);
    // Seen again or hidden with its tab, or the player has another size.
    new ResizeObserver(() => (drawOver(), settle())).observe(element);
    const film = document.querySelector("#film .screen");
    if (film) new ResizeObserver(drawOver).observe(film);
    watch("value", draw);
    fade();
    draw();
  };
})();
