/** Colours for a line of JavaScript or TypeScript: rough, and never wrong about more than the colour. */

const TOKEN =
  /(?<comment>\/\/.*|\/\*.*?(?:\*\/|$)|^\s*\*.*)|(?<string>"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`(?:[^`\\]|\\.)*`?)|(?<number>\b\d[\w.]*)|(?<keyword>\b(?:as|async|await|break|case|catch|class|const|continue|default|delete|do|else|enum|export|extends|false|finally|for|from|function|get|if|implements|import|in|instanceof|interface|let|new|null|of|private|public|readonly|return|satisfies|set|static|super|switch|this|throw|true|try|type|typeof|undefined|var|void|while|yield)\b)/g;

/** The line as HTML. */
export function highlighted(line: string): string {
  let result = "";
  let at = 0;
  for (const match of line.matchAll(TOKEN)) {
    const [kind] = Object.entries(match.groups!).find(([, text]) => text !== undefined)!;
    result += `${escaped(line.slice(at, match.index))}<s class="${kind}">${escaped(match[0])}</s>`;
    at = match.index + match[0].length;
  }
  return result + escaped(line.slice(at));
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
