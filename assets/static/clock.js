// The one clock of the page: the film's own time. Whatever shows or sets time goes through here.
window.workbench = (() => {
  const listeners = new Set();
  const film = () => document.querySelector("#film video");

  const seek = (seconds) => {
    const video = film();
    if (!video || !Number.isFinite(seconds)) return;
    const end = Number.isFinite(video.duration) ? video.duration : seconds;
    video.currentTime = Math.min(Math.max(seconds, 0), end);
    tell();
  };

  const toggle = () => {
    const video = film();
    if (!video) return;
    if (video.paused) video.play().catch(() => {});
    else video.pause();
  };

  // Listeners are called with (seconds, duration) on every painted frame while the film plays, and
  // once after every seek; those whose element has left the page are dropped.
  const onTime = (element, callback) => {
    listeners.add({ element, callback });
    tell();
  };

  const tell = () => {
    const video = film();
    if (!video) return;
    for (const listener of listeners) {
      if (listener.element.isConnected) listener.callback(video.currentTime, video.duration || 0);
      else listeners.delete(listener);
    }
  };

  const run = () => {
    tell();
    const video = film();
    if (video && !video.paused) requestAnimationFrame(run);
  };

  for (const event of ["seeked", "seeking", "loadedmetadata", "timeupdate", "pause"])
    document.addEventListener(event, (e) => e.target === film() && tell(), true);
  document.addEventListener("play", (e) => e.target === film() && requestAnimationFrame(run), true);

  // 0:07.4, 12:03.0, 1:02:07.5
  const clock = (seconds) => {
    const tenths = Math.max(0, Math.round(seconds * 10));
    const [h, m, s] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60, (tenths % 600) / 10];
    const tail = s.toFixed(1).padStart(4, "0");
    return h ? `${h}:${String(m).padStart(2, "0")}:${tail}` : `${m}:${tail}`;
  };

  // Anything with data-seek is a place in the film.
  document.addEventListener("click", (e) => {
    const place = e.target.closest?.("[data-seek]");
    if (place) seek(Number(place.dataset.seek));
  });

  // A text of the page by its name, with a value for each {} in it.
  const text = (name, ...values) => workbench.texts[name].replace(/\{\}/g, () => values.shift());

  return { film, seek, toggle, onTime, clock, text };
})();
