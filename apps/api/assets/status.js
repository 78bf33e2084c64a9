/** Polls health and models and shows them; sends an image on request. No build, no dependencies. */
const REFRESH_MS = 2000;

const byId = (id) => document.getElementById(id);
/** Requests served by each version at the last poll, for the rate. */
let before = { at: 0, served: new Map() };

async function refresh() {
  try {
    const [health, models] = await Promise.all([getJson('/health'), getJson('/api/v1/models')]);
    showHealth(health);
    if (models?.models) showModels(models.models);
  } catch {
    showStatus('unreachable');
  }
  setTimeout(refresh, REFRESH_MS);
}

/** Also reads the body of a 503, because health has one. */
async function getJson(url) {
  const key = document.forms.try.elements.key.value;
  const headers = key === '' ? {} : { authorization: `Bearer ${key}` };
  const response = await fetch(url, { headers, cache: 'no-store' });
  return response.json();
}

function showStatus(status) {
  const badge = byId('status');
  badge.textContent = status;
  badge.className = `badge ${status}`;
}

function showHealth({ status, version, details }) {
  showStatus(status);
  byId('version').textContent = version;
  const { event_loop: loop, memory, disk, gpu } = details;
  const facts = [
    ['Memory', `${memory.rss_mb} MB`],
    ['Event-loop delay p99', `${loop.delay_p99_ms.toFixed(1)} ms`],
    ['Disk free', `${Math.round(disk.free_mb / 1000)} GB`],
    ...(gpu.devices.length === 0 ? [['GPU', 'none']] : gpu.devices.map(describeGpu)),
  ];
  byId('facts').replaceChildren(
    ...facts.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
  );
}

function describeGpu(gpu) {
  return [
    gpu.name,
    `${gpu.utilization_percent ?? '?'}% · ${gpu.memory_used_mb ?? '?'}/${gpu.memory_total_mb ?? '?'} MB`,
  ];
}

function showModels(models) {
  const at = performance.now();
  const served = new Map();
  const rows = models.flatMap((model) =>
    model.versions.map((version) => {
      const { statistics } = version;
      const id = `${model.name}@${version.version}`;
      const count = statistics.requests.succeeded;
      served.set(id, count);
      const rate = ((count - (before.served.get(id) ?? count)) * 1000) / (at - before.at);
      const up = version.replicas.filter(({ state }) => state === 'idle' || state === 'busy').length;
      const batches = statistics.batches.succeeded;
      return element(
        'tr',
        {},
        element('td', {}, model.name),
        element('td', {}, version.version + (version.version === model.default_version ? ' (default)' : '')),
        element('td', {}, element('span', { class: `badge ${version.state}` }, version.state)),
        element('td', {}, version.replicas.length === 0 ? '' : `${up}/${version.replicas.length}`),
        element('td', {}, version.provider ?? ''),
        number(rate, 1),
        number(statistics.queue_length, 0),
        number(batches === 0 ? null : statistics.stages.queue.average_ms, 1),
        number(batches === 0 ? null : statistics.stages.compute.average_ms, 1),
        number(batches === 0 ? null : statistics.items / batches, 1),
      );
    }),
  );
  before = { at, served };
  byId('models').replaceChildren(...rows);
}

function number(value, digits) {
  return element('td', { class: 'number' }, Number.isFinite(value) ? value.toFixed(digits) : '');
}

/** Sets text as text, never as markup, because labels and names come from models. */
function element(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

document.forms.try.addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.target;
  const body = new FormData();
  body.set('image', form.elements.image.files[0]);
  const key = form.elements.key.value;
  const result = byId('result');
  result.textContent = 'Predicting…';
  const response = await fetch('/api/v1/predict', {
    method: 'POST',
    body,
    headers: key === '' ? {} : { authorization: `Bearer ${key}` },
  });
  const reply = await response.json();
  if (!response.ok) {
    result.replaceChildren(element('p', { class: 'error' }, reply.message));
    return;
  }
  result.replaceChildren(
    ...reply.predictions.map(({ label, confidence }) =>
      element(
        'div',
        { class: 'bar' },
        element('span', {}, label),
        element('meter', { min: 0, max: 1, value: confidence }),
        element('span', { class: 'number' }, `${(confidence * 100).toFixed(1)}%`),
      ),
    ),
    element('p', {}, `Version ${reply.model_version}, ${reply.inference_time_ms} ms`),
  );
});

void refresh();
