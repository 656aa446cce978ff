"use strict";

// The page asks models over the REST API of TensorFlow Serving and knows nothing else of the server
// but the list of its models.

const MOST_BYTES = 2 << 20; // a larger picture is made smaller before it is sent
const LARGEST_SIDE = 1024;

const $ = (id) => document.getElementById(id);
const models = new Map(); // signatures by name
let picture = null; // base64 of the file that is asked about
let seed = 0;

function problem(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
}

/** The models that are asked: one, or two beside each other. */
function chosen() {
  return [...new Set([$("model").value, $("other").value])].filter((name) => name);
}

/** Asks a model; the rows of its answer. */
async function predict(model, signature, rows) {
  const response = await fetch(`/v1/models/${encodeURIComponent(model)}:predict`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ signature_name: signature, instances: rows }),
  });
  const answer = await response.json().catch(() => ({ error: `status ${response.status}` }));
  if (!response.ok) {
    throw new Error(`${model}: ${answer.error}`);
  }
  return answer.predictions;
}

/** A heading with a model's name and what it says below it. */
function place(list, model) {
  const box = document.createElement("div");
  const heading = document.createElement("h3");
  heading.textContent = model;
  box.append(heading);
  list.append(box);
  return box;
}

function paragraph(box, text, small, failed) {
  const line = document.createElement("p");
  line.textContent = text;
  line.className = failed ? "failed" : "";
  if (small) {
    const note = document.createElement("small");
    note.textContent = ` ${small}`;
    line.append(note);
  }
  box.append(line);
  return line;
}

/** Asks all chosen models that have a signature and shows what each says. */
async function askAll(listId, signature, rows, show) {
  problem("");
  if (!picture) {
    problem("Choose a picture first.");
    $("choose").focus();
    return;
  }
  const list = $(listId);
  list.replaceChildren();
  list.setAttribute("aria-busy", "true");
  const asked = chosen().filter((model) => models.get(model).includes(signature));
  await Promise.all(
    asked.map(async (model) => {
      const box = place(list, model);
      const waiting = paragraph(box, "\u2026");
      try {
        const answer = await predict(model, signature, rows);
        waiting.remove();
        show(box, answer);
      } catch (error) {
        waiting.remove();
        paragraph(box, error.message, "", true);
      }
    }),
  );
  list.setAttribute("aria-busy", "false");
}

const bytes = () => ({ b64: picture });
const failed = (status) => status && !status.startsWith("cut: ");

/** A text with its probability, or why there is none. */
function showText(box, row, name) {
  if (failed(row.status)) {
    paragraph(box, row.status, "", true);
  } else {
    paragraph(box, row[name], `log probability ${row.log_prob.toFixed(2)}`);
    if (row.status) {
      paragraph(box, row.status);
    }
  }
}

function caption(event) {
  event.preventDefault();
  const prompt = $("prompt").value.trim();
  const signature = prompt ? "caption_prompted" : "caption";
  const row = prompt ? { image_bytes: bytes(), prompt } : { image_bytes: bytes() };
  return askAll("captions", signature, [row], (box, [answer]) => {
    showText(box, answer, "caption");
    offerWords(answer.caption);
  });
}

function sample() {
  seed += 1;
  const row = { image_bytes: bytes(), seed };
  return askAll("captions", "caption_sample", [row], (box, [answer]) =>
    showText(box, answer, "caption"),
  );
}

function ask(event) {
  event.preventDefault();
  const row = { image_bytes: bytes(), question: $("question").value };
  return askAll("replies", "vqa", [row], (box, [answer]) => showText(box, answer, "answer"));
}

function match(event) {
  event.preventDefault();
  const texts = $("texts").value.split("\n").map((line) => line.trim()).filter((line) => line);
  const rows = texts.map((text) => ({ image_bytes: bytes(), text }));
  return askAll("matches", "match", rows, (box, answers) => {
    const list = document.createElement("ol");
    answers
      .map((row, i) => ({ ...row, text: texts[i] }))
      .sort((one, two) => two.itm_probability - one.itm_probability)
      .forEach((row) => {
        const entry = document.createElement("li");
        const numbers = `${(100 * row.itm_probability).toFixed(1)} %, cosine ${row.itc_cosine.toFixed(3)}`;
        entry.textContent = failed(row.status) ? `${row.text}: ${row.status}` : `${row.text} `;
        if (!failed(row.status)) {
          const note = document.createElement("small");
          note.textContent = numbers;
          entry.append(note);
        }
        list.append(entry);
      });
    box.append(list);
  });
}

/** Words of a caption as buttons that show where each is. */
function offerWords(text) {
  if ($("heat-form").hidden) {
    return;
  }
  const words = [...new Set(text.split(/[^\p{L}\p{N}'-]+/u).filter((word) => word.length > 2))];
  $("word-buttons").replaceChildren(
    ...words.map((word) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = word;
      button.addEventListener("click", () => {
        $("words").value = word;
        $("heat-form").requestSubmit();
      });
      return button;
    }),
  );
}

async function showHeat(event) {
  event.preventDefault();
  problem("");
  const model = chosen().find((name) => models.get(name).includes("attribution"));
  if (!picture || !model) {
    problem(picture ? "No chosen model shows where a text is." : "Choose a picture first.");
    return;
  }
  const text = $("words").value;
  $("heat-note").textContent = "\u2026";
  try {
    const [row] = await predict(model, "attribution", [{ image_bytes: bytes(), text }]);
    $("heat-note").textContent = failed(row.status)
      ? row.status
      : `${model} looks at the coloured places for \u201c${text}\u201d.`;
    drawHeat(failed(row.status) ? [] : row.heat);
  } catch (error) {
    $("heat-note").textContent = "";
    problem(error.message);
  }
}

/** A square of numbers over the picture: the more, the less transparent. */
function drawHeat(heat) {
  const canvas = $("heat");
  const most = Math.max(0, ...heat.flat());
  canvas.hidden = !(most > 0);
  if (canvas.hidden) {
    return;
  }
  canvas.width = heat[0].length;
  canvas.height = heat.length;
  const pixels = new ImageData(canvas.width, canvas.height);
  heat.flat().forEach((value, i) => {
    pixels.data.set([255, 60, 0, Math.round((200 * value) / most)], 4 * i);
  });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  $("drop").scrollIntoView({ block: "nearest" });
}

/** Takes a file: shows it and keeps what is sent of it. */
async function take(file) {
  problem("");
  let image;
  try {
    image = await createImageBitmap(file);
  } catch {
    problem(`${file.name || "This"} is no picture that this browser can show.`);
    return;
  }
  const canvas = $("photo");
  const scale = Math.min(1, LARGEST_SIDE / Math.max(image.width, image.height));
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const readable = /^image\/(jpeg|png|gif|bmp)$/.test(file.type) && file.size <= MOST_BYTES;
  const sent = readable
    ? file
    : await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
  picture = await base64(sent);
  canvas.hidden = false;
  $("hint").hidden = true;
  drawHeat([]);
  $("heat-note").textContent = "";
  ["captions", "replies", "matches", "word-buttons"].forEach((id) => $(id).replaceChildren());
  stopCamera();
  if (!$("caption-form").hidden) {
    $("caption-form").requestSubmit();
  }
}

async function base64(blob) {
  const data = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let i = 0; i < data.length; i += 0x8000) {
    text += String.fromCharCode(...data.subarray(i, i + 0x8000));
  }
  return btoa(text);
}

async function startCamera() {
  problem("");
  try {
    $("camera").srcObject = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment" },
    });
  } catch (error) {
    problem(`The camera cannot be used: ${error.message}`);
    return;
  }
  await $("camera").play();
  $("camera").hidden = $("shoot").hidden = false;
  $("photo").hidden = $("heat").hidden = $("hint").hidden = $("film").hidden = true;
  $("shoot").focus();
}

function stopCamera() {
  const stream = $("camera").srcObject;
  if (stream) {
    stream.getTracks().forEach((track) => track.stop());
    $("camera").srcObject = null;
  }
  $("camera").hidden = $("shoot").hidden = true;
  $("film").hidden = false;
}

function shoot() {
  const canvas = document.createElement("canvas");
  canvas.width = $("camera").videoWidth;
  canvas.height = $("camera").videoHeight;
  canvas.getContext("2d").drawImage($("camera"), 0, 0);
  canvas.toBlob(take, "image/jpeg", 0.92);
}

/** Shows what the chosen models can do. */
function offer() {
  const signatures = new Set(chosen().flatMap((name) => models.get(name)));
  document.querySelectorAll("[data-needs]").forEach((part) => {
    part.hidden = !signatures.has(part.dataset.needs);
  });
}

async function start() {
  const response = await fetch("/blip/models");
  const answer = await response.json();
  for (const { name, signatures } of answer.models) {
    models.set(name, signatures);
    $("model").append(new Option(name, name));
    $("other").append(new Option(name, name));
  }
  offer();
  if (models.size === 0) {
    problem("No model is ready yet. Load the page again in a moment.");
  }
}

$("model").addEventListener("change", offer);
$("other").addEventListener("change", offer);
$("choose").addEventListener("click", () => $("file").click());
$("film").addEventListener("click", startCamera);
$("shoot").addEventListener("click", shoot);
$("sample").addEventListener("click", sample);
$("file").addEventListener("change", () => $("file").files[0] && take($("file").files[0]));
$("caption-form").addEventListener("submit", caption);
$("question-form").addEventListener("submit", ask);
$("match-form").addEventListener("submit", match);
$("heat-form").addEventListener("submit", showHeat);
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  $("drop").classList.add("over");
});
document.addEventListener("dragleave", () => $("drop").classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").classList.remove("over");
  if (event.dataTransfer.files[0]) {
    take(event.dataTransfer.files[0]);
  }
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files[0]) {
    event.preventDefault();
    take(event.clipboardData.files[0]);
  }
});
start().catch((error) => problem(`The server's models cannot be listed: ${error.message}`));
