// Formats Dart files, or says which are not formatted.
// node format.mjs FORMATTER (--check | --write) FILE...
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [formatter, mode, ...files] = process.argv.slice(2);
const { format } = await import(pathToFileURL(formatter));
let odd = 0;
for (const file of files) {
  const text = readFileSync(file, 'utf8');
  // That of the SDK constraint: what `dart format` goes by in this package.
  const wanted = format(text, file, { language_version: '3.10.0' });
  if (text === wanted) continue;
  odd += 1;
  console.log(`${mode === '--write' ? 'formatted' : 'not formatted'}: ${file}`);
  if (mode === '--write') writeFileSync(file, wanted);
}
process.exit(mode === '--check' && odd > 0 ? 1 : 0);
