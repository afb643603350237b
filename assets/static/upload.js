// Upload of one film with progress and cancel. The server decides by decoding what the file is.
workbench.upload = ({ element, props, trigger, watch }) => {
  const input = element.querySelector("input[type=file]");
  const progress = element.querySelector("progress");
  const text = element.querySelector(".upload-text");
  const running = element.querySelector(".upload-running");
  let request = null;

  const show = (message, isRunning) => {
    text.textContent = message;
    workbench.say(message, isRunning ? "upload" : undefined);
    running.hidden = !isRunning && !message;
    progress.hidden = element.querySelector("[data-act=stop]").hidden = !isRunning;
  };
  const megabytes = (bytes) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

  const send = (file) => {
    request?.abort();
    request = new XMLHttpRequest();
    const form = new FormData();
    form.append("files", file);
    request.upload.onprogress = (e) => {
      progress.value = e.loaded / e.total;
      show(workbench.text("sent", megabytes(e.loaded), megabytes(e.total)), true);
    };
    request.onload = () => {
      const isSaid = request.getResponseHeader("Content-Type")?.startsWith("text/plain");
      if (request.status !== 200 && isSaid) return show(request.responseText);
      if (request.status === 413) return show(workbench.text("too large"));
      if (request.status !== 200) return show(workbench.text("upload failed"));
      show("");
      const [path] = JSON.parse(request.responseText);
      props.value = { path, orig_name: file.name, size: file.size, meta: { _type: "gradio.FileData" } };
      trigger("upload", {});
    };
    request.onerror = () => show(workbench.text("upload lost"));
    request.open("POST", "gradio_api/upload");
    progress.value = 0;
    show(file.name, true);
    request.send(form);
  };

  input.addEventListener("change", () => {
    if (input.files[0]) send(input.files[0]);
    input.value = "";
  });
  element.querySelector("[data-act=stop]").addEventListener("click", () => (request?.abort(), show("")));
  element.addEventListener("dragover", (e) => (e.preventDefault(), element.classList.add("is-over")));
  element.addEventListener("dragleave", () => element.classList.remove("is-over"));
  element.addEventListener("drop", (e) => {
    e.preventDefault();
    element.classList.remove("is-over");
    if (e.dataTransfer.files[0]) send(e.dataTransfer.files[0]);
  });
};
