// A text area and a button that copies its content. No text leaves the browser from here.

async function copied(area) {
  try {
    await navigator.clipboard.writeText(area.value);
    return true;
  } catch {
    // Not a secure context, or not permitted: the old way, which asks nobody.
    area.select();
    return document.execCommand("copy");
  }
}

function render({ model, el }) {
  el.classList.add("tk-copy");
  const area = document.createElement("textarea");
  area.spellcheck = false;
  area.setAttribute("data-lm-suppress-shortcuts", "true");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "jupyter-button tk-copy-button";
  const state = document.createElement("span");
  state.className = "tk-copy-state";
  state.setAttribute("role", "status");
  const row = document.createElement("div");
  row.className = "tk-copy-row";
  row.append(button, state);
  el.append(area, row);

  const show = () => {
    area.value = model.get("text");
    // Lines as they wrap, roughly; a person can pull the corner.
    const lines = area.value.split("\n").map((line) => Math.max(1, Math.ceil(line.length / 95)));
    area.rows = Math.min(lines.reduce((sum, one) => sum + one, 1), 30);
    area.setAttribute("aria-label", model.get("label"));
    button.textContent = model.get("copy_label");
    state.textContent = "";
  };
  show();
  model.on("change", show);

  // JupyterLab's shortcuts must not see what is typed here.
  area.addEventListener("keydown", (event) => event.stopPropagation());
  area.addEventListener("input", () => { state.textContent = ""; });
  button.addEventListener("click", async () => {
    state.textContent = model.get(await copied(area) ? "copied_label" : "by_hand_label");
  });
  return () => model.off("change", show);
}

export default { render };
