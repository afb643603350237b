// The sentences: each can be edited in place or taken away; one empty line adds another.
workbench.queries = ({ element, props, trigger, watch }) => {
  const list = element.querySelector("ul");
  const entry = element.querySelector("input[name=new-query]");
  const ideas = element.querySelector(".ideas");

  const row = (text, index) => {
    const item = document.createElement("li");
    const input = document.createElement("textarea");
    const remove = document.createElement("button");
    item.style.setProperty("--query", props.value.colours[index % props.value.colours.length]);
    Object.assign(input, { value: text, rows: 1, spellcheck: false });
    input.setAttribute("aria-label", workbench.text("sentence", index + 1));
    input.addEventListener("change", () => trigger("input", { index, text: input.value }));
    input.addEventListener("keydown", (e) => {
      if (e.key === "Escape") input.value = text;
      if (e.key === "Enter" || e.key === "Escape") input.blur();
    });
    remove.className = "remove";
    remove.setAttribute("aria-label", workbench.text("remove", text));
    remove.addEventListener("click", () => trigger("delete", { index }));
    item.append(input, remove);
    return item;
  };
  const idea = (text) => {
    const button = document.createElement("button");
    button.textContent = text;
    button.addEventListener("click", () => trigger("submit", { text }));
    return button;
  };
  const draw = () => {
    const { queries = [], suggestions = [] } = props.value || {};
    // Only what has arrived leaves the box: what was refused stays to be mended, and so does the next one.
    if (queries.includes(entry.value.trim().replace(/\s+/g, " "))) entry.value = "";
    list.replaceChildren(...queries.map(row));
    ideas.replaceChildren(...suggestions.map(idea));
    element.querySelector(".ideas-title").hidden = !suggestions.length;
  };
  element.querySelector("form").addEventListener("submit", (e) => {
    e.preventDefault();
    trigger("submit", { text: entry.value });
  });
  watch("value", draw);
  draw();
};
