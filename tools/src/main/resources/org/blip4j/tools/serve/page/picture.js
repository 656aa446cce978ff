// The picture that is asked about: chosen, dropped, pasted, or taken with the camera.

import { $, begin, problem } from "./page.js";

const MOST_BYTES = 2 << 20; // a larger picture is made smaller before it is sent
const LARGEST_SIDE = 1024;
const UPRIGHT = 1;

let base64 = null; // of the file that is asked about
let listener;

/** The base64 of the picture, null while there is none. */
export const picture = () => base64;

/** Lets pictures be given; each that is taken is told. */
export function receive(taken) {
  listener = taken;
  for (const id of ["file", "snap"]) {
    $(id).addEventListener("change", () => {
      const [file] = $(id).files;
      $(id).value = ""; // the same file again is a change, too
      if (file) {
        take(file);
      }
    });
  }
  $("choose").addEventListener("click", () => $("file").click());
  $("film").addEventListener("click", startCamera);
  $("shoot").addEventListener("click", shoot);
  $("stop").addEventListener("click", () => {
    stopCamera();
    $("film").focus();
  });
  document.addEventListener("dragover", (event) => {
    const files = event.dataTransfer.types.includes("Files");
    if (files || !intoTextField(event)) {
      event.preventDefault();
    }
    $("drop").classList.toggle("over", files);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) {
      $("drop").classList.remove("over");
    }
  });
  document.addEventListener("drop", (event) => {
    const [file] = event.dataTransfer.files;
    $("drop").classList.remove("over");
    if (file || !intoTextField(event)) {
      event.preventDefault();
    }
    if (file) {
      take(file);
    }
  });
  document.addEventListener("paste", (event) => {
    const [file] = event.clipboardData.files;
    const text = event.clipboardData.types.includes("text/plain"); // as from a table or a document
    if (file && !(text && intoTextField(event))) {
      event.preventDefault();
      take(file);
    }
  });
}

const intoTextField = (event) => Boolean(event.target.closest?.("input, textarea"));

/** Takes a file: shows it and keeps what is sent of it. */
async function take(file) {
  problem("");
  const turn = begin("picture");
  let image;
  let sent;
  const canvas = document.createElement("canvas");
  try {
    image = await createImageBitmap(file);
    const scale = Math.min(1, LARGEST_SIDE / Math.max(image.width, image.height));
    canvas.width = Math.max(1, Math.round(image.width * scale));
    canvas.height = Math.max(1, Math.round(image.height * scale));
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    sent = await bytesToSend(file, canvas);
  } catch {
    if (!turn.aborted) {
      problem(`${file?.name || "This"} is no picture that this browser can show.`);
    }
    return;
  }
  if (turn.aborted) {
    return;
  }
  base64 = toBase64(sent);
  const photo = $("photo");
  photo.width = canvas.width;
  photo.height = canvas.height;
  photo.getContext("2d").drawImage(canvas, 0, 0);
  $("stage").style.setProperty("--ratio", canvas.width / canvas.height);
  stopCamera();
  listener();
}

/** The file as it is if the models can read it and see it as it is shown, else what is shown. */
async function bytesToSend(file, canvas) {
  if (file.size <= MOST_BYTES) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const start = String.fromCharCode(...bytes.subarray(0, 4));
    const readable = /^(GIF8|BM|\x89PNG|\xff\xd8)/s.test(start);
    const turned = /^(\x89PNG|\xff\xd8)/s.test(start) && orientation(bytes) !== UPRIGHT;
    if (readable && !turned) {
      return bytes;
    }
  }
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
  return new Uint8Array(await blob.arrayBuffer());
}

/**
 * How a JPEG or PNG is turned before it is shown, as Exif has it: 1 is upright, 6 a quarter to the
 * right. Models read the pixels as they are stored.
 */
function orientation(bytes) {
  const data = new DataView(bytes.buffer);
  const jpeg = data.getUint16(0) === 0xffd8;
  let at = jpeg ? 2 : 8;
  try {
    while (at < bytes.length) {
      if (jpeg && data.getUint16(at) === 0xffff) {
        at += 1; // padding
        continue;
      }
      const length = jpeg ? data.getUint16(at + 2) : data.getUint32(at);
      const name = jpeg ? data.getUint16(at) : data.getUint32(at + 4);
      if (jpeg && name === 0xffe1 && data.getUint32(at + 4) === 0x45786966) {
        return tiffOrientation(data, at + 10);
      }
      if (!jpeg && name === 0x65584966) {
        return tiffOrientation(data, at + 8);
      }
      if (name === 0xffda || name === 0x49454e44) {
        return UPRIGHT;
      }
      at += length + (jpeg ? 2 : 12);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) {
      throw error;
    }
  }
  return UPRIGHT;
}

function tiffOrientation(data, start) {
  const little = data.getUint16(start) === 0x4949;
  const directory = start + data.getUint32(start + 4, little);
  const count = data.getUint16(directory, little);
  for (let i = 0; i < count; i++) {
    const entry = directory + 2 + 12 * i;
    if (data.getUint16(entry, little) === 0x112) {
      const value = data.getUint16(entry + 8, little);
      return value <= 8 ? value || UPRIGHT : UPRIGHT;
    }
  }
  return UPRIGHT;
}

function toBase64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(text);
}

async function startCamera() {
  problem("");
  if (!navigator.mediaDevices) {
    $("snap").click(); // a page over plain HTTP has no camera; a phone's own program has
    return;
  }
  const turn = begin("picture");
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment" },
    });
    if (turn.aborted) {
      stream.getTracks().forEach((track) => track.stop());
      return;
    }
    $("camera").srcObject = stream;
    await $("camera").play();
  } catch (error) {
    if (!turn.aborted) {
      stopCamera();
      problem(
        `The camera cannot be used: ${error.message}. Allow it for this page, or choose a picture.`,
      );
    }
    return;
  }
  if (!turn.aborted) {
    show(true);
    $("shoot").focus();
  }
}

function stopCamera() {
  begin("picture");
  $("camera").srcObject?.getTracks().forEach((track) => track.stop());
  $("camera").srcObject = null;
  show(false);
}

/** Shows the camera, or else the picture, or else how to give one. */
function show(camera) {
  $("camera").hidden = $("shoot").hidden = $("stop").hidden = !camera;
  $("choose").hidden = $("film").hidden = camera;
  $("stage").hidden = camera || !base64;
  $("hint").hidden = camera || Boolean(base64);
}

function shoot() {
  const canvas = document.createElement("canvas");
  canvas.width = $("camera").videoWidth;
  canvas.height = $("camera").videoHeight;
  canvas.getContext("2d").drawImage($("camera"), 0, 0);
  canvas.toBlob(take, "image/jpeg", 0.92);
}
