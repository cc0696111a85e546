// A password field whose value never becomes a trait: it lives in this closure, leaves once as
// the bytes of a custom message when Python asks, and is wiped. Bytes, because message contents
// are logged by a kernel in debug mode and buffers are not.

const MOST = 1024;

// One keeper per model, however many views show it.
const keepers = new Map();

function initialize({ model }) {
  const inputs = new Set();
  let value = "";

  const wipe = () => {
    value = "";
    for (const input of inputs) input.value = "";
  };

  model.on("msg:custom", (message) => {
    if (message?.kind === "wipe") wipe();
    if (message?.kind !== "request") return;
    const bytes = new TextEncoder().encode(value);
    wipe();
    model.send({ kind: "secret", ticket: message.ticket }, undefined, [bytes.buffer]);
  });

  const key = model.get("_key");
  keepers.set(key, { inputs, take: (typed) => { value = typed; }, wipe });
  return () => {
    wipe();
    keepers.delete(key);
  };
}

function render({ model, el }) {
  const keeper = keepers.get(model.get("_key"));
  const id = `tk-secret-${model.get("_key")}-${Math.random().toString(36).slice(2)}`;

  el.classList.add("tk-secret");
  const label = document.createElement("label");
  label.htmlFor = id;
  label.className = "tk-secret-label widget-label";
  const box = document.createElement("div");
  box.className = "tk-secret-box";
  const input = document.createElement("input");
  Object.assign(input, {
    id, type: "password", autocomplete: "new-password", spellcheck: false, maxLength: MOST,
  });
  for (const [name, word] of Object.entries({
    autocapitalize: "off", autocorrect: "off", "aria-describedby": `${id}-state`,
    "data-1p-ignore": "", "data-lpignore": "true", "data-lm-suppress-shortcuts": "true",
  })) input.setAttribute(name, word);
  const eye = document.createElement("button");
  eye.type = "button";
  eye.className = "tk-secret-eye";
  const state = document.createElement("span");
  state.id = `${id}-state`;
  state.className = "tk-secret-state";
  box.append(input, eye);
  el.append(label, box, state);
  keeper.inputs.add(input);

  const show = () => {
    label.textContent = model.get("label");
    input.placeholder = model.get("placeholder");
    input.disabled = model.get("disabled");
    input.required = model.get("required");
    input.setAttribute("aria-invalid", String(model.get("invalid")));
    state.textContent = model.get("state");
    const seen = input.type === "text";
    eye.textContent = model.get(seen ? "hide_label" : "show_label");
    eye.setAttribute("aria-pressed", String(seen));
    eye.disabled = input.disabled;
  };
  show();
  model.on("change", show);

  input.addEventListener("input", () => keeper.take(input.value));
  // JupyterLab's shortcuts must not see what is typed here.
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") {
      event.preventDefault();
      model.send({ kind: "enter" });
    }
  });
  eye.addEventListener("click", () => {
    input.type = input.type === "password" ? "text" : "password";
    show();
    input.focus();
  });
  const leave = () => keeper.wipe();
  window.addEventListener("pagehide", leave);

  return () => {
    window.removeEventListener("pagehide", leave);
    model.off("change", show);
    keeper.inputs.delete(input);
    if (keeper.inputs.size === 0) keeper.wipe();
  };
}

export default { initialize, render };
