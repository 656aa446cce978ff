// What is asked of the models, and how their answers are shown.

import { $, begin, problem } from "./page.js";
import { picture, receive } from "./picture.js";
import { call, predict } from "./server.js";

const ANSWERS = ["captions", "replies", "matches", "places"];

const models = new Map(); // signatures by name
let seed = 0;

/** The models that are asked: one, or two beside each other. */
function chosen() {
  return [...new Set([$("model").value, $("other").value])].filter((name) => name);
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
    note.textContent = small;
    line.append(" ", note);
  }
  box.append(line);
  return line;
}

/** The text of a field; if there is none, or no picture, that is said. */
function given(id, what) {
  problem("");
  const text = id ? $(id).value.trim() : "";
  if (!picture()) {
    problem("Choose a picture first.");
    $("choose").focus();
  } else if (id && !text) {
    problem(`Give ${what}.`);
    $(id).focus();
  }
  return $("problem").hidden ? text : null;
}

/** Asks all chosen models that have a signature and shows what each says. */
async function askAll(listId, signature, rows, show) {
  const list = $(listId);
  const signal = begin(listId);
  list.replaceChildren();
  list.setAttribute("aria-busy", "true");
  const asked = chosen().filter((model) => models.get(model).includes(signature));
  await Promise.all(
    asked.map(async (model) => {
      const box = place(list, model);
      const waiting = paragraph(box, "\u2026");
      try {
        const answer = await predict(model, signature, rows, signal);
        if (!signal.aborted) {
          show(box, answer);
        }
      } catch (error) {
        paragraph(box, error.message, "", true);
      }
      waiting.remove();
    }),
  );
  if (!signal.aborted) {
    list.setAttribute("aria-busy", "false");
  }
}

const bytes = () => ({ b64: picture() });
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
  if (given() === null) {
    return;
  }
  const prompt = $("prompt").value.trim();
  const signature = prompt ? "caption_prompted" : "caption";
  const row = prompt ? { image_bytes: bytes(), prompt } : { image_bytes: bytes() };
  showCaptions(signature, row);
}

function sample() {
  if (given() === null) {
    return;
  }
  seed += 1;
  showCaptions("caption_sample", { image_bytes: bytes(), seed });
}

function showCaptions(signature, row) {
  $("word-buttons").replaceChildren();
  askAll("captions", signature, [row], (box, [answer]) => {
    showText(box, answer, "caption");
    box.dataset.caption = answer.caption;
    offerWords();
  });
}

function ask(event) {
  event.preventDefault();
  const question = given("question", "a question");
  if (question) {
    const row = { image_bytes: bytes(), question };
    askAll("replies", "vqa", [row], (box, [answer]) => showText(box, answer, "answer"));
  }
}

function match(event) {
  event.preventDefault();
  const lines = given("texts", "a text, or several, one a line");
  if (!lines) {
    return;
  }
  const texts = lines.split("\n").map((line) => line.trim()).filter((line) => line);
  const rows = texts.map((text) => ({ image_bytes: bytes(), text }));
  askAll("matches", "match", rows, (box, answers) => {
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

/** Words of the captions as buttons that show where each is. */
function offerWords() {
  const text = [...$("captions").children].map((box) => box.dataset.caption ?? "").join(" ");
  const words = text.split(/[^\p{L}\p{N}'-]+/u).filter((word) => word.length > 2);
  const buttons = [...new Set(words)].map((word) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = word;
    button.addEventListener("click", () => {
      $("words").value = word;
      $("heat-form").requestSubmit();
    });
    return button;
  });
  $("word-buttons").replaceChildren(...buttons);
}

/** Draws what the first model sees; what a second one sees is a button away. */
function seek(event) {
  event.preventDefault();
  const text = given("words", "a word or a text");
  if (!text) {
    return;
  }
  drawHeat([]);
  const row = { image_bytes: bytes(), text };
  askAll("places", "attribution", [row], (box, [answer]) => {
    if (failed(answer.status)) {
      paragraph(box, answer.status, "", true);
      return;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `\u201c${text}\u201d on the picture`;
    button.addEventListener("click", () => {
      document.querySelectorAll("#places button").forEach((other) => {
        other.setAttribute("aria-pressed", String(other === button));
      });
      drawHeat(answer.heat);
    });
    box.append(button);
    if (box === $("places").firstChild) {
      button.click();
    }
  });
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

/** Forgets what was said of an older picture and asks for a caption of the new one. */
function taken() {
  for (const id of ANSWERS) {
    begin(id);
    $(id).replaceChildren();
    $(id).setAttribute("aria-busy", "false");
  }
  $("word-buttons").replaceChildren();
  drawHeat([]);
  if (!$("caption-form").hidden) {
    $("caption-form").requestSubmit();
  }
}

/** Shows what the chosen models can do. */
function offer() {
  const signatures = new Set(chosen().flatMap((name) => models.get(name)));
  document.querySelectorAll("[data-needs]").forEach((part) => {
    part.hidden = !signatures.has(part.dataset.needs);
  });
}

/** Forgets what other models said and asks the chosen ones for a caption. */
function choose() {
  offer();
  document.querySelectorAll(".answers > div").forEach((box) => {
    if (!chosen().includes(box.firstChild.textContent)) {
      box.remove();
    }
  });
  if (!document.querySelector("#places [aria-pressed=true]")) {
    drawHeat([]);
  }
  if (picture() && !$("caption-form").hidden) {
    $("caption-form").requestSubmit();
  }
}

async function start() {
  const answer = await call("The list of models", "/blip/models");
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

$("model").addEventListener("change", choose);
$("other").addEventListener("change", choose);
$("sample").addEventListener("click", sample);
$("caption-form").addEventListener("submit", caption);
$("question-form").addEventListener("submit", ask);
$("match-form").addEventListener("submit", match);
$("heat-form").addEventListener("submit", seek);
receive(taken);
start().catch((error) => problem(error.message));
