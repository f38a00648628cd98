// Runs before htmx. parseHTMLUnsafe of Chrome 143 refuses the second argument. Without it, htmx uses DOMParser.
try {
  Document.parseHTMLUnsafe?.('', {})
} catch {
  Document.parseHTMLUnsafe = undefined
}
