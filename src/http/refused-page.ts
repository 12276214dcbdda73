import type { Asked } from './reply.ts'

/** Where the style of the page is. Everybody may have it. */
export const refusedStylePath = '/refused.css'

export const refusedStyle = `:root { color-scheme: light dark; font: 1rem/1.5 ui-sans-serif, system-ui, sans-serif; }
body { max-width: 36rem; margin: 10vh auto; padding: 0 1rem; background: #fafaf8; color: #1d1f1c; }
h1 { font-size: 1.25rem; }
code, pre { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 0.95em; }
pre { padding: 0.6rem 0.8rem; overflow-x: auto; background: #f1f1ee; border: 1px solid #e2e2dd; border-radius: 6px; }
@media (prefers-color-scheme: dark) {
  body { background: #101211; color: #e4e7e2; }
  pre { background: #1c1f1d; border-color: #2a2e2b; }
}
`

/** Whether a person sees the answer: a browser that opens a page asks for HTML, and no program does. */
export function wantsPage(c: Asked): boolean {
  return /\btext\/html\b/i.test(c.req.header('accept') ?? '')
}

/**
 * What a person reads in place of the JSON of an error: what is wrong, and what to do. It is for people without
 * the token, so it has nothing of this machine, such as the path of its home.
 */
export function refusedPage(
  message: string,
  todo: 'get-token' | { readonly hint: string },
): string {
  const words = todo === 'get-token' ? tokenWords : `<p>${sentence(todo.hint)}</p>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>torch: ${message}</title>
<link rel="stylesheet" href="${refusedStylePath.slice(1)}">
</head>
<body>
<main>
<h1>${sentence(message)}</h1>
${words}
</main>
</body>
</html>
`
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

const tokenWords = `<p>Log in to the machine where torch runs, and print the token there:</p>
<pre>cat /var/lib/torch/web-token</pre>
<p>If torch does not run as root, the file is <code>web-token</code> in its home, by default
<code>~/.local/state/torch</code>; <code>torch web --token-file</code> names another one.</p>
<p>Then put the token behind the name and the port in the address bar:</p>
<pre>/?token=TOKEN</pre>
<p>The browser keeps it for 30 days, and every link to this page works.</p>`
