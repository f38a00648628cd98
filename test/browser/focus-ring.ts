import type { Page } from 'playwright-core'

/** How far the ring around what has the focus stands out from the ground it is drawn on, as WCAG counts: 1 to 21. */
export async function focusRingContrast(page: Page): Promise<number> {
  const [ring, ground] = await page.evaluate<[string, string]>(`(() => {
    const focused = document.activeElement
    let ground = focused.parentElement
    while (getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement
    const { outlineStyle, outlineColor } = getComputedStyle(focused)
    const { backgroundColor } = getComputedStyle(ground)
    return [outlineStyle === 'none' ? backgroundColor : outlineColor, backgroundColor]
  })()`)
  const [darker = 0, lighter = 0] = [luminance(ring), luminance(ground)].sort((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

/** Of a colour such as rgb(16, 38, 43): 0 (black) to 1 (white). */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((channel) => {
    const value = Number(channel) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
