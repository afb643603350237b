// What is on show while something newer is worked on, was stopped, or could not be answered, is older than the question:
// the page carries a mark of that, which the style reads. A style that looked into the page for it, by :has(), had the
// browser go through the whole page at each word that any part wrote: 25 ms for every one.
(() => {
  workbench.markOlder = () => {
    const page = document.querySelector(".gradio-container");
    const news = document.querySelector("#status :is(.working, .notice)");
    const isStale = document.querySelector("#notice .stale") !== null;
    // Where the timeline shows what there is of the newer, it is not older itself.
    const older = isStale || (news && !news.matches(".so-far")) ? "all" : news ? "but-timeline" : null;
    if (older) page.dataset.older = older;
    else delete page.dataset.older;
    page.toggleAttribute("data-answered", document.querySelector("#answers .answer") !== null);
  };
})();
