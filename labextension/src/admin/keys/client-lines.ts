/** Lines for a shell and for Python by which a program asks a mesh; the key stands in the environment. */
export function clientLines(address: string, model: string): string {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] });
  return [
    '# shell',
    `export OPENAI_BASE_URL=${address}`,
    'export OPENAI_API_KEY=…   # a key of yours',
    'curl "$OPENAI_BASE_URL/chat/completions" -H "Authorization: Bearer $OPENAI_API_KEY" \\',
    `  -H "Content-Type: application/json" -d ${quoted(body)}`,
    '',
    '# Python, with the two variables above',
    'from openai import OpenAI',
    `answer = OpenAI().chat.completions.create(model=${JSON.stringify(model)}, ` +
      'messages=[{"role": "user", "content": "Hello"}])',
    'print(answer.choices[0].message.content)'
  ].join('\n');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
