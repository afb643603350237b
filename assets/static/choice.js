// One of several, in the browser's own list: it opens and closes as people expect, also on a phone.
workbench.choice = ({ element, props, trigger, watch }) => {
  const select = element.querySelector("select");
  const draw = () => {
    const { choices = [], value = "" } = props.value || {};
    select.closest("label").hidden = !choices.length;
    select.replaceChildren(
      ...choices.map(([label, id, isAvailable]) => {
        const option = new Option(label, id, false, id === value);
        option.disabled = !isAvailable && id !== value;
        return option;
      }),
    );
  };
  select.addEventListener("change", () => {
    // What is chosen is known here, too, so that the same answer as before is news.
    props.value = { ...props.value, value: select.value };
    trigger("input", { value: select.value });
  });
  watch("value", draw);
  draw();
};
