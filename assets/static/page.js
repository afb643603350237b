// Keys, theme, link and download: what belongs to the page as a whole.
(() => {
  // What is kept of a visit for the next one; nothing where a browser keeps nothing.
  workbench.memory = {
    get: (name) => {
      try {
        return localStorage.getItem(name);
      } catch {
        return null;
      }
    },
    set: (name, value) => {
      try {
        localStorage.setItem(name, value);
      } catch {
        // as said
      }
    },
  };
  const isTyping = (target) =>
    target.closest?.("input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable=true]");
  const help = () => document.querySelector("#help dialog");

  const keys = {
    " ": () => workbench.toggle(),
    ArrowLeft: (e) => (e.shiftKey ? workbench.seek(workbench.film().currentTime - 1) : workbench.step(-1)),
    ArrowRight: (e) => (e.shiftKey ? workbench.seek(workbench.film().currentTime + 1) : workbench.step(1)),
    i: () => workbench.spanFrom?.(),
    o: () => workbench.spanTo?.(),
    "/": () => document.querySelector("input[name=new-query]")?.focus(),
    "?": () => (help()?.open ? help().close() : acts.help()),
    Escape: () => workbench.endTour() || workbench.clearSpan?.(),
  };
  // Who dictates to the machine may switch off what a single letter does. Source: WCAG 2.2, success criterion 2.1.4.
  const SINGLE = "workbench-single-keys";
  const isOff = (key) => /^[^\s]$/.test(key) && workbench.memory.get(SINGLE) === "off";
  document.addEventListener("change", (e) => {
    if (e.target.name === "single-keys") workbench.memory.set(SINGLE, e.target.checked ? "on" : "off");
  });
  const moment = (rank) => document.querySelector(`.is-current [data-rank="${rank}"]`)?.click();

  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || isTyping(e.target) || isOff(e.key)) return;
    // A focused control keeps the keys that it answers to itself.
    if (e.key === " " && e.target.closest?.("button, a, summary, [role=tab], input")) return;
    if (e.key.startsWith("Arrow") && e.target.closest?.("[role=tab], [role=listbox], .scroll, input")) return;
    const act = /^[1-9]$/.test(e.key) ? () => moment(e.key) : keys[e.key] || keys[e.key.toLowerCase()];
    if (!act || (help()?.open && e.key !== "?")) return;
    if (e.key !== "Escape") e.preventDefault();
    act(e);
  });

  // Says on a button what it did. Its label is kept there, as a second press may come before the first is over.
  workbench.flash = (button, text) => {
    button.dataset.label ??= button.textContent;
    button.textContent = text;
    workbench.say(text);
    setTimeout(() => (button.textContent = button.dataset.label), 1500);
  };
  const copy = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const area = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  };
  const acts = {
    theme: () => {
      const isDark = document.body.classList.toggle("dark");
      workbench.memory.set("workbench-theme", isDark ? "dark" : "light");
    },
    help: () => {
      help().querySelector("[name=single-keys]").checked = workbench.memory.get(SINGLE) !== "off";
      help().showModal();
    },
    "help-close": () => help()?.close(),
    copy: (button) => copy(location.href).then(() => workbench.flash(button, workbench.text("copied link"))),
    skip: () => {
      const answers = document.querySelector("#answers");
      answers.tabIndex = -1;
      answers.focus();
    },
  };
  document.addEventListener("click", (e) => {
    const button = e.target.closest?.("[data-page]");
    if (button?.tagName === "A") e.preventDefault(); // the toolkit's page has another base than its own address
    if (button) acts[button.dataset.page]?.(button);
    if (e.target === help()) help().close();
  });

  // The address always names what is shown, so that it can be copied, reloaded and kept.
  workbench.address = (query) => {
    const url = new URL(location.href);
    const theme = url.searchParams.get("__theme");
    url.search = query + (theme ? `&__theme=${encodeURIComponent(theme)}` : "");
    if (url.href !== location.href) history.replaceState(null, "", url);
    requestAnimationFrame(workbench.bringTab);
  };
  // The films that this tab has brought, as [id, title]: kept by the tab alone, so that a reload finds them again.
  workbench.brought = () => {
    try {
      return JSON.parse(sessionStorage.getItem("workbench-brought")) || [];
    } catch {
      return []; // a browser that keeps nothing
    }
  };
  workbench.keepBrought = (films) => {
    try {
      sessionStorage.setItem("workbench-brought", JSON.stringify(films));
    } catch {
      // a browser that keeps nothing
    }
  };
  // The word that was clicked, in the sentence or in a cell of the matrix.
  workbench.lightWord = (number) => {
    for (const word of document.querySelectorAll("#words [data-word]"))
      word.classList.toggle("is-lit", Number(word.dataset.word) === number);
  };
  document.addEventListener("click", (e) => {
    const word = e.target.closest?.("#words [data-word]");
    if (word) workbench.lightWord(word.classList.contains("is-lit") ? -1 : Number(word.dataset.word));
  });
  // A text that is here already, or a file that waits at an address.
  workbench.download = ({ name, text, url }) => {
    const href = url || URL.createObjectURL(new Blob([text], { type: "application/json" }));
    Object.assign(document.createElement("a"), { href, download: name }).click();
    if (!url) URL.revokeObjectURL(href);
  };
  workbench.restoreTheme = () => {
    const kept = workbench.memory.get("workbench-theme");
    if (kept && !new URLSearchParams(location.search).has("__theme"))
      document.body.classList.toggle("dark", kept === "dark");
  };
})();
