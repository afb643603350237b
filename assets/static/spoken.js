// What a screen reader is told of: work and how far it is, what was refused, what was answered. One voice for all of
// the page, since what a region said by itself would be said again with every frame that was read.
(() => {
  const AGAIN_MS = 10_000; // how often the same work is told of
  const GATHER_MS = 400; // what comes together is said together
  const saidAt = new Map();
  let waiting = [];

  // Say a text; of ``work``, which is told of again and again, only now and then.
  workbench.say = (text, work) => {
    const now = Date.now();
    if (!text || (work && now - (saidAt.get(work) ?? -AGAIN_MS) < AGAIN_MS)) return;
    if (work) saidAt.set(work, now);
    waiting.push(text);
    if (waiting.length === 1) setTimeout(speak, GATHER_MS);
  };
  const speak = () => {
    const voice = document.querySelector("#spoken");
    if (voice) voice.textContent = waiting.join(" ");
    waiting = [];
  };

  const words = (part) => part?.textContent.replace(/\s+/g, " ").trim() || "";
  workbench.sentences = (parts) => [...parts].map(words).filter(Boolean).join(". ").replaceAll("..", ".");
  // The head of what stands in a panel: of answers the current one, of a picture its title and its sentence.
  const headOf = (element) => {
    const notice = element.querySelector(".notice:not([role=alert])"); // an alert speaks for itself
    const answer = element.querySelector(".answer.is-current");
    if (answer) return workbench.sentences(answer.querySelectorAll("h3, .verdict strong, p:last-child"));
    if (notice) return words(notice);
    return workbench.sentences(element.querySelectorAll("h3, h3 + p, .examined li"));
  };
  workbench.told = ({ element, watch }) => {
    let last = "";
    const tell = () => {
      if (!element.offsetParent) return;
      const work = element.querySelector(".working span");
      if (work) return workbench.say(words(work), words(work).split(":")[0]);
      const head = headOf(element);
      if (head !== last) workbench.say(head);
      last = head;
    };
    watch("value", () =>
      requestAnimationFrame(() => {
        workbench.markOlder();
        tell();
      }),
    );
  };
})();
