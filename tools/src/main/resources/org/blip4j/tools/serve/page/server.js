// The page asks models over the REST API of TensorFlow Serving and knows nothing else of the server
// but the list of its models.

const MOST_SENT = 8e6; // bytes in a request of several rows; serve takes 16 MiB
const ADVICE = {
  413: "; send a smaller picture or fewer texts, or start serve with a larger --max-body",
  429: "; ask again in a moment",
  503: "; ask again in a moment",
  504: "; ask for less at once, or start serve with a longer --timeout",
};

/** What the server answers, as an object; whoever asks is named where it fails. */
export async function call(who, path, options) {
  let response;
  let text;
  try {
    response = await fetch(path, options);
    text = await response.text();
  } catch {
    throw new Error(`${who}: the server does not answer; is it running? Then ask again.`);
  }
  let answer = null;
  try {
    answer = JSON.parse(text);
  } catch {
    // said below
  }
  if (!response.ok) {
    const reason = answer?.error ?? `status ${response.status}`;
    throw new Error(`${who}: ${reason}${ADVICE[response.status] ?? ""}`);
  }
  if (!answer) {
    throw new Error(`${who}: the server's answer is no JSON; is something else at this address?`);
  }
  return answer;
}

/** Asks a model, in as many requests as the size of the rows needs; the rows of its answers. */
export async function predict(model, signature, rows, signal) {
  const answers = [];
  for (const instances of requests(rows)) {
    const answer = await call(model, `/v1/models/${encodeURIComponent(model)}:predict`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ signature_name: signature, instances }),
      signal,
    });
    const count = answer.predictions?.length ?? 0;
    if (count !== instances.length) {
      throw new Error(
        `${model}: the server's answer has ${count} rows in place of ${instances.length}`,
      );
    }
    answers.push(...answer.predictions);
  }
  return answers;
}

function requests(rows) {
  const parts = [];
  let size = Infinity;
  for (const row of rows) {
    const bytes = new Blob([JSON.stringify(row)]).size;
    if (size + bytes > MOST_SENT) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1).push(row);
    size += bytes;
  }
  return parts;
}
