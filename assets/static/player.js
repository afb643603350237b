// The player: a plain <video> with a transport strip. Its value names the film and where to start.
workbench.player = ({ element, props, watch }) => {
  const video = element.querySelector("video");
  const time = element.querySelector(".time");
  const play = element.querySelector("[data-act=play]");
  const problem = element.querySelector(".film-problem");
  let fps = 25;
  let isUntouched = true;

  const load = () => {
    const value = props.value || {};
    fps = value.fps || 25;
    problem.hidden = true;
    element.querySelector(".screen").style.aspectRatio = value.aspect || "16 / 9";
    if (video.dataset.src === value.src) return show(value.start_s);
    video.dataset.src = value.src || "";
    isUntouched = true;
    if (!value.src) return video.removeAttribute("src");
    video.src = value.src;
    video.setAttribute("aria-label", value.title);
    show(value.start_s);
  };
  // Where the answer is, unless the visitor has already gone somewhere.
  const show = (seconds) => {
    if (!isUntouched || !seconds) return;
    if (video.readyState) video.currentTime = seconds;
    else video.addEventListener("loadedmetadata", () => show(seconds), { once: true });
  };
  document.addEventListener("pointerdown", () => (isUntouched = false), true);
  document.addEventListener("keydown", () => (isUntouched = false), true);

  const acts = {
    play: workbench.toggle,
    back: () => step(-1),
    forward: () => step(1),
    speed: (button) => {
      const rates = [1, 2, 0.5, 0.25];
      video.playbackRate = rates[(rates.indexOf(video.playbackRate) + 1) % rates.length];
      button.textContent = `${video.playbackRate}×`;
      button.setAttribute("aria-label", workbench.text("speed", video.playbackRate));
    },
    sound: () => (video.muted = !video.muted),
    // With what lies over the film, where the browser lets anything but a film fill the screen.
    full: () => {
      const screen = element.querySelector(".screen");
      if (document.fullscreenElement) return document.exitFullscreen();
      return screen.requestFullscreen ? screen.requestFullscreen() : video.webkitEnterFullscreen?.();
    },
  };
  const step = (frames) => {
    video.pause();
    workbench.seek(video.currentTime + frames / fps);
  };
  workbench.step = step;

  element.addEventListener("click", (e) => {
    const button = e.target.closest("[data-act]");
    if (button) acts[button.dataset.act](button);
    else if (e.target === video) workbench.toggle();
  });
  for (const event of ["play", "pause", "ended"])
    video.addEventListener(event, () => {
      play.classList.toggle("is-playing", !video.paused);
      play.setAttribute("aria-label", workbench.text(video.paused ? "play" : "pause"));
    });
  video.addEventListener("volumechange", () =>
    element.querySelector("[data-act=sound]").classList.toggle("is-muted", video.muted),
  );
  video.addEventListener("error", () => (problem.hidden = !video.getAttribute("src")));
  workbench.onTime(element, (now, end) => {
    time.textContent = `${workbench.clock(now)} / ${workbench.clock(end)}`;
  });
  watch("value", load);
  load();
};
