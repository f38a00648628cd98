// Before htmx: Chrome 143 has a parseHTMLUnsafe that refuses htmx's second argument. Without it htmx uses DOMParser.
try {
  Document.parseHTMLUnsafe?.('', {})
} catch {
  Document.parseHTMLUnsafe = undefined
}
